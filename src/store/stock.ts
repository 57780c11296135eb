import { lstatSync, rmSync, unlinkSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { diskError } from '../base/atomic-file.ts';
import { isErrno, LockstepError } from '../base/error.ts';
import { Breath } from './breath.ts';
import { LEFT } from './bulk.ts';
import { DIGEST_BYTES, digestAt } from './digest-bytes.ts';
import { makeDurable } from './durable.ts';
import type { ObjectName } from './integrity.ts';
import { type Layout, objectNamed } from './layout.ts';
import { namesIn } from './names-in.ts';
import type { Objects } from './objects.ts';
import type { Verdict } from './verdict.ts';

/** An object as a file. */
export interface StoredObject extends ObjectName {
  /** Absolute. */
  readonly path: string;
}

/** The objects of one cache directory, gone through one by one. */
export interface Stock {
  readonly layout: Layout;
  /** All that bear a name. What does not look like an object is none, whoever put it there. */
  list(): Generator<StoredObject, void>;
  /** Reads every byte; sets aside what is corrupt, and tells of it. */
  check(objects: readonly StoredObject[], options: CheckOptions): Promise<readonly StoredObject[]>;
  /** The same of one object, which may be anywhere or nowhere. */
  reread(object: ObjectName): Promise<Verdict>;
  /** Bytes and the time of the last change; undefined when it is gone. */
  look(object: StoredObject): { readonly size: number; readonly changed: number } | undefined;
  /** Removes objects. Listings go first: none is ever there whose files are not. */
  remove(objects: readonly StoredObject[], signal: AbortSignal): Promise<void>;
  /** Removes what processes left unfinished. Nobody may be at work. */
  removeUnfinished(): { readonly count: number; readonly bytes: number };
}

export interface CheckOptions {
  readonly signal: AbortSignal;
  /** Called for each that is done. */
  readonly onChecked: () => void;
}

/** Checked at once: so many results are in memory, and so often the progress moves. */
const PORTION = 4096;

/** `unfinished` are directories in which nothing but unfinished things are. */
export function stockOf(objects: Objects, unfinished: readonly string[] = []): Stock {
  const { layout } = objects;
  return {
    layout,
    list: () => listObjects(layout),
    async check(all, { signal, onChecked }) {
      const corrupt: StoredObject[] = [];
      for (let from = 0; from < all.length; from += PORTION) {
        if (signal.aborted) throw new LockstepError('interrupted', 'interrupted');
        const portion = all.slice(from, from + PORTION);
        for (const suspect of await suspects(objects, portion)) {
          if (signal.aborted) throw new LockstepError('interrupted', 'interrupted');
          if ((await objects.reread(suspect.digest, suspect.kind)) === 'corrupt') corrupt.push(suspect);
        }
        for (const _ of portion) onChecked();
      }
      return corrupt;
    },
    reread: ({ digest, kind }) => objects.reread(digest, kind),
    look({ path }) {
      const stat = lstatSync(path, { throwIfNoEntry: false });
      return stat === undefined ? undefined : { size: stat.size, changed: stat.ctimeMs };
    },
    async remove(doomed, signal) {
      for (const kind of ['tree', 'file'] as const) {
        const some = doomed.filter((object) => object.kind === kind);
        await removeAll(layout, some, signal);
      }
    },
    removeUnfinished: () => removeBelow([layout.temporary, ...unfinished]),
  };
}

/** Those whose bytes are not what they are called, and those that are too large to be read along with others. */
async function suspects(objects: Objects, portion: readonly StoredObject[]): Promise<readonly StoredObject[]> {
  const { algorithm } = objects.layout;
  const { digests, marks } = await objects.readMany(
    portion.map(({ path }) => path),
    { keep: false },
  );
  return portion.filter(({ digest }, at) => {
    return marks[at] === LEFT || digestAt(digests, at * DIGEST_BYTES, algorithm) !== digest;
  });
}

function* listObjects(layout: Layout): Generator<StoredObject, void> {
  for (const root of [layout.objects, layout.legacy]) {
    if (root === undefined) continue;
    for (const shard of namesIn(root)) {
      if (!/^[0-9a-f]{2}$/.test(shard)) continue;
      for (const name of namesIn(join(root, shard))) {
        const object = objectNamed(layout, shard + name);
        if (object !== undefined) yield { ...object, path: `${root}/${shard}/${name}` };
      }
    }
  }
}

async function removeAll(layout: Layout, objects: readonly StoredObject[], signal: AbortSignal): Promise<void> {
  if (objects.length === 0) return;
  const breath = new Breath();
  const touched = new Set<string>();
  for (const { path } of objects) {
    if (signal.aborted) throw new LockstepError('interrupted', 'interrupted');
    removeOne(layout, path);
    touched.add(dirname(path));
    if (breath.due) await breath.take();
  }
  await makeDurable([...touched], layout.cacheDir);
}

function removeOne({ cacheDir }: Layout, path: string): void {
  try {
    unlinkSync(path);
  } catch (error) {
    // A directory that bears the name of an object is none.
    if (isErrno(error, 'ENOENT', 'EISDIR')) return;
    throw diskError(error, `cannot remove from the cache ${cacheDir}`);
  }
}

function removeBelow(directories: readonly string[]): { readonly count: number; readonly bytes: number } {
  let count = 0;
  let bytes = 0;
  for (const path of directories.flatMap((directory) => namesIn(directory).map((name) => join(directory, name)))) {
    bytes += lstatSync(path, { throwIfNoEntry: false })?.size ?? 0;
    count += 1;
    rmSync(path, { force: true, recursive: true });
  }
  return { count, bytes };
}
