import { chmodSync, existsSync, readFileSync, realpathSync, rmSync } from 'node:fs';
import { hostname } from 'node:os';
import { dirname, join } from 'node:path';
import { writeFileAtomic } from '../base/atomic-file.ts';
import { isErrno, LockstepError } from '../base/error.ts';
import { type About, acquireSharedWaiting, acquireWaiting, type Held, type Holder } from '../base/exclusive.ts';
import { digestOf, hexOf } from '../base/hash.ts';
import { processTable } from '../base/process-identity.ts';
import type { Layout } from './layout.ts';
import { makeDirectories } from './making.ts';
import { namesIn } from './names-in.ts';

/*
 * Between the moment in which an object is found in the cache, or named there, and the moment in which a lockfile
 * names it, nobody can see that it is needed. So whoever saves or restores shares a lock on the cache meanwhile, and
 * whoever removes objects holds all of it. The kernel gives it back when a process dies.
 *
 * Which lockfiles there are shows from the workspaces that ever shared the lock: each leaves its name beside it.
 */

/** A process that is about to use a cache. */
export interface CacheUse {
  /** The workspace; absolute. */
  readonly root: string;
  readonly about: About;
  readonly signal: AbortSignal;
  /** Called for whoever is waited for. */
  readonly onWait: (holder: Holder) => void;
}

/** A workspace that uses, or used, the cache. */
export interface RegisteredWorkspace {
  readonly root: string;
  readonly host: string;
  /** Where the cache was, as that workspace saw it. */
  readonly cacheDir: string;
  /** Takes it off the list. */
  forget(): void;
}

/** Shares the lock. Where nothing can be written beside the cache there is nothing to be removed by us, either. */
export async function shareCache(layout: Layout, use: CacheUse): Promise<Held> {
  if (!isReady(layout)) return { release: () => {} };
  const held = await acquireSharedWaiting(lockOf(layout), use);
  try {
    openForGroup(layout);
    register(layout, use);
  } catch (error) {
    held.release();
    throw error;
  }
  return held;
}

/** Holds the cache alone, to remove objects; waits for all who use it. */
export async function holdCacheAlone(layout: Layout, use: CacheUse): Promise<Held> {
  makeUsersDir(layout);
  return await acquireWaiting(lockOf(layout), use.about, { ...use, sharer: () => livingUser(layout) });
}

/** All workspaces on the list; throws `unusable-file` where one of them cannot be made out. */
export function registeredWorkspaces(layout: Layout): readonly RegisteredWorkspace[] {
  const directory = usersDir(layout);
  const files = namesIn(directory).filter((name) => NAME.test(name));
  return files.map((name) => ({
    ...parse(join(directory, name)),
    forget() {
      for (const file of [name, nowOf(name)]) rmSync(join(directory, file), { force: true });
    },
  }));
}

/** Of the file that names a workspace; what its processes do at the moment stands beside it. */
const NAME = /^[0-9a-f]{16}\.json$/;

function nowOf(name: string): string {
  return name.replace('.json', '.now.json');
}

/**
 * Who uses the cache, and the lock that they share. It follows from where the cache really is, so that all find the same
 * place. Beside a project's own `.dvc/cache` it is among what is lockstep's; a DVC cache elsewhere has to hold it itself.
 */
function usersDir({ cacheDir }: Layout): string {
  const real = existsSync(cacheDir) ? realpathSync(cacheDir) : cacheDir;
  if (!real.endsWith('/.dvc/cache')) return join(real, 'users');
  return join(dirname(dirname(real)), '.lockstep', 'cache-users');
}

function makeUsersDir(layout: Layout): void {
  makeDirectories(layout, layout.cacheDir);
  const directory = usersDir(layout);
  makeDirectories(layout, directory);
  // The project that the cache is of need not be one that lockstep was ever run in.
  const ignore = join(directory, '.gitignore');
  if (!directory.startsWith(`${realpathSync(layout.cacheDir)}/`) && !existsSync(ignore)) {
    writeFileAtomic(ignore, '*\n', { durable: false });
  }
}

function lockOf(layout: Layout): string {
  return join(usersDir(layout), 'lock');
}

function isReady(layout: Layout): boolean {
  try {
    makeUsersDir(layout);
    return true;
  } catch (error) {
    if (!isErrno(error, 'EROFS', 'EACCES', 'EPERM', 'ENOTDIR', 'EEXIST', 'ENOSPC', 'EDQUOT')) throw error;
    return existsSync(lockOf(layout));
  }
}

/** In a cache of a group, gc by one who did not make the lock has to write to it. */
function openForGroup(layout: Layout): void {
  if (layout.modes.directory === undefined) return;
  try {
    chmodSync(lockOf(layout), layout.modes.object);
  } catch (error) {
    // It is another's, who has done this.
    if (!isErrno(error, 'EPERM', 'EROFS')) throw error;
  }
}

function register(layout: Layout, { root, about }: CacheUse): void {
  const directory = usersDir(layout);
  const name = `${hexOf(digestOf(root)).slice(0, 16)}.json`;
  const file = join(directory, name);
  const known = JSON.stringify({ root, host: hostname(), cacheDir: realpathSync(layout.cacheDir) });
  try {
    // Written once: a power cut may take back what is replaced without being synced.
    if (textOf(file) !== known) writeFileAtomic(file, known, { durable: true });
    writeFileAtomic(join(directory, nowOf(name)), JSON.stringify(about), { durable: false });
  } catch (error) {
    // In a cache that only others may write to, this workspace cannot save anything that could be lost.
    if (!(error instanceof LockstepError) || !isErrno(error.cause, 'EROFS', 'EACCES', 'EPERM')) throw error;
  }
}

/** One of those that are at work, to be named. */
async function livingUser(layout: Layout): Promise<Holder | undefined> {
  const table = processTable();
  const directory = usersDir(layout);
  for (const name of namesIn(directory).filter((one) => NAME.test(one))) {
    const { root, host } = parse(join(directory, name));
    const last = textOf(join(directory, nowOf(name)));
    if (last === undefined || host !== hostname()) continue;
    const { pid, command, startTime } = jsonOf(last);
    if (typeof pid !== 'number' || typeof startTime !== 'number') continue;
    if ((await table.find(pid)) !== undefined) return { pid, command: `${command} in ${root}`, since: startTime };
  }
  return undefined;
}

function parse(file: string): Omit<RegisteredWorkspace, 'forget'> {
  const { root, host, cacheDir } = jsonOf(textOf(file));
  if (typeof root === 'string' && typeof host === 'string' && typeof cacheDir === 'string')
    return { root, host, cacheDir };
  throw new LockstepError('unusable-file', `${file} does not say which workspace uses the cache`, {
    hint: 'remove it; the workspace is on the list again once it saves or restores something',
  });
}

function jsonOf(text: string | undefined): Readonly<Record<string, unknown>> {
  try {
    return (JSON.parse(text ?? '{}') ?? {}) as Readonly<Record<string, unknown>>;
  } catch (error) {
    if (error instanceof SyntaxError) return {};
    throw error;
  }
}

function textOf(file: string): string | undefined {
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    if (isErrno(error, 'ENOENT', 'EACCES')) return undefined;
    throw error;
  }
}
