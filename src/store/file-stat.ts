import { type BigIntStats, lstatSync, statSync } from 'node:fs';
import { isErrno, LockstepError } from '../base/error.ts';

const TYPE_MASK = 0o170000;
const KINDS: ReadonlyMap<number, FileKind> = new Map([
  [0o100000, 'file'],
  [0o040000, 'directory'],
  [0o120000, 'link'],
  [0o010000, 'named pipe'],
  [0o140000, 'socket'],
  [0o020000, 'character device'],
  [0o060000, 'block device'],
]);

export type FileKind = 'file' | 'directory' | 'link' | 'named pipe' | 'socket' | 'character device' | 'block device';

export function kindOf(stat: BigIntStats): FileKind {
  return KINDS.get(Number(stat.mode) & TYPE_MASK) ?? 'block device';
}

export function isExecutable(stat: BigIntStats): boolean {
  return (stat.mode & 0o100n) !== 0n;
}

/** The stat of what a path leads to; undefined when nothing is there or a link leads nowhere. */
export function statOf(path: string, shown: string): BigIntStats | undefined {
  try {
    return statSync(path, { bigint: true, throwIfNoEntry: false });
  } catch (error) {
    if (isErrno(error, 'ENOTDIR')) return undefined;
    throw unusable(error, shown);
  }
}

/** The stat of the path itself; undefined when nothing is there. */
export function lstatOf(path: string, shown: string): BigIntStats | undefined {
  try {
    return lstatSync(path, { bigint: true, throwIfNoEntry: false });
  } catch (error) {
    if (isErrno(error, 'ENOTDIR')) return undefined;
    throw unusable(error, shown);
  }
}

/**
 * All of a stat that changes when the bytes do. A program can set mtime back, but not ctime and not the inode of a
 * file that it replaced. The device is left out: its number may change when the machine restarts.
 */
export function signatureOf(stat: BigIntStats): string {
  return `${stat.size} ${stat.ino} ${stat.mode} ${stat.mtimeNs} ${stat.ctimeNs}`;
}

/**
 * Milliseconds within which two writes may bear the same time: the kernel's clock for files ticks every 1 to 10 ms.
 * A file read within that time of its last change may change again and look the same.
 */
export const RACY_WINDOW = 20;

/** Whether a change made after `since` (milliseconds since the epoch) could hide behind this stat. */
export function isRacy(stat: BigIntStats, since: number): boolean {
  const limit = racyLimit(since);
  return stat.mtimeNs >= limit || stat.ctimeNs >= limit;
}

/** In nanoseconds since the epoch: what was changed later than that is racy. */
export function racyLimit(since: number): bigint {
  return BigInt(Math.floor(since - RACY_WINDOW)) * 1_000_000n;
}

const PATH_FAULTS: Readonly<Record<string, string>> = {
  ELOOP: 'its symbolic links lead in a circle',
  ENAMETOOLONG: 'its name is too long for the file system',
  EACCES: 'permission denied',
  EPERM: 'operation not permitted',
  EIO: 'input/output error',
};

/** The stoppage for a path that cannot be looked at or read; anything unexpected comes back as it is. */
export function unusable(error: unknown, shown: string): unknown {
  const says = isErrno(error, ...Object.keys(PATH_FAULTS)) ? PATH_FAULTS[error.code ?? ''] : undefined;
  if (says === undefined) return error;
  return new LockstepError('unusable-file', `cannot read ${quote(shown)}: ${says}`, { cause: error });
}

export function notAFile(shown: string, kind: FileKind): LockstepError {
  return new LockstepError('unusable-file', `${quote(shown)} is a ${kind}, not a file or directory`, {
    hint: 'only files, directories and symbolic links have content that can be tracked',
  });
}

/** Paths in messages stay on one line. */
export function quote(path: string): string {
  return /[\p{Cc}"\\\ufffd]/u.test(path) ? JSON.stringify(path) : `"${path}"`;
}
