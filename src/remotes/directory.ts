import { constants, createReadStream, createWriteStream, type Dirent } from 'node:fs';
import { chmod, lstat, mkdir, open, readdir, rename, rm, rmdir, stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { fileURLToPath } from 'node:url';
import { diskError } from '../base/atomic-file.ts';
import { isErrno, LockstepError } from '../base/error.ts';
import { forEachBounded } from './bounded.ts';
import { type Listed, type Remote, type RemoteAddress, RemoteError, type Sending } from './remote.ts';
import { type Directory, inDirectory, isAbandoned, UNFINISHED, unfinishedKey } from './unfinished.ts';

/** A directory: of this machine, or of another one that is mounted here. */
export async function openDirectory({ url, jobs }: RemoteAddress): Promise<Remote> {
  const root = url.startsWith('file:') ? fileURLToPath(url) : url;
  let swept: Promise<void> | undefined;
  const at = (key: string): string => join(root, key);
  return {
    url: root,
    have: async (keys) => {
      const found = new Map<string, number>();
      await forEachBounded(keys, { jobs }, async (key) => {
        const size = await sizeOf(at(key));
        if (size !== undefined) found.set(key, size);
      });
      return found;
    },
    read: (key) => openFile(at(key), key),
    write: async (key, file) => {
      swept ??= sweep(join(root, UNFINISHED));
      await swept;
      await writeFile(root, key, file);
    },
    remove: (keys) => forEachBounded(keys, { jobs }, (key) => rm(at(key), { force: true }).catch(refused(root))),
    list: (prefix) => listBelow(root, prefix),
    close: async () => {
      if (swept !== undefined) await rmdir(join(root, UNFINISHED)).catch(() => undefined);
    },
  };
}

async function sizeOf(path: string): Promise<number | undefined> {
  try {
    const found = await stat(path);
    return found.isFile() ? found.size : undefined;
  } catch (error) {
    if (isErrno(error, 'ENOENT', 'ENOTDIR')) return undefined;
    throw faultOf(error, `cannot look at ${path}`);
  }
}

async function openFile(path: string, key: string): Promise<Readable> {
  try {
    const file = await open(path, constants.O_RDONLY | constants.O_NONBLOCK);
    if ((await file.stat()).isFile()) return createReadStream('', { fd: file, highWaterMark: 256 * 1024 });
    await file.close();
    throw new RemoteError('missing', `${key} is no file`);
  } catch (error) {
    if (error instanceof RemoteError) throw error;
    if (isErrno(error, 'ENOENT', 'ENOTDIR')) throw new RemoteError('missing', `${key} is not there`, { cause: error });
    throw faultOf(error, `cannot read ${path}`);
  }
}

async function writeFile(root: string, key: string, { path, signal }: Sending): Promise<void> {
  const target = join(root, key);
  const making = join(root, unfinishedKey());
  try {
    await inDirectory(madeWhereMissing(dirname(making)), async () => {
      const to = createWriteStream(making, { flags: 'wx', flush: true });
      await pipeline(createReadStream(path, { highWaterMark: 256 * 1024 }), to, { signal });
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

async function sweep(directory: string): Promise<void> {
  for (const { name } of await entriesOf(directory)) {
    const path = join(directory, name);
    const found = await lstat(path).catch(() => undefined);
    if (found !== undefined && isAbandoned(name, found.ctimeMs)) await rm(path, { force: true });
  }
}

async function* listBelow(root: string, prefix: string): AsyncIterable<Listed> {
  for (const entry of await entriesOf(join(root, prefix))) {
    const key = `${prefix}${entry.name}`;
    if (entry.isDirectory()) yield* listBelow(root, `${key}/`);
    const size = entry.isFile() ? await sizeOf(join(root, key)) : undefined;
    if (size !== undefined) yield { key, size };
  }
}

async function entriesOf(directory: string): Promise<readonly Dirent[]> {
  try {
    return await readdir(directory, { withFileTypes: true });
  } catch (error) {
    if (isErrno(error, 'ENOENT', 'ENOTDIR')) return [];
    throw faultOf(error, `cannot list ${directory}`);
  }
}

function refused(root: string): (error: unknown) => never {
  return (error) => {
    throw faultOf(error, `cannot remove from the remote ${root}`);
  };
}

/** A disk does not get better by waiting, but a network file system may. */
function faultOf(error: unknown, doing: string): unknown {
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
