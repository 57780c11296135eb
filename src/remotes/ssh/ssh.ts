import { posix } from 'node:path';
import { Readable } from 'node:stream';
import { forEachBounded } from '../bounded.ts';
import { haveInDirectories } from '../existence.ts';
import { type Listed, type Remote, type RemoteAddress, RemoteError, type Sending, textOption } from '../remote.ts';
import { inDirectory, isAbandoned, UNFINISHED, unfinishedKey } from '../unfinished.ts';
import { type Connections, connectionsTo } from './connections.ts';
import { loginOf } from './login.ts';
import { isMissing, requestFault, type Session } from './session.ts';
import { piecesOf, sendPieces } from './transfer.ts';

/** So many names of one directory are asked for one by one. */
const FEW = 4;
/** Connections; what one server process does for us waits for its disk. */
const MOST_CONNECTIONS = 4;

interface Place {
  readonly connections: Connections;
  readonly root: string;
}

/** A directory of a machine that is reached by SSH, by its file transfer protocol. */
export async function openSsh(address: RemoteAddress): Promise<Remote> {
  const root = rootOf(address.url);
  const login = await loginOf(address);
  const most = Number(textOption(address, 'max_sessions') ?? MOST_CONNECTIONS);
  const connections = connectionsTo(login, Math.max(1, Math.min(most, address.jobs, MOST_CONNECTIONS)));
  const at: Place = { connections, root };
  const { jobs } = address;
  let swept: Promise<void> | undefined;
  return {
    url: `ssh://${login.user}@${login.host}${login.port === 22 ? '' : `:${login.port}`}${root}`,
    have: (keys) => {
      const list = (from: string) => listBelow(at, from);
      return haveInDirectories(keys, { jobs, few: FEW, list, sizeOf: (key) => sizeOf(at, key) });
    },
    read: (key) => read(at, key),
    write: async (key, file) => {
      swept ??= sweep(at);
      await swept;
      await write(at, key, file);
    },
    remove: (keys) => forEachBounded(keys, { jobs }, (key) => remove(at, posix.join(root, key))),
    list: (prefix) => listBelow(at, prefix),
    close: async () => {
      if (swept !== undefined) {
        const session = await connections.next().catch(() => undefined);
        await session?.ask((sftp, done) => sftp.rmdir(posix.join(root, UNFINISHED), done)).catch(() => undefined);
      }
      await connections.close();
    },
  };
}

function rootOf(url: string): string {
  const root = decodeURIComponent(new URL(url).pathname).replace(/\/+$/, '');
  if (root !== '') return root;
  throw new RemoteError('fatal', 'its address names no directory', { hint: 'ssh://USER@HOST/path/to/directory' });
}

async function sizeOf({ connections, root }: Place, key: string): Promise<number | undefined> {
  const session = await connections.next();
  try {
    const found = await session.ask<{ size: number; isFile(): boolean }>((sftp, done) =>
      sftp.stat(posix.join(root, key), done),
    );
    return found.isFile() ? found.size : undefined;
  } catch (error) {
    if (isMissing(error)) return undefined;
    throw requestFault(error, `cannot look at ${key}`);
  }
}

async function read({ connections, root }: Place, key: string): Promise<Readable> {
  const session = await connections.next();
  try {
    const handle = await session.ask<Buffer>((sftp, done) => sftp.open(posix.join(root, key), 'r', done));
    const { size } = await session.ask<{ size: number }>((sftp, done) => sftp.fstat(handle, done));
    return Readable.from(piecesOf(session, { handle, size, key }), { objectMode: false });
  } catch (error) {
    throw requestFault(error, `cannot read ${key}`);
  }
}

async function write({ connections, root }: Place, key: string, file: Sending): Promise<void> {
  file.signal.throwIfAborted();
  const session = await connections.next();
  const target = posix.join(root, key);
  const making = posix.join(root, unfinishedKey());
  const above = (path: string) => ({ isMissing, make: () => makeDirectory(session, posix.dirname(path)) });
  try {
    const handle = await inDirectory(above(making), () =>
      session.ask<Buffer>((sftp, done) => sftp.open(making, 'wx', done)),
    );
    try {
      await sendPieces(session, handle, file);
      await makeDurable(session, handle);
    } finally {
      await session.ask((sftp, done) => sftp.close(handle, done));
    }
    await inDirectory(above(target), () => rename(session, making, target));
  } catch (error) {
    await remove({ connections, root }, making).catch(() => undefined);
    if (file.signal.aborted) throw error;
    throw requestFault(error, `cannot write ${key}`);
  }
}

/** Servers other than OpenSSH's seldom have a request for it. */
async function makeDurable(session: Session, handle: Buffer): Promise<void> {
  await session
    .ask((sftp, done) => sftp.ext_openssh_fsync(handle, done))
    .catch((error: unknown) => {
      if (!isUnsupported(error)) throw error;
    });
}

/** The protocol's own rename does not replace what is there. */
async function rename(session: Session, from: string, to: string): Promise<void> {
  try {
    await session.ask((sftp, done) => sftp.ext_openssh_rename(from, to, done));
  } catch (error) {
    if (!isUnsupported(error)) throw error;
    await session.ask((sftp, done) => sftp.unlink(to, done)).catch(() => undefined);
    await session.ask((sftp, done) => sftp.rename(from, to, done));
  }
}

function isUnsupported(error: unknown): boolean {
  return error instanceof Error && /does not support this extended request/.test(error.message);
}

async function makeDirectory(session: Session, directory: string): Promise<void> {
  const make = () => session.ask((sftp, done) => sftp.mkdir(directory, done));
  try {
    await make();
  } catch (error) {
    if (isMissing(error) && posix.dirname(directory) !== directory) {
      await makeDirectory(session, posix.dirname(directory));
      await make().catch(() => undefined);
      return;
    }
    // Of one that another made meanwhile the server says only that it failed.
    await session.ask<unknown>((sftp, done) => sftp.stat(directory, done)).catch(() => Promise.reject(error));
  }
}

async function remove({ connections }: Place, path: string): Promise<void> {
  const session = await connections.next();
  try {
    await session.ask((sftp, done) => sftp.unlink(path, done));
  } catch (error) {
    if (!isMissing(error)) throw requestFault(error, `cannot remove ${path}`);
  }
}

async function sweep(at: Place): Promise<void> {
  const directory = posix.join(at.root, UNFINISHED);
  for await (const { filename, attrs } of entriesOf(at, directory)) {
    if (isAbandoned(filename, attrs.mtime * 1000)) await remove(at, posix.join(directory, filename));
  }
}

async function* listBelow(at: Place, prefix: string): AsyncIterable<Listed> {
  for await (const { filename, attrs } of entriesOf(at, posix.join(at.root, prefix))) {
    const key = `${prefix}${filename}`;
    if (attrs.isDirectory()) yield* listBelow(at, `${key}/`);
    else if (attrs.isFile()) yield { key, size: attrs.size };
  }
}

interface Entry {
  readonly filename: string;
  readonly attrs: {
    readonly size: number;
    /** Seconds. */
    readonly mtime: number;
    isFile(): boolean;
    isDirectory(): boolean;
  };
}

/** As many at a time as the server gives. */
async function* entriesOf({ connections }: Place, directory: string): AsyncIterable<Entry> {
  const session = await connections.next();
  let handle: Buffer | undefined;
  try {
    const opened = await session.ask<Buffer>((sftp, done) => sftp.opendir(directory, done));
    handle = opened;
    for (;;) {
      const entries = await session.ask<readonly Entry[] | false>((sftp, done) =>
        sftp.readdir(opened, (error, list) =>
          error !== undefined && 'code' in error && error.code === 1 ? done(undefined, false) : done(error, list),
        ),
      );
      if (entries === false) return;
      yield* entries;
    }
  } catch (error) {
    if (!isMissing(error)) throw requestFault(error, `cannot list ${directory}`);
  } finally {
    const used = handle;
    if (used !== undefined) await session.ask((sftp, done) => sftp.close(used, done)).catch(() => undefined);
  }
}
