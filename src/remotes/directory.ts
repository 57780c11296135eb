import { constants, createReadStream, type Dirent } from 'node:fs';
import { lstat, open, readdir, rm, rmdir, stat } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import type { Readable } from 'node:stream';
import { fileURLToPath } from 'node:url';
import { isErrno } from '../base/error.ts';
import { forEachBounded } from './bounded.ts';
import { faultOf, writeFile, writeMany } from './directory-write.ts';
import { type Listed, type Remote, type RemoteAddress, RemoteError } from './remote.ts';
import { isAbandoned, UNFINISHED } from './unfinished.ts';

/** A directory: of this machine, or of another one that is mounted here. */
export async function openDirectory({ url, jobs }: RemoteAddress): Promise<Remote> {
  const root = url.startsWith('file:') ? fileURLToPath(url) : url;
  let swept: Promise<void> | undefined;
  const at = (key: string): string => join(root, key);
  const sweepOnce = async (): Promise<void> => {
    swept ??= sweep(join(root, UNFINISHED));
    await swept;
  };
  return {
    url: root,
    have: (keys) => whatIsThere(root, keys, jobs),
    read: (key) => openFile(at(key), key),
    write: async (key, file) => {
      await sweepOnce();
      await writeFile(root, key, file);
    },
    remove: (keys) => forEachBounded(keys, { jobs }, (key) => rm(at(key), { force: true }).catch(refused(root))),
    list: (prefix) => listBelow(root, prefix),
    files: {
      pathOf: at,
      writeMany: async (files, signal) => {
        await sweepOnce();
        await writeMany(root, files, signal);
      },
    },
    close: async () => {
      if (swept !== undefined) await rmdir(join(root, UNFINISHED)).catch(() => undefined);
    },
  };
}

/** From this many keys below one directory on, its listing costs less than a question for each. */
const MANY = 16;

async function whatIsThere(root: string, keys: readonly string[], jobs: number): Promise<ReadonlyMap<string, number>> {
  const below = new Map<string, string[]>();
  for (const key of keys) {
    const asked = below.get(dirname(key));
    if (asked === undefined) below.set(dirname(key), [key]);
    else asked.push(key);
  }
  const found = new Map<string, number>();
  const ask = async (key: string): Promise<void> => {
    const size = await sizeOf(join(root, key));
    if (size !== undefined) found.set(key, size);
  };
  await forEachBounded(below, { jobs }, async ([directory, asked]) => {
    if (asked.length < MANY) {
      for (const key of asked) await ask(key);
      return;
    }
    const names = new Set((await entriesOf(join(root, directory))).map(({ name }) => name));
    for (const key of asked) if (names.has(basename(key))) await ask(key);
  });
  return found;
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
