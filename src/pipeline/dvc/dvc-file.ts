import { hashSync } from 'hasha';
import { z } from 'zod';
import type { ProjectPath } from '../../base/brand.ts';
import type { Diagnostic } from '../../base/error.ts';
import type { DvcLocked } from './lock-entry.ts';
import { lockedFields } from './parse-lockfile.ts';
import { pythonJson } from './python-json.ts';
import { type Check, checked, createCheck, inFileOrder, listOf, ownFields } from './shape.ts';
import { type DvcMap, type DvcValue, isList, isMapValue, mapOf } from './value.ts';
import { yamlText } from './yaml-text.ts';
import { readValues } from './yaml-values.ts';

/** A `.dvc` file: data that is tracked without a stage, or brought from elsewhere. */
export interface DvcFile {
  readonly desc?: string | undefined;
  /** Of the file's own contents, for imports only: see `importMd5`. */
  readonly md5?: string | undefined;
  /** Left over from DVC before 1.0, whose stages had a file each. */
  readonly cmd?: string | readonly string[] | undefined;
  /** Relative to the file's directory. */
  readonly wdir?: string | undefined;
  readonly frozen?: boolean | undefined;
  /** Where an import comes from. */
  readonly deps: readonly DvcFileDep[];
  readonly outs: readonly DvcFileOut[];
  readonly always_changed?: boolean | undefined;
  readonly meta?: DvcValue | undefined;
}

interface Tracked extends Omit<DvcLocked, 'path' | 'dataset'> {
  /** In place of `md5`, in a native project: hex digits, those of a directory with `.tree` after them. */
  readonly sha256?: string | undefined;
}

export interface DvcFileDep extends Tracked {
  /** A path, a URL, or a path in another repository; of a database it is absent. */
  readonly path?: string | undefined;
  readonly repo?: DvcRepo | undefined;
  readonly db?: DvcValue | undefined;
  readonly fs_config?: DvcValue | undefined;
}

/** The DVC or git repository that an import comes from. */
export interface DvcRepo {
  readonly url: string;
  readonly rev?: string | undefined;
  /** The commit that the data was taken from. */
  readonly rev_lock?: string | undefined;
  readonly config?: DvcValue | undefined;
  readonly remote?: DvcValue | undefined;
}

export interface DvcFileOut extends Tracked {
  /** Relative to the file's wdir. */
  readonly path: string;
  readonly fs_config?: DvcValue | undefined;
  readonly desc?: string | undefined;
  readonly type?: string | undefined;
  readonly labels?: readonly string[] | undefined;
  readonly meta?: DvcValue | undefined;
  readonly cache?: boolean | undefined;
  /** Left over from DVC before 1.0. */
  readonly metric?: DvcValue | undefined;
  readonly plot?: DvcValue | undefined;
  readonly persist?: boolean | undefined;
  readonly remote?: string | undefined;
  readonly push?: boolean | undefined;
}

export interface ParsedDvcFile {
  /** Undefined when the file has mistakes. */
  readonly dvcFile: DvcFile | undefined;
  readonly diagnostics: readonly Diagnostic[];
}

const HINT = 'restore the file from git, or track the data again';
const anything = z.custom<DvcValue>((value) => value !== undefined);
const text = z.string('expected text').optional();
const flag = z.boolean('expected true or false').optional();
const { path: requiredPath, ...tracked } = lockedFields;

const fileSchema = z.strictObject({
  desc: text,
  md5: lockedFields.md5,
  cmd: z.union([z.string(), z.array(z.string())], 'expected a command or a list of commands').optional(),
  wdir: z.string('expected text').nullable().optional(),
  frozen: flag,
  // What `frozen` was called before DVC 1.0.
  locked: flag,
  deps: anything.optional(),
  outs: anything.optional(),
  always_changed: flag,
  meta: anything.optional(),
});

const depSchema = z.strictObject({
  ...tracked,
  sha256: text,
  path: text,
  repo: anything.optional(),
  db: anything.optional(),
  persist: flag,
  fs_config: anything.optional(),
});

const repoSchema = z.strictObject({
  url: z.string('expected text'),
  rev: text,
  rev_lock: text,
  config: anything.optional(),
  remote: anything.optional(),
});

const outSchema = z.strictObject({
  ...tracked,
  sha256: text,
  path: requiredPath,
  fs_config: anything.optional(),
  desc: text,
  type: text,
  labels: z.array(z.string('expected text'), 'expected a list').optional(),
  meta: anything.optional(),
  cache: flag,
  metric: anything.optional(),
  plot: anything.optional(),
  persist: flag,
  remote: text,
  push: flag,
});

const MARKER = /^(?:<<<<<<<|=======|>>>>>>>)(?: .*)?$/m;

export function parseDvcFile(file: ProjectPath, given: string): ParsedDvcFile {
  const read = readValues(file, given);
  const merged = MARKER.test(given);
  if (!read.ok) {
    const hint = merged ? 'a merge of this file was not finished: take one side whole' : HINT;
    return { dvcFile: undefined, diagnostics: read.diagnostics.map((one) => ({ ...one, hint })) };
  }
  const check = createCheck(read.placeOf, HINT);
  const dvcFile = readFile(check, read.value);
  return { dvcFile: check.diagnostics.length > 0 ? undefined : dvcFile, diagnostics: inFileOrder(check) };
}

function readFile(check: Check, value: DvcValue): DvcFile | undefined {
  if (!isMapValue(value)) return check.mistake([], 'expected a map');
  const members = ownFields(value);
  const fields = checked(check, [], fileSchema, members);
  const list = (key: 'deps' | 'outs') => listOf(check, members[key] ?? undefined, [key]);
  const deps = list('deps').flatMap((one, index) => readDep(check, one, ['deps', index]) ?? []);
  const outs = list('outs').flatMap((one, index) => {
    return isMapValue(one) ? (checked(check, ['outs', index], outSchema, ownFields(one)) ?? []) : notMap(check, index);
  });
  if (fields === undefined) return undefined;
  const { locked, wdir, frozen, ...rest } = fields;
  return { ...rest, wdir: wdir ?? undefined, frozen: frozen ?? locked, deps, outs };
}

function notMap(check: Check, index: number): [] {
  check.mistake(['outs', index], 'expected a map');
  return [];
}

function readDep(check: Check, value: DvcValue, at: readonly PropertyKey[]): DvcFileDep | undefined {
  if (!isMapValue(value)) return check.mistake(at, 'expected a map');
  const fields = checked(check, at, depSchema, ownFields(value));
  if (fields?.repo === undefined) return fields as DvcFileDep | undefined;
  if (!isMapValue(fields.repo)) return check.mistake([...at, 'repo'], 'expected a map');
  const repo = checked(check, [...at, 'repo'], repoSchema, ownFields(fields.repo));
  return repo === undefined ? undefined : { ...fields, repo };
}

/** The text of a new `.dvc` file. */
export function formatDvcFile(file: DvcFile): string {
  return yamlText(dvcFileMap(file));
}

/** A `.dvc` file as data, in the order in which DVC writes it. */
export function dvcFileMap(file: DvcFile): DvcMap {
  const { desc, md5, cmd, wdir, frozen, always_changed, meta } = file;
  return present({
    desc: desc || undefined,
    md5,
    cmd,
    wdir: wdir === '.' ? undefined : wdir,
    frozen: frozen || undefined,
    deps: file.deps.length === 0 ? undefined : file.deps.map(depMap),
    outs: file.outs.length === 0 ? undefined : file.outs.map(outMap),
    always_changed: always_changed || undefined,
    meta,
  });
}

function present(fields: Readonly<Record<string, DvcValue | undefined>>): DvcMap {
  return mapOf(Object.entries(fields).flatMap(([key, value]) => (value === undefined ? [] : [[key, value] as const])));
}

/** Other than in a dvc.lock, the digest comes first and the path last. */
function trackedFields(one: Tracked): Readonly<Record<string, DvcValue | undefined>> {
  const { sha256, md5, etag, checksum, isexec, version_id, cloud, hash } = one;
  const count = (value: number | undefined) => (value === undefined ? undefined : BigInt(value));
  const sizes = { size: count(one.size), nfiles: count(one.nfiles) };
  return { sha256, md5, etag, checksum, ...sizes, isexec: isexec || undefined, version_id, cloud, hash };
}

function depMap(dep: DvcFileDep): DvcMap {
  const { path, db, fs_config, files } = dep;
  const repo = dep.repo === undefined ? undefined : present({ ...REPO_ORDER, ...dep.repo });
  return present({ ...trackedFields(dep), path, fs_config, repo, db, files });
}

const REPO_ORDER = { url: undefined, rev: undefined, rev_lock: undefined, config: undefined, remote: undefined };

function outMap(out: DvcFileOut): DvcMap {
  const { path, fs_config, desc, type, labels, meta, cache, metric, plot, persist, remote, push, files } = out;
  const notes = { desc: desc || undefined, type: type || undefined, labels: labels?.length ? labels : undefined, meta };
  const flags = {
    cache: cache === false ? cache : undefined,
    metric: metric || undefined,
    plot: plot || undefined,
    persist: persist || undefined,
    remote,
    push: push === false ? push : undefined,
  };
  return present({ ...trackedFields(out), path, fs_config, ...notes, ...flags, files });
}

/** Keys, at every depth, that do not count for the md5 of an import. */
const NOT_HASHED = new Set<DvcValue>([
  'desc',
  'type',
  'labels',
  'meta',
  'locked',
  'frozen',
  'metric',
  'persist',
  'isexec',
  'size',
  'nfiles',
]);

/** The md5 that DVC writes at the top of an import's file, over what says where it comes from and what came. */
export function importMd5(file: DvcFile): string | undefined {
  const whole = dvcFileMap({ ...file, md5: undefined });
  const json = pythonJson(hashedPart(whole));
  return json === undefined ? undefined : hashSync(json, { algorithm: 'md5' });
}

function hashedPart(value: DvcValue): DvcValue {
  if (value === null || typeof value !== 'object') return value;
  if (isList(value)) return value.map(hashedPart);
  if (value.kind === 'date') return value;
  const kept = value.entries.filter(([key]) => !NOT_HASHED.has(key));
  return mapOf(kept.map(([key, member]) => [key, hashedPart(member)] as const));
}
