import { kill } from 'node:process';
import { setTimeout as sleep } from 'node:timers/promises';
import { isErrno } from '../base/error.ts';
import { type ProcessTable, processTable } from '../base/process-identity.ts';

export interface EndOptions {
  /** Milliseconds between TERM and KILL. */
  readonly grace: number;
  readonly table?: ProcessTable;
}

/** Whether a process group has any member, be it a zombie. One system call. */
export function groupExists(group: number): boolean {
  return signalGroup(group, 0) !== 'gone';
}

/**
 * Ends what a session leader started: its own process group and the groups its children made for themselves
 * (`timeout` and shells with job control do). Resolves when all are gone, or when what is left may not be signalled.
 */
export async function endSession(leader: number, { grace, table = processTable() }: EndOptions): Promise<void> {
  const groups = await groupsOf(leader, table);
  for (const group of groups) signalGroup(group, 'SIGTERM');
  if (await waitUntilGone(leader, { table, until: performance.now() + grace })) return;
  for (;;) {
    // Again and again, as a member may have forked between the listing and the signal.
    const left = await groupsOf(leader, table);
    const refused = left.map((group) => signalGroup(group, 'SIGKILL')).every((answer) => answer === 'refused');
    if (left.length > 0 && refused) return;
    if (await waitUntilGone(leader, { table, until: performance.now() + 100 })) return;
  }
}

async function waitUntilGone(leader: number, wait: { table: ProcessTable; until: number }): Promise<boolean> {
  for (let pause = 2; ; pause = Math.min(pause * 2, 50)) {
    if ((await groupsOf(leader, wait.table)).length === 0) return true;
    const left = wait.until - performance.now();
    if (left <= 0) return false;
    await sleep(Math.min(pause, left));
  }
}

/** The groups that still have a living member. Zombies count as gone: where init does not reap they would stay forever. */
async function groupsOf(leader: number, table: ProcessTable): Promise<readonly number[]> {
  const living = (await table.list()).filter((process) => !process.zombie);
  const ours = living.filter((process) => process.session === leader || process.group === leader);
  return [...new Set(ours.map((process) => process.group))];
}

/** `gone`: the group has no members. `refused`: they belong to another user. */
export function signalGroup(group: number, signal: NodeJS.Signals | 0): 'sent' | 'gone' | 'refused' {
  try {
    kill(-group, signal);
    return 'sent';
  } catch (error) {
    if (isErrno(error, 'ESRCH')) return 'gone';
    if (isErrno(error, 'EPERM')) return 'refused';
    throw error;
  }
}
