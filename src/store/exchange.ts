import { statSync } from 'node:fs';
import { basename, dirname, relative } from 'node:path';
import { hashingStream } from 'hasha';
import type { Digest } from '../base/brand.ts';
import { hexOf } from '../base/hash.ts';
import { GONE, LEFT } from './bulk.ts';
import { DIGEST_BYTES } from './digest-bytes.ts';
import type { ObjectName } from './integrity.ts';
import { objectNamed, objectPath } from './layout.ts';
import type { Objects } from './objects.ts';
import type { Scheme } from './scheme.ts';
import type { TreeEntry } from './tree.ts';
import type { Verdict } from './verdict.ts';
import { readListing } from './verify.ts';

/** The objects of a cache as they go to other places and come from there. */
export interface Exchange {
  /** Where an object is below the root of a remote: as below that of the cache. */
  keyOf(object: ObjectName): string;
  /** Where an earlier version of the format had it; undefined where there was none. */
  legacyKeyOf(object: ObjectName): string | undefined;
  /** The object that is kept under such a key; undefined for the key of anything else. */
  objectAt(key: string): ObjectName | undefined;
  /** Whether the object is here and whole; a corrupt one is set aside. */
  verify(object: ObjectName): Promise<Verdict>;
  /** What a directory's listing names. */
  listing(digest: Digest): readonly TreeEntry[] | Exclude<Verdict, 'intact'>;
  /** Bytes of the file that stands for the object, whole or not; undefined where there is none. */
  sizeOf(object: ObjectName): number | undefined;
  /** The file that an object is; it must have been found intact. */
  fileOf(object: ObjectName): { readonly path: string; readonly size: number };
  /**
   * Takes an object in while it comes, if its bytes are those that its name stands for; named after `flush`. Resolves
   * to how many bytes came. Throws what the stream throws, and keeps nothing then.
   */
  receive(object: ObjectName, bytes: AsyncIterable<Uint8Array>): Promise<Received>;
  /**
   * Takes in small files of this machine as `receive` does, many at once. Gives the size of each; null for those that
   * are to be received by themselves, because they are not small, or not there, or not whole.
   */
  receiveFiles(files: readonly ObjectFile[]): Promise<readonly (number | null)[]>;
  flush(): Promise<void>;
}

/** A file that should have the bytes of an object. */
export interface ObjectFile {
  readonly object: ObjectName;
  /** Absolute. */
  readonly path: string;
}

export interface Received {
  readonly isWhole: boolean;
  readonly size: number;
}

/** `enter` is called before anything is taken in. */
export function exchangeOf(objects: Objects, scheme: Scheme, enter: () => Promise<void>): Exchange {
  const { layout } = objects;
  const prefix = relative(layout.cacheDir, layout.objects);
  /** As `relative` says it, which for 70,000 objects takes a twentieth of a push. */
  const within = ({ digest, kind }: ObjectName) => objectPath(layout, digest, kind).slice(layout.objects.length + 1);
  return {
    keyOf: (object) => `${prefix}/${within(object)}`,
    legacyKeyOf: (object) => (layout.legacy === undefined ? undefined : within(object)),
    objectAt: (key) => {
      const places = [prefix, ...(layout.legacy === undefined ? [] : ['.'])];
      if (!places.includes(dirname(dirname(key)))) return undefined;
      return objectNamed(layout, basename(dirname(key)) + basename(key));
    },
    verify: async ({ digest, kind }) => objects.glance(digest, kind) ?? (await objects.verify(digest, kind)),
    listing: (digest) => readListing({ objects, scheme }, { digest }),
    sizeOf: ({ digest, kind }) => statSync(objects.pathOf(digest, kind), { throwIfNoEntry: false })?.size,
    fileOf: ({ digest, kind }) => {
      const path = objects.pathOf(digest, kind);
      return { path, size: statSync(path).size };
    },
    receive: async (object, bytes) => {
      await enter();
      return await receive(objects, object, bytes);
    },
    receiveFiles: async (files) => {
      await enter();
      return await receiveFiles(objects, files);
    },
    flush: objects.flush,
  };
}

async function receive(
  objects: Objects,
  { digest, kind }: ObjectName,
  bytes: AsyncIterable<Uint8Array>,
): Promise<Received> {
  const { algorithm } = objects.layout;
  const hash = hashingStream({ algorithm });
  const large = await objects.openLarge();
  let size = 0;
  try {
    for await (const chunk of bytes) {
      const writing = large.write(chunk);
      hash.update(chunk);
      size += chunk.length;
      await writing;
    }
  } catch (error) {
    await large.discard();
    throw error;
  }
  const isWhole = `${algorithm}:${hash.digest('hex')}` === digest;
  if (isWhole) await objects.adopt(large, digest, kind);
  else await large.discard();
  return { isWhole, size };
}

async function receiveFiles(objects: Objects, files: readonly ObjectFile[]): Promise<readonly (number | null)[]> {
  const expected = new Uint8Array(files.length * DIGEST_BYTES);
  for (const [at, { object }] of files.entries()) {
    Buffer.from(expected.buffer).write(hexOf(object.digest), at * DIGEST_BYTES, 'hex');
  }
  const paths = files.map(({ path }) => path);
  const { marks, sizes } = await objects.readMany(paths, { keep: true, expected });
  return files.map((_, at) => (marks[at] === GONE || marks[at] === LEFT ? null : (sizes[at] ?? 0)));
}
