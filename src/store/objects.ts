import { existsSync, lstatSync, renameSync, rmSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { diskError } from '../base/atomic-file.ts';
import type { Digest } from '../base/brand.ts';
import { isErrno } from '../base/error.ts';
import { Breath } from './breath.ts';
import { type BulkRequest, type BulkResult, writeObject } from './bulk.ts';
import { makeDurable } from './durable.ts';
import { glance, locate, type ObjectName, openShelf, read, type Shelf, verify } from './integrity.ts';
import { type Keeping, keepMany, openReaders, type Readers } from './keep-many.ts';
import { type LargeObject, openLargeObject } from './large-object.ts';
import { type Layout, type ObjectKind, objectPath } from './layout.ts';
import { makeDirectories, openTemporaries } from './making.ts';
import { moveIn, type Staging } from './staging.ts';
import type { Verdict } from './verdict.ts';

/**
 * The objects of one cache directory, which several processes may use at once. An object comes to be in this order,
 * and nothing names it before the last step:
 *
 *     bytes → temporary file → on the disk → renamed to its digest → directory on the disk
 *
 * Writers of the same object rename the same bytes over each other.
 */
export interface Objects {
  readonly layout: Layout;
  /** Whether the object is here, or will be after the next flush. What cannot be vouched for is hashed. */
  holds(digest: Digest, kind: ObjectKind): Promise<boolean>;
  /** Whether a save put it down for the next flush, or a flush is about to name it. */
  isPending(digest: Digest, kind: ObjectKind): boolean;
  /** Reads many small files; with `keep`, the next flush names their bytes, where they are what is `expected`. */
  readMany(files: readonly string[], options: ReadingMany): Promise<BulkResult>;
  /** Writes bytes of that digest to a temporary file that the next flush names. */
  put(bytes: Uint8Array, digest: Digest, kind: ObjectKind): void;
  /** A temporary file to be filled piece by piece. */
  openLarge(): Promise<LargeObject>;
  /** Takes a filled temporary file in, or drops it if the object is here. */
  adopt(large: LargeObject, digest: Digest, kind?: ObjectKind): Promise<void>;
  /** Concurrent calls share one batch; what a failed batch left is tried again by the next. */
  flush(): Promise<void>;
  verify(digest: Digest, kind: ObjectKind): Promise<Verdict>;
  /** The same from the bytes, whatever is remembered of them. */
  reread(digest: Digest, kind: ObjectKind): Promise<Verdict>;
  /** The verdict by stat alone; undefined when bytes would have to be read. */
  glance(digest: Digest, kind: ObjectKind): Verdict | undefined;
  /** Where the object is, or would be. */
  pathOf(digest: Digest, kind: ObjectKind): string;
  read(digest: Digest, kind: ObjectKind): Uint8Array | Exclude<Verdict, 'intact'>;
  /** Remembers by which stat objects were found whole, and drops temporary files that no flush named. */
  close(): void;
}

export interface ReadingMany {
  readonly keep: boolean;
  readonly expected?: BulkRequest['expected'];
}

/** The two steps whose order a crash depends on; replaced only to watch or to break them. */
export interface Disk {
  makeDurable(paths: readonly string[], directory: string): Promise<void>;
  rename(from: string, to: string): void;
}

/** An object that is written, not named yet. */
export interface Pending {
  readonly temporary: string;
  readonly digest: Digest;
  readonly kind: ObjectKind;
  /** What the index is to know of it, unless it is renamed, which changes its stat. */
  readonly record?: Uint8Array | undefined;
}

interface State extends Shelf {
  readonly disk: Disk;
  /** By kind and digest: written, not named yet. */
  pending: Map<string, Pending>;
  /** The batch that is being named. */
  naming: ReadonlyMap<string, Pending>;
  /** What the names of temporary files begin with, once there is one. */
  temporaries: string | undefined;
  readonly now: () => number;
  counter: number;
  /** Where objects of the batch that is being gathered stand ready. */
  stagings: Staging[];
  readonly readers: Readers;
}

export interface ObjectsOptions {
  readonly disk?: Disk;
  /** Absolute; outside of the cache, where objects may be made ready if it is on the same file system. */
  readonly stagingDir?: string;
  /** Milliseconds since the epoch. */
  readonly now?: () => number;
}

export function openObjects(layout: Layout, options: ObjectsOptions = {}): Objects {
  const shelf = openShelf(layout);
  const state: State = {
    ...shelf,
    disk: options.disk ?? { makeDurable, rename: renameSync },
    pending: new Map(),
    naming: new Map(),
    temporaries: undefined,
    now: options.now ?? Date.now,
    counter: 0,
    stagings: [],
    readers: openReaders(shelf),
  };
  return {
    layout,
    holds: (digest, kind) => holds(state, digest, kind),
    isPending: (digest, kind) => isPending(state, digest, kind),
    readMany: (files, { keep, expected }) =>
      keep ? putMany(state, { files, expected }, options) : state.readers.read({ files }),
    put: (bytes, digest, kind) => put(state, { bytes, digest, kind }),
    openLarge: () => openLargeObject(`${temporaryBase(state)}.tmp`, layout),
    adopt: (large, digest, kind = 'file') => adopt(state, large, { digest, kind }),
    flush: groupCommit(() => commit(state)),
    verify: (digest, kind) => verify(state, { digest, kind }, ANYWHERE),
    reread: (digest, kind) => verify(state, { digest, kind }, { ...ANYWHERE, reread: true }),
    glance: (digest, kind) => glance(state, { digest, kind }, ANYWHERE),
    pathOf: (digest, kind) => pathOf(state, { digest, kind }),
    read: (digest, kind) => read(state, { digest, kind }),
    close: () => close(state),
  };
}

const ANYWHERE = { legacy: true };

function pathOf(state: State, { digest, kind }: ObjectName): string {
  const path = objectPath(state.layout, digest, kind);
  // A tenth of the CPU of a checkout went into looking where there is only one place.
  if (state.layout.legacy === undefined || existsSync(path)) return path;
  return locate(state, { digest, kind }, ANYWHERE)?.path ?? path;
}

function keyOf(digest: Digest, kind: ObjectKind): string {
  return kind === 'tree' ? `${digest}.tree` : digest;
}

function isPending(state: State, digest: Digest, kind: ObjectKind): boolean {
  const key = keyOf(digest, kind);
  return state.pending.has(key) || state.naming.has(key);
}

async function holds(state: State, digest: Digest, kind: ObjectKind): Promise<boolean> {
  if (isPending(state, digest, kind)) return true;
  // Where objects were kept once, those who save with today's names would not find them.
  const where = { legacy: false };
  return (glance(state, { digest, kind }, where) ?? (await verify(state, { digest, kind }, where))) === 'intact';
}

function put(state: State, object: { bytes: Uint8Array; digest: Digest; kind: ObjectKind }): void {
  const temporary = `${temporaryBase(state)}.tmp`;
  writeObject(state.layout, temporary, { bytes: object.bytes });
  enqueue(state, { temporary, digest: object.digest, kind: object.kind });
}

async function putMany(
  state: State,
  request: Pick<Keeping, 'files' | 'expected'>,
  { stagingDir }: ObjectsOptions,
): Promise<BulkResult> {
  const place = { base: temporaryBase(state), stagingDir };
  const { result, written, staging } = await keepMany(state, { ...request, ...place, read: state.readers.read });
  for (const object of written) enqueue(state, object);
  if (staging !== undefined) state.stagings.push(staging);
  return result;
}

async function adopt(
  state: State,
  large: LargeObject,
  { digest, kind }: { readonly digest: Digest; readonly kind: ObjectKind },
): Promise<void> {
  if (await holds(state, digest, kind)) return large.discard();
  await large.finish();
  enqueue(state, { temporary: large.path, digest, kind });
}

/** Two saves of the same bytes may have written one temporary file each while neither could see the other's. */
function enqueue(state: State, object: Pending): void {
  const key = keyOf(object.digest, object.kind);
  if (state.pending.has(key)) rmSync(object.temporary, { force: true });
  else state.pending.set(key, object);
}

/** What the name of a temporary file begins with that nobody else makes. */
function temporaryBase(state: State): string {
  state.temporaries ??= openTemporaries(state.layout, state.now());
  state.counter += 1;
  return `${state.temporaries}-${state.counter}`;
}

/** Runs of `work` never overlap, and a call is served by a run that began after the call. */
function groupCommit(work: () => Promise<void>): () => Promise<void> {
  let running: Promise<void> = Promise.resolve();
  let next: Promise<void> | undefined;
  return () => {
    next ??= running = running
      .catch(() => undefined)
      .then(() => {
        next = undefined;
        return work();
      });
    return next;
  };
}

async function commit(state: State): Promise<void> {
  const { pending: batch, stagings } = state;
  state.readers.rest();
  if (batch.size === 0) return;
  state.pending = new Map();
  state.naming = batch;
  state.stagings = [];
  try {
    await nameAll(state, batch, stagings);
    for (const { directory } of stagings) rmSync(directory, { recursive: true, force: true });
  } catch (error) {
    for (const [key, object] of batch) if (!state.pending.has(key)) state.pending.set(key, object);
    throw diskError(error, `cannot write to the cache ${state.layout.cacheDir}`);
  } finally {
    state.naming = new Map();
  }
}

async function nameAll(state: State, batch: Map<string, Pending>, stagings: readonly Staging[]): Promise<void> {
  const { layout, disk } = state;
  const paths = [...batch.values()].map((object) => object.temporary);
  await disk.makeDurable(paths, layout.cacheDir);
  const moved = moveIn(stagings, layout, { paths, rename: disk.rename });
  const breath = new Breath();
  const touched = new Set<string>();
  const named: (readonly [Pending, string])[] = [];
  const records: Uint8Array[] = [];
  for (const [key, object] of batch) {
    if (object.record !== undefined && moved.has(directoryOf(object.temporary))) {
      records.push(object.record);
    } else {
      const path = objectPath(layout, object.digest, object.kind);
      if (renameInto(state, object.temporary, path)) touched.add(layout.objects);
      touched.add(dirname(path));
      named.push([object, path]);
    }
    batch.delete(key);
    if (breath.due) await breath.take();
  }
  for (const shard of moved) touched.add(join(layout.objects, basename(shard)));
  if (moved.size > 0) touched.add(layout.objects);
  await disk.makeDurable([...touched], layout.cacheDir);
  for (const record of records) state.index.take(record);
  for (const [object, path] of named) {
    const stat = lstatSync(path, { bigint: true, throwIfNoEntry: false });
    if (stat !== undefined) state.index.record(object.digest, object.kind, stat);
    if (breath.due) await breath.take();
  }
  state.index.save();
}

/** As dirname, which takes a tenth of a second for 70,000 paths. */
function directoryOf(path: string): string {
  return path.slice(0, path.lastIndexOf('/'));
}

/** Whether the directory had to be made. */
function renameInto({ disk, layout }: State, from: string, to: string): boolean {
  try {
    disk.rename(from, to);
    return false;
  } catch (error) {
    if (!isErrno(error, 'ENOENT')) throw error;
    makeDirectories(layout, dirname(to));
    disk.rename(from, to);
    return true;
  }
}

function close(state: State): void {
  state.readers.stop();
  for (const { directory } of state.stagings) rmSync(directory, { recursive: true, force: true });
  for (const object of state.pending.values()) rmSync(object.temporary, { force: true });
  state.pending.clear();
  state.index.save();
}
