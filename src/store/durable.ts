import { open } from 'node:fs/promises';
import { isErrno } from '../base/error.ts';

/** From this many paths on, one sync of the whole file system costs less than one per path. */
const MANY = 64;
/** As many as node has threads for files. */
const AT_ONCE = 4;

/** Resolves when the bytes of these files and the names in these directories would survive a power cut. */
export async function makeDurable(paths: readonly string[], directory: string): Promise<void> {
  if (paths.length >= MANY && (await syncFileSystem(directory))) return;
  const queue = [...paths];
  const worker = async (): Promise<void> => {
    for (let path = queue.pop(); path !== undefined; path = queue.pop()) await syncOne(path);
  };
  await Promise.all(Array.from({ length: Math.min(AT_ONCE, paths.length) }, worker));
}

async function syncOne(path: string): Promise<void> {
  const file = await open(path, 'r');
  try {
    await file.sync();
  } catch (error) {
    // Some network file systems cannot sync a directory.
    if (!isErrno(error, 'EINVAL', 'ENOTSUP')) throw error;
  } finally {
    await file.close();
  }
}

/** Node has no syncfs; coreutils' sync does. False where it is missing or fails. */
async function syncFileSystem(directory: string): Promise<boolean> {
  // Loaded late: it would be an eighth of the CPU of a command that syncs nothing.
  const { execFile } = await import('node:child_process');
  return await new Promise((resolve) => {
    execFile('sync', ['-f', '--', directory], (error) => resolve(error === null));
  });
}
