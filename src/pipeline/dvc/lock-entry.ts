import type { Digest, Literal, ProjectPath } from '../../base/brand.ts';
import type { Content } from '../../base/content.ts';
import { comparePaths, resolveAnywhere } from '../../base/project-path.ts';
import type { LockEntry } from '../lock-entry.ts';
import { type DvcValue, literalOfValue } from './value.ts';

/**
 * What a dvc.lock says of a stage. It does not say: the wdir that the paths start from, the environment, whether an
 * out persists, and anything that DVC does not compare. So these can neither be proven nor be refuted by it.
 */
export interface DvcLockEntry {
  readonly cmd: string | readonly string[];
  /** As written, sorted by path; a dep that the stage names twice stands twice. */
  readonly deps: readonly DvcLocked[];
  /** `params.yaml` first, then by name; the keys sorted. */
  readonly params: readonly DvcLockedParams[];
  readonly outs: readonly DvcLocked[];
}

export interface DvcLockedParams {
  /** As the stage names it: relative to its wdir. */
  readonly file: string;
  readonly values: readonly (readonly [key: string, value: DvcValue])[];
}

/** One dep or out of a lock entry; what is undefined is not in the file. */
export interface DvcLocked {
  /** As the stage names it: relative to its wdir, absolute, or a URL. */
  readonly path: string;
  /** Absent in entries of DVC 2 and older, see `isLegacy`. */
  readonly hash?: string | undefined;
  /** Hex digits, those of a directory with `.dir` after them. */
  readonly md5?: string | undefined;
  readonly etag?: string | undefined;
  readonly checksum?: string | undefined;
  readonly size?: number | undefined;
  readonly nfiles?: number | undefined;
  readonly isexec?: boolean | undefined;
  readonly version_id?: string | undefined;
  /** Kept as they stand, and not understood: versions in a cloud, a directory's files, a dataset. */
  readonly cloud?: DvcValue | undefined;
  readonly files?: DvcValue | undefined;
  readonly dataset?: DvcValue | undefined;
}

/** Hashed by DVC 2 or older: of a text file with its CRLF line ends taken for LF, so the md5 is not that of its bytes. */
export function isLegacy(locked: DvcLocked): boolean {
  return locked.hash === undefined && locked.md5 !== undefined;
}

const DIRECTORY = /^[0-9a-f]{32}\.dir$/;
const FILE = /^[0-9a-f]{32}$/;

/** What the path held. Undefined where that is told by other means than an md5, or not at all. */
export function contentOf(locked: DvcLocked): Content | undefined {
  const { md5 = '', size = 0, nfiles = 0, isexec = false } = locked;
  if (FILE.test(md5)) return { kind: 'file', digest: `md5:${md5}` as Digest, size, exec: isexec };
  if (!DIRECTORY.test(md5)) return undefined;
  return { kind: 'tree', digest: `md5:${md5.slice(0, 32)}` as Digest, size, files: nfiles };
}

/** Whether a path still holds what was locked, by the only thing that DVC compares: the digest. */
export function sameAsLocked(content: Content, locked: DvcLocked): boolean {
  const known = contentOf(locked);
  return known !== undefined && known.kind === content.kind && known.digest === content.digest;
}

/** A path with its content, whose digest is an md5, as DVC locks it. */
export function lockedOf(path: string, content: Content): DvcLocked {
  const [algorithm, hex = ''] = content.digest.split(':');
  if (algorithm !== 'md5') throw new Error(`a dvc.lock holds md5 digests, not ${content.digest}`);
  const known = { path, hash: 'md5', size: content.size };
  if (content.kind === 'tree') return { ...known, md5: `${hex}.dir`, nfiles: content.files };
  return { ...known, md5: hex, ...(content.exec && { isexec: true }) };
}

const DEFAULT_PARAMS_FILE = 'params.yaml';

/** An entry with its parts in the order in which DVC writes them. */
export function inDvcOrder(entry: DvcLockEntry): DvcLockEntry {
  const byPath = (list: readonly DvcLocked[]) => [...list].sort((a, b) => compareText(a.path, b.path));
  const params = entry.params.map(({ file, values }) => {
    return { file, values: [...values].sort(([a], [b]) => compareText(a, b)) };
  });
  const rank = (file: string) => (file === DEFAULT_PARAMS_FILE ? 0 : 1);
  params.sort((a, b) => rank(a.file) - rank(b.file) || compareText(a.file, b.file));
  return { cmd: entry.cmd, deps: byPath(entry.deps), params, outs: byPath(entry.outs) };
}

/** Order by code points, as Python sorts text; that of JavaScript differs where a text has characters beyond 16 bits. */
export function compareText(a: string, b: string): number {
  if (!/[\ud800-\udfff]/.test(a) || !/[\ud800-\udfff]/.test(b)) {
    if (!/[\ud800-\udfff]/.test(a + b)) return comparePaths(a, b);
  }
  const [left, right] = [Array.from(a), Array.from(b)];
  const at = left.findIndex((character, index) => character !== right[index]);
  if (at < 0) return left.length - right.length;
  return (left[at]?.codePointAt(0) ?? 0) - (right[at]?.codePointAt(0) ?? -1);
}

/** Whether locked params are these: typed, so that `1`, `1.0`, `true` and `"1"` are four values. */
export function sameParams(locked: DvcLockedParams, values: ReadonlyMap<string, Literal>): boolean {
  if (locked.values.length !== values.size) return false;
  return locked.values.every(([key, value]) => values.get(key) === literalOfValue(value));
}

/** The path that an entry names; undefined for a URL. */
export function resolveLocked(wdir: ProjectPath, written: string): ProjectPath | undefined {
  return /^[a-z][a-z0-9+.-]*:\/\//i.test(written) ? undefined : resolveAnywhere(wdir, written);
}

/** What a dvc.lock does not know of a stage, from its pipeline file and the disk. */
export interface Unlocked {
  readonly wdir: ProjectPath;
  readonly env: Readonly<Record<string, string>>;
  /** The path of one that is written in the entry; undefined for what is no path. */
  readonly resolve: (written: string) => ProjectPath | undefined;
  readonly persists: (out: ProjectPath) => boolean;
}

export interface ConvertedEntry {
  readonly entry: LockEntry;
  /** Deps and outs of which the entry says nothing that could be compared here: URLs, datasets, cloud versions. */
  readonly opaque: readonly DvcLocked[];
  /** Hashed in the way of DVC 2, see `isLegacy`. */
  readonly legacy: ReadonlySet<ProjectPath>;
}

/** The entry as lockstep keeps its own, filled up with what DVC does not write down. */
export function toLockEntry(locked: DvcLockEntry, unlocked: Unlocked): ConvertedEntry {
  const opaque: DvcLocked[] = [];
  const legacy = new Set<ProjectPath>();
  const contents = (list: readonly DvcLocked[]): (readonly [ProjectPath, Content])[] =>
    list.flatMap((one) => {
      const path = unlocked.resolve(one.path);
      const content = contentOf(one);
      if (path !== undefined && content !== undefined) {
        if (isLegacy(one)) legacy.add(path);
        return [[path, content] as const];
      }
      opaque.push(one);
      return [];
    });
  const params = new Map<ProjectPath, ReadonlyMap<string, Literal>>();
  for (const { file, values } of locked.params) {
    const path = unlocked.resolve(file);
    if (path === undefined) continue;
    params.set(path, new Map(values.map(([key, value]) => [key, literalOfValue(value)])));
  }
  const outs = contents(locked.outs).map(([path, content]) => {
    return [path, { content, persist: unlocked.persists(path) }] as const;
  });
  const { wdir, env } = unlocked;
  const entry = { cmd: locked.cmd, wdir, env, params, deps: new Map(contents(locked.deps)), outs: new Map(outs) };
  return { entry, opaque, legacy };
}
