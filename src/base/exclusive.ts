import { existsSync, mkdirSync, readFileSync, rmSync, truncateSync } from 'node:fs';
import { dirname } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Database } from 'better-sqlite3';
import { writeFileAtomic } from './atomic-file.ts';
import { isErrno, LockstepError } from './error.ts';

/** Who wants the lock, for others to read while it is held. */
export interface About {
  readonly pid: number;
  readonly command: string;
  /** Milliseconds since the epoch. */
  readonly startTime: number;
}

export interface Holder {
  readonly pid: number;
  readonly command: string;
  /** Milliseconds since the epoch. */
  readonly since: number;
}

export interface Held {
  release(): void;
}

/** Taken by somebody else; undefined when they have not yet said who they are. */
export interface Taken {
  readonly heldBy: Holder | undefined;
}

export interface WaitOptions {
  readonly signal: AbortSignal;
  /** Called once for each holder that is waited for. */
  readonly onWait: (holder: Holder) => void;
  /** Tells of one who shares the lock, where those who do leave word of it somewhere. */
  readonly sharer?: () => Promise<Holder | undefined>;
}

/**
 * Takes a lock that the kernel gives back when its holder dies, however it dies. SQLite's file locks serve for that, as
 * Node has none of its own: a transaction is opened on a database that stays empty, and is never written.
 */
export async function acquire(lockFile: string, about: About): Promise<Held | Taken> {
  const database = await open(lockFile, 'BEGIN EXCLUSIVE');
  if (database === 'busy') return { heldBy: await readHolder(lockFile) };
  const holderFile = holderFileOf(lockFile);
  try {
    writeFileAtomic(holderFile, JSON.stringify(about), { durable: false });
  } catch (error) {
    database.close();
    throw error;
  }
  let released = false;
  return {
    release() {
      if (released) return;
      released = true;
      // Before the lock, or it would take away the next holder's.
      rmSync(holderFile, { force: true });
      database.close();
    },
  };
}

/** Takes a part of the lock, which any number may have, but nobody while one holds the whole. */
async function acquireShared(lockFile: string): Promise<Held | Taken> {
  // A transaction that has read something holds SQLite's shared lock, also on an empty file that may not be written.
  const database = await open(lockFile, 'BEGIN; SELECT count(*) FROM sqlite_master');
  return database === 'busy' ? { heldBy: await readHolder(lockFile) } : { release: () => void database.close() };
}

/** Whether somebody holds the lock or died while holding it. Costs one look at the directory. */
export function isHeldOrOrphaned(lockFile: string): boolean {
  return existsSync(holderFileOf(lockFile));
}

/** Waits until the lock is free; throws `interrupted` when the signal is aborted before. */
export async function acquireWaiting(lockFile: string, about: About, options: WaitOptions): Promise<Held> {
  return await waitFor(() => acquire(lockFile, about), options);
}

/** Waits while somebody holds the whole lock; throws `interrupted` when the signal is aborted before. */
export async function acquireSharedWaiting(lockFile: string, options: WaitOptions): Promise<Held> {
  return await waitFor(() => acquireShared(lockFile), options);
}

async function waitFor(take: () => Promise<Held | Taken>, { signal, onWait, sharer }: WaitOptions): Promise<Held> {
  let told: Holder | undefined;
  for (;;) {
    if (signal.aborted) throw new LockstepError('interrupted', 'interrupted while waiting for another lockstep');
    const answer = await take();
    if ('release' in answer) return answer;
    const heldBy = answer.heldBy ?? (await sharer?.());
    if (heldBy !== undefined && (heldBy.pid !== told?.pid || heldBy.since !== told.since)) {
      told = heldBy;
      onWait(heldBy);
    }
    await sleep(50, undefined, { signal }).catch(() => {});
  }
}

/** Says who holds the lock; gone when it is given back. */
function holderFileOf(lockFile: string): string {
  return `${lockFile}.json`;
}

/** Opens the database and begins the transaction that is the lock; there is nothing to be committed at its end. */
async function open(lockFile: string, begin: string): Promise<Database | 'busy'> {
  const { default: Sqlite } = await import('better-sqlite3');
  let database: Database | undefined;
  try {
    mkdirSync(dirname(lockFile), { recursive: true });
    database = new Sqlite(lockFile, { timeout: 0 });
    beginIn(database, lockFile, begin);
    return database;
  } catch (error) {
    database?.close();
    if (hasCode(error, 'SQLITE_BUSY')) return 'busy';
    if (!(error instanceof Error)) throw error;
    const hint = 'check the permissions of the directory, and that the path is a plain file';
    throw new LockstepError('unusable-file', `cannot lock ${lockFile}: ${error.message}`, { hint, cause: error });
  }
}

function beginIn(database: Database, lockFile: string, begin: string): void {
  try {
    database.exec(begin);
  } catch (error) {
    if (!hasCode(error, 'SQLITE_NOTADB', 'SQLITE_CORRUPT')) throw error;
    // Somebody wrote into it. Emptied where it stands: a new file in its place could be locked by one process while
    // another still holds the old one.
    truncateSync(lockFile);
    database.exec(begin);
  }
}

function hasCode(error: unknown, ...codes: readonly string[]): boolean {
  return error instanceof Error && 'code' in error && codes.some((code) => String(error.code).startsWith(code));
}

async function readHolder(lockFile: string): Promise<Holder | undefined> {
  // Loaded only when somebody has to wait.
  const { z } = await import('zod');
  const schema = z.object({ pid: z.number(), command: z.string(), startTime: z.number() });
  try {
    const { pid, command, startTime } = schema.parse(JSON.parse(readFileSync(holderFileOf(lockFile), 'utf8')));
    return { pid, command, since: startTime };
  } catch (error) {
    if (isErrno(error, 'ENOENT') || error instanceof SyntaxError || error instanceof z.ZodError) return undefined;
    throw error;
  }
}
