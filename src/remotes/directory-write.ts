import { createReadStream, createWriteStream, mkdirSync, renameSync, rmSync } from 'node:fs';
import { chmod, mkdir, rename, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { diskError } from '../base/atomic-file.ts';
import { isErrno, LockstepError } from '../base/error.ts';
import { Breath } from '../store/breath.ts';
import { copySmall } from '../store/copy-small.ts';
import { makeDurable } from '../store/durable.ts';
import { type KeyedFile, RemoteError, type Sending } from './remote.ts';
import { type Directory, inDirectory, unfinishedKey } from './unfinished.ts';

/** Bytes of a large file that are read at once. */
const CHUNK = 1024 * 1024;

export async function writeFile(root: string, key: string, { path, signal }: Sending): Promise<void> {
  const target = join(root, key);
  const making = join(root, unfinishedKey());
  try {
    await inDirectory(madeWhereMissing(dirname(making)), async () => {
      const to = createWriteStream(making, { flags: 'wx', flush: true });
      await pipeline(createReadStream(path, { highWaterMark: CHUNK }), to, { signal });
    });
    await chmod(making, 0o444);
    await inDirectory(madeWhereMissing(dirname(target)), () => rename(making, target));
  } catch (error) {
    await rm(making, { force: true }).catch(() => undefined);
    if (signal.aborted) throw error;
    throw faultOf(error, `cannot write to the remote ${root}`);
  }
}

function madeWhereMissing(directory: string): Directory {
  return {
    isMissing: (error) => isErrno(error, 'ENOENT'),
    make: async () => void (await mkdir(directory, { recursive: true })),
  };
}

/** Small files, by synchronous calls: copied, made durable, named, and the names made durable, each for all at once. */
export async function writeMany(root: string, files: readonly KeyedFile[], signal: AbortSignal): Promise<void> {
  const base = join(root, unfinishedKey());
  const copies: { readonly making: string; readonly target: string }[] = [];
  try {
    await mkdir(dirname(base), { recursive: true });
    const breath = new Breath();
    for (const [at, { key, path }] of files.entries()) {
      if (breath.due) await breath.take();
      signal.throwIfAborted();
      const copy = { making: `${base}-${at}`, target: join(root, key) };
      copies.push(copy);
      if (!copySmall(path, copy.making, 0o444)) {
        throw new RemoteError('transient', `${path} is not the small file that it was`);
      }
    }
    await makeDurable(
      copies.map(({ making }) => making),
      root,
    );
    const touched = new Set<string>();
    for (const { making, target } of copies) {
      if (breath.due) await breath.take();
      if (!touched.has(dirname(target))) mkdirSync(dirname(target), { recursive: true });
      touched.add(dirname(target));
      renameSync(making, target);
    }
    await makeDurable([...touched, ...new Set([...touched].map(dirname))], root);
  } catch (error) {
    for (const { making } of copies) rmSync(making, { force: true });
    if (signal.aborted) throw error;
    throw faultOf(error, `cannot write to the remote ${root}`);
  }
}

/** A disk does not get better by waiting, but a network file system may. */
export function faultOf(error: unknown, doing: string): unknown {
  if (isErrno(error, 'ENOENT', 'EIO', 'ESTALE', 'ETIMEDOUT', 'EAGAIN', 'EBUSY', 'EINTR')) {
    return new RemoteError('transient', `${doing}: ${error.code}`, { cause: error });
  }
  const known = diskError(error, doing);
  if (!(known instanceof LockstepError)) return known;
  return new RemoteError('fatal', known.message, {
    ...(known.hint !== undefined && { hint: known.hint }),
    cause: error,
  });
}
