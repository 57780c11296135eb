import { closeSync, fchmodSync, fstatSync, lstatSync, openSync, rmSync } from 'node:fs';
import { hashSync } from 'hasha';
import { diskError, writeFully } from '../base/atomic-file.ts';
import type { Digest } from '../base/brand.ts';
import { isErrno, LockstepError } from '../base/error.ts';
import { hexOf } from '../base/hash.ts';
import { DIGEST_BYTES, digestAt } from './digest-bytes.ts';
import { readSmall } from './hash-file.ts';
import { type Layout, objectPath } from './layout.ts';
import { encodeRecord, type ObjectIndex, RECORD } from './object-index.ts';
import type { Staging } from './staging.ts';

/** Many small files to be read, by absolute path. */
export interface BulkRequest {
  readonly files: readonly string[];
  /** Where their bytes are written, for the cache to take in; absent: they are only hashed. */
  readonly place?: BulkPlace;
  /** What the files should be, DIGEST_BYTES each: any other is left, and nothing of it is kept. */
  readonly expected?: Uint8Array<ArrayBuffer>;
}

export interface BulkPlace {
  readonly staging: Staging | undefined;
  /** What the name of the n-th temporary file begins with (see temporaryOf). */
  readonly base: string;
  /** The number of the request's first file. */
  readonly from: number;
}

/** What was read, in the order of the request; typed arrays, since it travels between threads. */
export interface BulkResult {
  /** DIGEST_BYTES each. */
  readonly digests: Uint8Array<ArrayBuffer>;
  /** Bytes read. */
  readonly sizes: Float64Array<ArrayBuffer>;
  /** One of the marks below each. */
  readonly marks: Uint8Array<ArrayBuffer>;
  /** Of the staged ones, what the object index is to know: their stat is still the same where they end up. */
  readonly records: Uint8Array<ArrayBuffer>;
}

/** Read; if bytes were to be kept, an object with them is here or somebody else is writing it. */
const READ = 0;
/** Read, and written to its temporary file. */
export const WRITTEN = 1;
/** Read, and written to the staging directory. */
export const STAGED = 2;
export const GONE = 3;
/** Neither small nor simple, or other than expected: to be read by itself. */
export const LEFT = 4;

/**
 * Reads files without looking at their stats, which whoever asks has taken before: a change since then makes another
 * stat and is found out by the next look. With 70,000 files every call per file counts.
 */
export function readBulk(
  { layout, index }: { readonly layout: Layout; readonly index: ObjectIndex },
  { files, place, expected }: BulkRequest,
): BulkResult {
  const digests = new Uint8Array(files.length * DIGEST_BYTES);
  const sizes = new Float64Array(files.length);
  const marks = new Uint8Array(files.length);
  const records = new Uint8Array(place?.staging === undefined ? 0 : files.length * RECORD);
  for (const [at, path] of files.entries()) {
    const bytes = readIfPossible(path);
    if (bytes === 'missing' || bytes === undefined) {
      marks[at] = bytes === 'missing' ? GONE : LEFT;
      continue;
    }
    const hash = hashSync(bytes, { algorithm: layout.algorithm, encoding: 'buffer' });
    digests.set(hash, at * DIGEST_BYTES);
    sizes[at] = bytes.length;
    if (expected !== undefined && differ(digests, expected, at)) {
      marks[at] = LEFT;
      continue;
    }
    if (place === undefined) continue;
    const digest = digestAt(digests, at * DIGEST_BYTES, layout.algorithm);
    marks[at] = stateOf({ layout, index }, digest) ?? write(layout, { bytes, digest, place, at, records });
  }
  return { digests, sizes, marks, records };
}

function differ(some: Uint8Array, others: Uint8Array, at: number): boolean {
  const [from, to] = [at * DIGEST_BYTES, (at + 1) * DIGEST_BYTES];
  return Buffer.compare(some.subarray(from, to), others.subarray(from, to)) !== 0;
}

/** The n-th temporary file of those whose names begin with `base`. */
export function temporaryOf(base: string, n: number): string {
  return `${base}-${n}.tmp`;
}

/** Where the object of a digest is staged. */
export function stagedPath(staging: Staging, digest: Digest): string {
  const hex = hexOf(digest);
  return `${staging.directory}/${hex.slice(0, 2)}/${hex.slice(2)}`;
}

export function isStaged(staging: Staging | undefined, digest: Digest): staging is Staging {
  return staging !== undefined && staging.fresh[Number.parseInt(hexOf(digest).slice(0, 2), 16)] === 1;
}

/** What cannot be read is left to whoever knows what the user calls it. */
function readIfPossible(path: string): Uint8Array | 'missing' | undefined {
  try {
    return readSmall(path, path);
  } catch (error) {
    if (error instanceof LockstepError) return undefined;
    throw error;
  }
}

/** Undefined when there is no such object. One that no index knows of is replaced by the same bytes. */
function stateOf({ layout, index }: { layout: Layout; index: ObjectIndex }, digest: Digest): number | undefined {
  if (!index.lists(digest, 'file')) return undefined;
  const path = objectPath(layout, digest, 'file');
  const stat = lstatSync(path, { bigint: true, throwIfNoEntry: false });
  if (stat === undefined) return undefined;
  return index.vouches(digest, 'file', stat) ? READ : LEFT;
}

interface Writing {
  readonly bytes: Uint8Array;
  readonly digest: Digest;
  readonly place: BulkPlace;
  readonly at: number;
  readonly records: Uint8Array;
}

function write(layout: Layout, { bytes, digest, place, at, records }: Writing): number {
  const { staging, base, from } = place;
  if (!isStaged(staging, digest)) {
    writeObject(layout, temporaryOf(base, from + at), { bytes });
    return WRITTEN;
  }
  const look = (fd: number): void => {
    records.set(encodeRecord(digest, 'file', fstatSync(fd, { bigint: true })), at * RECORD);
  };
  const isNew = writeObject(layout, stagedPath(staging, digest), { bytes, look });
  return isNew ? STAGED : READ;
}

export interface NewObject {
  readonly bytes: Uint8Array;
  /** Called when all is written. */
  readonly look?: (fd: number) => void;
}

/** False when the file exists. */
export function writeObject({ modes, cacheDir }: Layout, path: string, { bytes, look }: NewObject): boolean {
  try {
    const fd = openSync(path, 'wx', modes.object);
    try {
      writeFully(fd, bytes);
      if (modes.exact) fchmodSync(fd, modes.object);
      look?.(fd);
    } finally {
      closeSync(fd);
    }
    return true;
  } catch (error) {
    if (isErrno(error, 'EEXIST')) return false;
    rmSync(path, { force: true });
    throw diskError(error, `cannot write to the cache ${cacheDir}`);
  }
}
