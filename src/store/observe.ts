import { realpathSync } from 'node:fs';
import { join } from 'node:path';
import type { Digest, ProjectPath } from '../base/brand.ts';
import type { Content, FileContent, TreeContent } from '../base/content.ts';
import { isErrno, LockstepError } from '../base/error.ts';
import { digestOf } from '../base/hash.ts';
import { Breath } from './breath.ts';
import { isExecutable, kindOf, notAFile, statOf } from './file-stat.ts';
import { type Hashed, hashLarge, hashSmall } from './hash-file.ts';
import type { Objects } from './objects.ts';
import type { StatIndex } from './stat-index.ts';
import { encodeTree, type TreeEntry } from './tree.ts';
import type { TreeIndex, TreeIndexes } from './tree-index.ts';
import { TreeRows } from './tree-rows.ts';
import { type Found, walk } from './walk.ts';

/** What observing needs of a store. */
export interface Workspace {
  /** Absolute. */
  readonly root: string;
  readonly objects: Objects;
  readonly files: StatIndex;
  readonly trees: TreeIndexes;
  readonly now: () => number;
  /** Absolute paths that belong to no content: the project's own bookkeeping. */
  readonly skip: ReadonlySet<string>;
  /** Called with every file whose bytes went into the cache. */
  readonly onSaved: (path: string, hashed: Hashed) => void;
}

/** A path to look at: of the project, or an absolute one that a link leads to. */
export interface Target {
  /** Absolute. */
  readonly path: string;
  /** What the indexes and messages call it. */
  readonly name: string;
  /** Directories that are being walked, so that links which lead back up do not go round for ever. */
  readonly within: readonly string[];
}

export function targetOf(workspace: Workspace, path: ProjectPath): Target {
  return { path: join(workspace.root, path), name: path, within: [] };
}

/** By stats alone; undefined when bytes would have to be read. */
export function peek(workspace: Workspace, target: Target): Content | 'missing' | undefined {
  const stat = statOf(target.path, target.name);
  if (stat === undefined) return 'missing';
  const kind = kindOf(stat);
  if (kind === 'file') return workspace.files.lookup(target.name, stat);
  if (kind === 'directory') return peekTree(workspace, target);
  throw notAFile(target.name, kind);
}

/** Reads what the indexes do not vouch for; with `keep`, every byte ends up in the cache. */
export async function observe(
  workspace: Workspace,
  target: Target,
  options: { readonly keep: boolean },
): Promise<Content | 'missing'> {
  const stat = statOf(target.path, target.name);
  if (stat === undefined) return 'missing';
  const kind = kindOf(stat);
  if (kind === 'directory') return observeTree(workspace, target, options.keep);
  if (kind !== 'file') throw notAFile(target.name, kind);
  const known = workspace.files.lookup(target.name, stat);
  if (known !== undefined && (!options.keep || (await workspace.objects.holds(known.digest, 'file')))) return known;
  const hashed = await readFile(workspace, target, options.keep);
  if (hashed === 'missing') return 'missing';
  if (hashed.trusted) workspace.files.enter(target.name, hashed.stat, hashed.digest);
  else workspace.files.forget(target.name);
  return contentOf(hashed);
}

function contentOf(hashed: Hashed): FileContent {
  return { kind: 'file', digest: hashed.digest, size: hashed.size, exec: isExecutable(hashed.stat) };
}

async function readFile(
  workspace: Workspace,
  file: { readonly path: string; readonly name: string },
  keep: boolean,
): Promise<Hashed | 'missing'> {
  const options = { shown: file.name, now: workspace.now };
  const small = hashSmall(file.path, options);
  if (small === 'missing') return 'missing';
  if (small !== undefined) {
    const { bytes, ...hashed } = small;
    if (keep) await keepSmall(workspace, hashed, bytes);
    if (keep) workspace.onSaved(file.path, hashed);
    return hashed;
  }
  if (!keep) return hashLarge(file.path, undefined, options);
  const hashed = await keepLarge(workspace, file);
  if (hashed !== 'missing') workspace.onSaved(file.path, hashed);
  return hashed;
}

async function keepSmall(workspace: Workspace, { digest }: Hashed, bytes: Uint8Array): Promise<void> {
  const { objects } = workspace;
  if (objects.glance(digest, 'file') === 'missing') {
    if (!objects.isPending(digest, 'file')) objects.put(bytes, digest, 'file');
    return;
  }
  // The bytes lie in a buffer that verifying an object would overwrite.
  const copy = Uint8Array.from(bytes);
  if (!(await objects.holds(digest, 'file'))) objects.put(copy, digest, 'file');
}

async function keepLarge(
  workspace: Workspace,
  file: { readonly path: string; readonly name: string },
): Promise<Hashed | 'missing'> {
  const large = await workspace.objects.openLarge();
  try {
    const hashed = await hashLarge(file.path, large, { shown: file.name, now: workspace.now });
    if (hashed === 'missing') await large.discard();
    else await workspace.objects.adopt(large, hashed.digest);
    return hashed;
  } catch (error) {
    await large.discard();
    throw error;
  }
}

function walkOf(workspace: Workspace, target: Target): Generator<Found | undefined, void> {
  return walk(target.path, { shown: target.name, objects: workspace.objects.layout.objects, skip: workspace.skip });
}

function peekTree(workspace: Workspace, target: Target): TreeContent | undefined {
  const index = workspace.trees.read(target.name);
  if (index === undefined) return undefined;
  const { rows, content } = index;
  let row = 0;
  for (const found of walkOf(workspace, target)) {
    if (found === undefined) continue;
    if (rows.paths[row] !== found.path || !rows.isTrusted(row) || !rows.matches(row, found.stat)) return undefined;
    if (found.kind === 'link' && found.outside !== null) {
      const pointee = peekPointee(workspace, found.outside, target);
      if (pointee === undefined || pointee !== rows.digestOf(row)) return undefined;
    }
    row += 1;
  }
  return row === rows.count ? content : undefined;
}

/** One look at a directory. */
interface Scan {
  readonly rows: TreeRows;
  /** Rows of files whose bytes must be read. */
  readonly unread: number[];
  readonly links: Map<number, { readonly target: string }>;
  readonly empty: Set<number>;
  /** Whether the index says all there is to say. */
  unchanged: boolean;
}

async function observeTree(workspace: Workspace, target: Target, keep: boolean): Promise<TreeContent> {
  for (let tries = 0; tries < 3; tries++) {
    const index = workspace.trees.read(target.name);
    const scan = await scanTree(workspace, target, index);
    if (scan.unchanged && index !== undefined && !keep) return index.content;
    if (!(await readFiles(workspace, { target, scan, keep }))) continue;
    if (scan.unchanged && index !== undefined && (await workspace.objects.holds(index.content.digest, 'tree'))) {
      return index.content;
    }
    return conclude(workspace, { target, scan, keep });
  }
  throw new LockstepError('unusable-file', `"${target.name}" keeps changing while it is read`, {
    hint: 'wait for the program that writes there, then run the command again',
  });
}

async function scanTree(workspace: Workspace, target: Target, index: TreeIndex | undefined): Promise<Scan> {
  const rows = new TreeRows();
  const scan: Scan = { rows, unread: [], links: new Map(), empty: new Set(), unchanged: true };
  const breath = new Breath();
  for (const found of walkOf(workspace, target)) {
    if (found === undefined) {
      if (breath.due) await breath.take();
      continue;
    }
    const row = rows.push(found.path, found.stat);
    const known = index?.rows.find(found.path, row);
    const vouched = known !== undefined && index?.rows.isTrusted(known) && index.rows.matches(known, found.stat);
    if (known !== row || !vouched) scan.unchanged = false;
    if (found.kind === 'file') {
      if (vouched && known !== undefined && index !== undefined) rows.copyDigest(row, index.rows, known);
      else scan.unread.push(row);
      continue;
    }
    if (found.kind === 'dir') scan.empty.add(row);
    else scan.links.set(row, found);
    const digest = found.kind === 'link' ? await observePointee(workspace, found.outside, target) : null;
    if (known !== undefined && index?.rows.digestOf(known) !== digest) scan.unchanged = false;
    rows.setDigest(row, digest, { trusted: true });
  }
  if (rows.count !== index?.rows.count) scan.unchanged = false;
  return scan;
}

interface Work {
  readonly target: Target;
  readonly scan: Scan;
  readonly keep: boolean;
}

/** False when a file went away meanwhile. */
async function readFiles(workspace: Workspace, { target, scan, keep }: Work): Promise<boolean> {
  const { rows } = scan;
  const unread = keep ? await withUnkept(workspace, scan) : scan.unread;
  const breath = new Breath();
  for (const row of unread) {
    const path = rows.paths[row] ?? '';
    const file = { path: `${target.path}/${path}`, name: `${target.name}/${path}` };
    const hashed = await readFile(workspace, file, keep);
    if (hashed === 'missing') return false;
    if (rows.digestOf(row) !== hashed.digest) scan.unchanged = false;
    rows.setStat(row, hashed.stat);
    rows.setDigest(row, hashed.digest, { trusted: hashed.trusted && hashed.stat.size === BigInt(hashed.size) });
    if (breath.due) await breath.take();
  }
  return true;
}

/** The files whose bytes are known but not in the cache, and those that are not known. */
async function withUnkept(workspace: Workspace, scan: Scan): Promise<readonly number[]> {
  const unread = new Set(scan.unread);
  const unkept: number[] = [];
  const breath = new Breath();
  for (let row = 0; row < scan.rows.count; row++) {
    if (scan.links.has(row) || scan.empty.has(row)) continue;
    const digest = unread.has(row) ? null : scan.rows.digestOf(row);
    if (digest === null || !(await workspace.objects.holds(digest, 'file'))) unkept.push(row);
    if (breath.due) await breath.take();
  }
  return unkept;
}

async function conclude(workspace: Workspace, { target, scan, keep }: Work): Promise<TreeContent> {
  const entries = entriesOf(scan);
  const text = encodeTree(entries);
  const digest = digestOf(text);
  let size = 0;
  let files = 0;
  for (const entry of entries) {
    if (entry.kind !== 'file' && entry.kind !== 'exec') continue;
    size += entry.size;
    files += 1;
  }
  const content: TreeContent = { kind: 'tree', digest, size, files };
  if (keep && !(await workspace.objects.holds(digest, 'tree'))) {
    workspace.objects.put(Buffer.from(text), digest, 'tree');
  }
  workspace.trees.write(target.name, { rows: scan.rows, content });
  return content;
}

function entriesOf({ rows, links, empty }: Scan): readonly TreeEntry[] {
  return rows.paths.map((path, row): TreeEntry => {
    const link = links.get(row);
    if (link !== undefined) return { kind: 'link', path, target: link.target, digest: rows.digestOf(row) };
    if (empty.has(row)) return { kind: 'dir', path };
    const digest = rows.digestOf(row);
    if (digest === null) throw new Error(`no digest for ${path}`);
    return { kind: rows.isExecutable(row) ? 'exec' : 'file', path, digest, size: rows.sizeOf(row) };
  });
}

/** Null: nothing to say about it. Undefined: bytes would have to be read. */
function peekPointee(workspace: Workspace, outside: string, from: Target): Digest | null | undefined {
  const target = pointeeOf(outside, from);
  if (target === undefined) return null;
  try {
    const content = peek(workspace, target);
    return content === 'missing' ? null : content?.digest;
  } catch (error) {
    if (isUnusable(error)) return null;
    throw error;
  }
}

async function observePointee(workspace: Workspace, outside: string | null, from: Target): Promise<Digest | null> {
  const target = outside === null ? undefined : pointeeOf(outside, from);
  if (target === undefined) return null;
  try {
    const content = await observe(workspace, target, { keep: false });
    return content === 'missing' ? null : content.digest;
  } catch (error) {
    if (isUnusable(error)) return null;
    throw error;
  }
}

/** Undefined when the link dangles, or leads back to where we are. */
function pointeeOf(outside: string, from: Target): Target | undefined {
  try {
    const path = realpathSync(outside);
    const within = [...from.within, realpathSync(from.path)];
    return within.includes(path) ? undefined : { path, name: path, within };
  } catch (error) {
    if (isErrno(error, 'ENOENT', 'ENOTDIR', 'ELOOP', 'EACCES', 'ENAMETOOLONG')) return undefined;
    throw error;
  }
}

/** A link to /dev/null or to a closed directory is kept as a link and no more. */
function isUnusable(error: unknown): boolean {
  return error instanceof LockstepError && error.code === 'unusable-file';
}
