import { randomBytes } from 'node:crypto';
import {
  chmodSync,
  closeSync,
  fsyncSync,
  lstatSync,
  mkdirSync,
  openSync,
  realpathSync,
  renameSync,
  rmSync,
  statSync,
  writeSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { isErrno, LockstepError } from './error.ts';

/**
 * Replaces a file as a whole: a reader sees the old bytes or the new ones, and a crash leaves one of the two. With
 * `durable` the new bytes are on the disk when it returns; without, a power cut may take the file back to nothing, so
 * only what can be rebuilt is written that way. Missing directories are made; a symlink's target is what is replaced.
 * `doing` is what an error says could not be done, `cannot write` the path unless told.
 */
export function writeFileAtomic(
  path: string,
  data: string | Uint8Array,
  { durable, doing = `cannot write ${path}` }: { readonly durable: boolean; readonly doing?: string },
): void {
  const { target, mode } = whatIsThere(path, doing);
  const directory = dirname(target);
  const temporary = join(directory, temporaryName());
  try {
    writeNewBelow(directory, () => writeNew(temporary, data, durable));
    if (mode !== undefined) chmodSync(temporary, mode & 0o7777);
    renameSync(temporary, target);
    if (durable) syncDirectory(directory);
  } catch (error) {
    rmSync(temporary, { force: true });
    throw diskError(error, doing);
  }
}

/** A file name that no other process picks, that git and globs pass over, and that no one takes for a digest. */
export function temporaryName(): string {
  return `.lockstep-${randomBytes(9).toString('base64url')}.tmp`;
}

/** Makes the names in a directory survive a power cut. */
function syncDirectory(directory: string): void {
  const fd = openSync(directory, 'r');
  try {
    fsyncSync(fd);
  } catch (error) {
    // Some network file systems cannot sync a directory; their renames are durable or nothing can make them so.
    if (!isErrno(error, 'EINVAL', 'ENOTSUP')) throw error;
  } finally {
    closeSync(fd);
  }
}

const DISK_FAULTS: Readonly<Record<string, { readonly says: string; readonly hint: string }>> = {
  ENOSPC: {
    says: 'no space left on the device',
    hint: 'free some space, then run the command again; nothing was lost',
  },
  EDQUOT: { says: 'the disk quota is used up', hint: 'free some space, then run the command again; nothing was lost' },
  EROFS: { says: 'the file system is read-only', hint: 'choose a place that can be written to' },
  EACCES: { says: 'permission denied', hint: 'check the permissions of the directory and of the ones above it' },
  EPERM: { says: 'operation not permitted', hint: 'check the permissions and attributes of the directory' },
  EIO: { says: 'input/output error', hint: 'the disk may be failing: check its state before going on' },
  EMFILE: { says: 'too many open files', hint: 'raise the limit (`ulimit -n`) or lower the number of jobs' },
  ENFILE: { says: 'too many open files in the system', hint: 'close other programs or raise the limit' },
  ENAMETOOLONG: { says: 'the name is too long for this file system', hint: 'choose a shorter name' },
  ENOTDIR: { says: 'a part of the path is not a directory', hint: 'move the file that is in the way' },
  EEXIST: { says: 'a file is in the way', hint: 'move the file that is in the way' },
};

/** The stoppage for a system error that the disk, not the program, is to blame for; anything else comes back as it is. */
export function diskError(error: unknown, doing: string): unknown {
  if (error instanceof LockstepError || !(error instanceof Error)) return error;
  const fault = DISK_FAULTS[(error as NodeJS.ErrnoException).code ?? ''];
  if (fault === undefined) return error;
  return new LockstepError('disk', `${doing}: ${fault.says}`, { hint: fault.hint, cause: error });
}

/** Where the bytes really stand, and with which permissions; most often nothing is there, or a plain file. */
function whatIsThere(path: string, doing: string): { readonly target: string; readonly mode: number | undefined } {
  try {
    const stat = lstatSync(path, { throwIfNoEntry: false });
    if (stat?.isSymbolicLink() !== true) return { target: path, mode: stat?.mode };
    const target = realpathSync(path);
    return { target, mode: statSync(target).mode };
  } catch (error) {
    if (isErrno(error, 'ENOENT')) return { target: path, mode: undefined };
    throw diskError(error, doing);
  }
}

/** Makes the directory only when it turns out to be missing: it nearly always is there. */
function writeNewBelow(directory: string, write: () => void): void {
  try {
    write();
  } catch (error) {
    if (!isErrno(error, 'ENOENT')) throw error;
    mkdirSync(directory, { recursive: true });
    write();
  }
}

function writeNew(path: string, data: string | Uint8Array, durable: boolean): void {
  const fd = openSync(path, 'wx');
  try {
    writeFully(fd, typeof data === 'string' ? Buffer.from(data) : data);
    if (durable) fsyncSync(fd);
  } finally {
    closeSync(fd);
  }
}

/** A single write may take only a part of the bytes, on a full disk for example. */
export function writeFully(fd: number, bytes: Uint8Array): void {
  let written = 0;
  while (written < bytes.length) written += writeSync(fd, bytes, written);
}
