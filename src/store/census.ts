import { createRequire } from 'node:module';
import { hashSync } from 'hasha';

/** Type, inode, size, mode, mtime and ctime in nanoseconds, and path of everything below a directory. */
const FORMAT = '%y %i %s %m %T@ %C@ %P\\0';
/** Most commands start no process here, and loading what does it takes longer than all that a small `status` hashes. */
const load = createRequire(import.meta.url);
const AT_MOST = 512 * 1024 * 1024;

/**
 * The SHA-256 of every stat below a directory, as GNU find lists them. Node spends 7 µs of CPU on the stat of a file,
 * find half of that: for 70,000 files, where nothing mostly is what has changed, that is 0.2 s of 0.6. The order is
 * that of the directories on the disk, so equal digests mean that nothing changed, while others mean nothing.
 * Undefined where there is no such find, or where it met something it could not look at.
 */
export function takeCensus(directory: string): string | undefined {
  const { spawnSync } = load('node:child_process') as typeof import('node:child_process');
  const { status, stdout } = spawnSync('find', [directory, '-mindepth', '1', '-printf', FORMAT], {
    maxBuffer: AT_MOST,
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  return status === 0 ? hashSync(stdout, { algorithm: 'sha256' }) : undefined;
}
