import { randomBytes } from 'node:crypto';
import {
  type BigIntStats,
  closeSync,
  lstatSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { diskError, writeFully } from '../base/atomic-file.ts';
import type { Digest } from '../base/brand.ts';
import { isErrno } from '../base/error.ts';
import { digestOf } from '../base/hash.ts';
import { Breath } from './breath.ts';
import { makeDurable } from './durable.ts';
import { kindOf, lstatOf } from './file-stat.ts';
import { hashLarge, hashSmall } from './hash-file.ts';
import { type LargeObject, openLargeObject } from './large-object.ts';
import { type Layout, type ObjectKind, objectPath } from './layout.ts';
import { openObjectIndex } from './object-index.ts';
import type { Verdict } from './store.ts';

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
  /** Writes bytes of that digest to a temporary file that the next flush names. */
  put(bytes: Uint8Array, digest: Digest, kind: ObjectKind): void;
  /** A temporary file to be filled piece by piece. */
  openLarge(): Promise<LargeObject>;
  /** Takes a filled temporary file in, or drops it if the object is here. */
  adopt(large: LargeObject, digest: Digest): Promise<void>;
  /** Concurrent calls share one batch; what a failed batch left is tried again by the next. */
  flush(): Promise<void>;
  verify(digest: Digest, kind: ObjectKind): Promise<Verdict>;
  /** The verdict by stat alone; undefined when bytes would have to be read. */
  glance(digest: Digest, kind: ObjectKind): Verdict | undefined;
  read(digest: Digest, kind: ObjectKind): Uint8Array | Exclude<Verdict, 'intact'>;
  /** Remembers by which stat objects were found whole, and drops temporary files that no flush named. */
  close(): void;
}

/** The two steps whose order a crash depends on; replaced only to watch or to break them. */
export interface Disk {
  makeDurable(paths: readonly string[], directory: string): Promise<void>;
  rename(from: string, to: string): void;
}

interface Pending {
  readonly temporary: string;
  readonly digest: Digest;
  readonly kind: ObjectKind;
}

interface State {
  readonly layout: Layout;
  readonly disk: Disk;
  readonly index: ReturnType<typeof openObjectIndex>;
  /** By kind and digest: written, not named yet. */
  pending: Map<string, Pending>;
  /** The batch that is being named. */
  naming: ReadonlyMap<string, Pending>;
  readonly prefix: string;
  counter: number;
  prepared: boolean;
}

export function openObjects(layout: Layout, disk: Disk = { makeDurable, rename: renameSync }): Objects {
  const state: State = {
    layout,
    disk,
    index: openObjectIndex(layout.index),
    pending: new Map(),
    naming: new Map(),
    prefix: randomBytes(6).toString('base64url'),
    counter: 0,
    prepared: false,
  };
  return {
    layout,
    holds: (digest, kind) => holds(state, digest, kind),
    isPending: (digest, kind) => isPending(state, digest, kind),
    put: (bytes, digest, kind) => put(state, { bytes, digest, kind }),
    openLarge: () => openLargeObject(temporaryPath(state), layout.cacheDir),
    adopt: (large, digest) => adopt(state, large, digest),
    flush: groupCommit(() => commit(state)),
    verify: (digest, kind) => verify(state, digest, kind),
    glance: (digest, kind) => glance(state, digest, kind),
    read: (digest, kind) => read(state, digest, kind),
    close: () => close(state),
  };
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
  return (glance(state, digest, kind) ?? (await verify(state, digest, kind))) === 'intact';
}

function put(state: State, object: { bytes: Uint8Array; digest: Digest; kind: ObjectKind }): void {
  const temporary = temporaryPath(state);
  try {
    const fd = openSync(temporary, 'wx', 0o444);
    try {
      writeFully(fd, object.bytes);
    } finally {
      closeSync(fd);
    }
  } catch (error) {
    rmSync(temporary, { force: true });
    throw diskError(error, `cannot write to the cache ${state.layout.cacheDir}`);
  }
  enqueue(state, { temporary, digest: object.digest, kind: object.kind });
}

async function adopt(state: State, large: LargeObject, digest: Digest): Promise<void> {
  if (await holds(state, digest, 'file')) return large.discard();
  await large.finish();
  enqueue(state, { temporary: large.path, digest, kind: 'file' });
}

/** Two saves of the same bytes may have written one temporary file each while neither could see the other's. */
function enqueue(state: State, object: Pending): void {
  const key = keyOf(object.digest, object.kind);
  if (state.pending.has(key)) rmSync(object.temporary, { force: true });
  else state.pending.set(key, object);
}

function temporaryPath(state: State): string {
  if (!state.prepared) prepare(state.layout);
  state.prepared = true;
  state.counter += 1;
  return join(state.layout.temporary, `${state.prefix}-${state.counter}`);
}

/** Milliseconds after which a temporary file is taken for one that a killed process left. */
const ABANDONED = 6 * 3600 * 1000;

function prepare(layout: Layout): void {
  try {
    mkdirSync(layout.temporary, { recursive: true });
    for (const name of readdirSync(layout.temporary)) {
      const path = join(layout.temporary, name);
      const stat = lstatSync(path, { throwIfNoEntry: false });
      if (stat !== undefined && Date.now() - stat.mtimeMs > ABANDONED) rmSync(path, { force: true, recursive: true });
    }
  } catch (error) {
    throw diskError(error, `cannot write to the cache ${layout.cacheDir}`);
  }
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
  const batch = state.pending;
  if (batch.size === 0) return;
  state.pending = new Map();
  state.naming = batch;
  try {
    await nameAll(state, batch);
  } catch (error) {
    for (const [key, object] of batch) if (!state.pending.has(key)) state.pending.set(key, object);
    throw diskError(error, `cannot write to the cache ${state.layout.cacheDir}`);
  } finally {
    state.naming = new Map();
  }
}

async function nameAll(state: State, batch: Map<string, Pending>): Promise<void> {
  const { layout, disk } = state;
  await disk.makeDurable(
    [...batch.values()].map((object) => object.temporary),
    layout.cacheDir,
  );
  const breath = new Breath();
  const touched = new Set<string>();
  const named: (readonly [Pending, string])[] = [];
  for (const [key, object] of batch) {
    const path = objectPath(layout, object.digest, object.kind);
    if (renameInto(disk, object.temporary, path)) touched.add(layout.objects);
    touched.add(dirname(path));
    named.push([object, path]);
    batch.delete(key);
    if (breath.due) await breath.take();
  }
  await disk.makeDurable([...touched], layout.cacheDir);
  for (const [object, path] of named) {
    const stat = lstatSync(path, { bigint: true, throwIfNoEntry: false });
    if (stat !== undefined) state.index.record(object.digest, object.kind, stat);
    if (breath.due) await breath.take();
  }
  state.index.save();
}

/** Whether the directory had to be made. */
function renameInto(disk: Disk, from: string, to: string): boolean {
  try {
    disk.rename(from, to);
    return false;
  } catch (error) {
    if (!isErrno(error, 'ENOENT')) throw error;
    mkdirSync(dirname(to), { recursive: true });
    disk.rename(from, to);
    return true;
  }
}

function glance(state: State, digest: Digest, kind: ObjectKind): Verdict | undefined {
  const stat = statOfObject(state, digest, kind);
  if (stat === undefined) return 'missing';
  return state.index.vouches(digest, kind, stat) ? 'intact' : undefined;
}

function statOfObject(state: State, digest: Digest, kind: ObjectKind): BigIntStats | undefined {
  const path = objectPath(state.layout, digest, kind);
  return lstatOf(path, path);
}

async function verify(state: State, digest: Digest, kind: ObjectKind): Promise<Verdict> {
  const path = objectPath(state.layout, digest, kind);
  const stat = statOfObject(state, digest, kind);
  if (stat === undefined) return 'missing';
  if (state.index.vouches(digest, kind, stat)) return 'intact';
  if (kindOf(stat) === 'file') {
    const options = { shown: path, now: () => 0 };
    const hashed = hashSmall(path, options) ?? (await hashLarge(path, undefined, options));
    if (hashed === 'missing') return 'missing';
    if (hashed.digest === digest) {
      state.index.record(digest, kind, hashed.stat);
      return 'intact';
    }
  }
  setAside(state, path, stat);
  return 'corrupt';
}

function read(state: State, digest: Digest, kind: ObjectKind): Uint8Array | Exclude<Verdict, 'intact'> {
  const path = objectPath(state.layout, digest, kind);
  const stat = statOfObject(state, digest, kind);
  if (stat === undefined) return 'missing';
  const bytes = kindOf(stat) === 'file' ? readIfThere(path) : undefined;
  if (bytes !== undefined && digestOf(bytes) === digest) return bytes;
  setAside(state, path, stat);
  return 'corrupt';
}

function readIfThere(path: string): Uint8Array | undefined {
  try {
    return readFileSync(path);
  } catch (error) {
    if (isErrno(error, 'ENOENT')) return undefined;
    throw diskError(error, `cannot read the object ${path}`);
  }
}

/** Another process may have put a whole object in the place of the corrupt one since we looked. */
function setAside(state: State, path: string, seen: BigIntStats): void {
  const now = lstatSync(path, { bigint: true, throwIfNoEntry: false });
  if (now === undefined || now.ino !== seen.ino || now.ctimeNs !== seen.ctimeNs) return;
  const name = `${path.slice(state.layout.objects.length + 1).replace('/', '')}.${randomBytes(4).toString('hex')}.corrupt`;
  try {
    mkdirSync(state.layout.corrupt, { recursive: true });
    renameSync(path, join(state.layout.corrupt, name));
  } catch (error) {
    // In a cache that cannot be written to, the corrupt object stays and is found corrupt each time.
    if (!isErrno(error, 'ENOENT', 'EROFS', 'EACCES', 'EPERM', 'ENOSPC', 'EDQUOT')) throw error;
  }
}

function close(state: State): void {
  for (const object of state.pending.values()) rmSync(object.temporary, { force: true });
  state.pending.clear();
  state.index.save();
}
