import { type BigIntStats, closeSync, constants, fstatSync, openSync, readSync } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';
import { setTimeout } from 'node:timers/promises';
import { hashingStream } from 'hasha';
import type { Digest } from '../base/brand.ts';
import { isErrno } from '../base/error.ts';
import { type Algorithm, digestOf } from '../base/hash.ts';
import { isRacy, kindOf, notAFile, RACY_WINDOW, unusable } from './file-stat.ts';

/** What was read of a file. */
export interface Hashed {
  readonly digest: Digest;
  /** Bytes read, which for a file that is being written may differ from the stat's. */
  readonly size: number;
  /** Taken before the first byte was read: any later change makes another stat. */
  readonly stat: BigIntStats;
  /** Whether the stat may vouch for the digest (see isRacy). */
  readonly trusted: boolean;
}

/** Receives the bytes of a file as they are read. The buffer is reused when the promise resolves. */
export interface Sink {
  write(chunk: Uint8Array): Promise<void>;
}

export interface HashOptions {
  readonly algorithm: Algorithm;
  readonly shown: string;
  readonly now: () => number;
}

/** Up to this size one synchronous read is cheaper than promises. */
export const SMALL = 1024 * 1024;
const CHUNK = 1024 * 1024;
/** A file larger than this, written just now, is not hashed before its stat can vouch for it. */
const WORTH_WAITING = 4 * 1024 * 1024;

/** A named pipe put where a file was must not hold us up. */
const READ = constants.O_RDONLY | constants.O_NONBLOCK;

const smallBuffer = Buffer.allocUnsafeSlow(SMALL + 1);

export type SmallHashed = Hashed & {
  /** Valid until the next small file is read. */
  readonly bytes: Uint8Array;
};

/** Reads and hashes a file if it is small; undefined if it is not, `'missing'` if it is gone. */
export function hashSmall(path: string, options: HashOptions): SmallHashed | 'missing' | undefined {
  const began = options.now();
  const fd = openToRead(path, options.shown);
  if (fd === undefined) return 'missing';
  try {
    const stat = fstatSync(fd, { bigint: true });
    const kind = kindOf(stat);
    if (kind !== 'file') throw notAFile(options.shown, kind);
    const bytes = stat.size > SMALL ? undefined : readWhole(fd);
    if (bytes === undefined) return undefined;
    const digest = digestOf(bytes, options.algorithm);
    return { digest, size: bytes.length, stat, trusted: !isRacy(stat, began), bytes };
  } catch (error) {
    throw unusable(error, options.shown);
  } finally {
    closeSync(fd);
  }
}

/** The bytes of a file, valid until the next small file is read; undefined if it is not small. */
export function readSmall(path: string, shown: string): Uint8Array | 'missing' | undefined {
  const fd = openToRead(path, shown);
  if (fd === undefined) return 'missing';
  try {
    return readWhole(fd);
  } catch (error) {
    throw unusable(error, shown);
  } finally {
    closeSync(fd);
  }
}

/** Reads and hashes a large file, in pieces, each of which goes to the sink while the next is being read. */
export async function hashLarge(
  path: string,
  sink: Sink | undefined,
  options: HashOptions,
): Promise<Hashed | 'missing'> {
  let file: FileHandle;
  try {
    file = await open(path, READ);
  } catch (error) {
    if (isErrno(error, 'ENOENT', 'ENOTDIR')) return 'missing';
    throw unusable(error, options.shown);
  }
  try {
    const stat = await settled(file, options.now);
    const trusted = !isRacy(stat, options.now());
    const { digest, size } = await pump(file, { sink, algorithm: options.algorithm });
    return { digest, size, stat, trusted };
  } catch (error) {
    throw unusable(error, options.shown);
  } finally {
    await file.close();
  }
}

function openToRead(path: string, shown: string): number | undefined {
  try {
    return openSync(path, READ);
  } catch (error) {
    if (isErrno(error, 'ENOENT', 'ENOTDIR')) return undefined;
    throw unusable(error, shown);
  }
}

/** Undefined if there is more than a small file holds. */
function readWhole(fd: number): Uint8Array | undefined {
  let length = 0;
  while (length <= SMALL) {
    const read = readSync(fd, smallBuffer, length, smallBuffer.length - length, null);
    if (read === 0) return smallBuffer.subarray(0, length);
    length += read;
  }
  return undefined;
}

async function settled(file: FileHandle, now: () => number): Promise<BigIntStats> {
  for (let tries = 0; ; tries++) {
    const stat = await file.stat({ bigint: true });
    if (stat.size <= WORTH_WAITING || !isRacy(stat, now()) || tries === 3) return stat;
    await setTimeout(RACY_WINDOW + 2);
  }
}

async function pump(
  file: FileHandle,
  { sink, algorithm }: { readonly sink: Sink | undefined; readonly algorithm: Algorithm },
): Promise<{ digest: Digest; size: number }> {
  const hash = hashingStream({ algorithm });
  let size = 0;
  let current = Buffer.allocUnsafeSlow(CHUNK);
  let next = Buffer.allocUnsafeSlow(CHUNK);
  let length = (await file.read(current, 0, CHUNK, null)).bytesRead;
  while (length > 0) {
    const chunk = current.subarray(0, length);
    const reading = file.read(next, 0, CHUNK, null);
    const writing = sink?.write(chunk);
    hash.update(chunk);
    size += length;
    const [read] = await Promise.all([reading, writing]);
    length = read.bytesRead;
    [current, next] = [next, current];
  }
  return { digest: `${algorithm}:${hash.digest('hex')}` as Digest, size };
}
