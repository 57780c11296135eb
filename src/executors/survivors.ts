import { readdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { isErrno } from '../base/error.ts';
import { type ProcessInfo, type ProcessTable, processTable } from '../base/process-identity.ts';
import { FIFO_DIRECTORY } from './fifo.ts';
import { endSession } from './process-group.ts';

/** A stage that an earlier lockstep started and did not see the end of. */
export interface Survivor {
  readonly pid: number;
  /** Whether something of it was still running. */
  readonly alive: boolean;
  /** All that its record file says. */
  readonly record: Readonly<Record<string, unknown>>;
}

export interface EndSurvivorsOptions {
  /** Milliseconds between TERM and KILL. */
  readonly grace: number;
  /** Called for each that is still running, before it is ended. */
  readonly onSurvivor?: (survivor: Survivor) => void;
  readonly table?: ProcessTable;
}

/**
 * Ends what outlived a lockstep that was killed, and clears the directory of its record files. Only for whoever may
 * know that no other lockstep is at work here: the record of a stage that runs looks just the same.
 */
export async function endSurvivors(directory: string, options: EndSurvivorsOptions): Promise<readonly Survivor[]> {
  const names = listDirectory(directory);
  if (names.length === 0) return [];
  const table = options.table ?? processTable();
  const records = await readRecords(directory, names);
  const survivors = await Promise.all(records.map((record) => endSurvivor(record, { ...options, table })));
  for (const name of names) if (isOurs(name)) rmSync(join(directory, name), { recursive: true, force: true });
  return survivors;
}

/** Record files, long scripts, pipes that were being made, and what a killed write left behind. */
function isOurs(name: string): boolean {
  return /\.json(\.\d+\.sh)?(\.tmp)?$/.test(name) || FIFO_DIRECTORY.test(name);
}

function listDirectory(directory: string): readonly string[] {
  try {
    return readdirSync(directory);
  } catch (error) {
    if (isErrno(error, 'ENOENT')) return [];
    throw error;
  }
}

interface GroupRecord {
  readonly runId: string;
  readonly pid: number;
  readonly startTime?: string | undefined;
  readonly bootId?: string | undefined;
  readonly [field: string]: unknown;
}

/** Without those that cannot be read: they are written as a whole, so the power was cut, and nothing survived that. */
async function readRecords(directory: string, names: readonly string[]): Promise<readonly GroupRecord[]> {
  // Loaded only when there is something to read, which is nearly never.
  const { z } = await import('zod');
  const schema = z.looseObject({
    runId: z.string(),
    // 0 and 1 would name our own group and, negated, every process there is.
    pid: z.number().int().min(2),
    startTime: z.string().optional(),
    bootId: z.string().optional(),
  });
  return names
    .filter((name) => name.endsWith('.json'))
    .map((name) => schema.safeParse(parse(readFileSync(join(directory, name), 'utf8'))))
    .flatMap((result) => (result.success ? [result.data] : []));
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}

async function endSurvivor(
  record: GroupRecord,
  options: EndSurvivorsOptions & { readonly table: ProcessTable },
): Promise<Survivor> {
  const alive = await isStillOurs(record, options.table);
  const survivor: Survivor = { pid: record.pid, alive, record };
  if (!alive) return survivor;
  options.onSurvivor?.(survivor);
  await endSession(record.pid, options);
  return survivor;
}

/** Whether that process group is the one that was recorded, and not a stranger to whom the system gave the pid again. */
async function isStillOurs(record: GroupRecord, table: ProcessTable): Promise<boolean> {
  const bootId = table.bootId();
  if (record.bootId !== undefined && bootId !== undefined && record.bootId !== bootId) return false;
  const leader = await table.find(record.pid);
  if (leader !== undefined && !leader.zombie) {
    if (record.startTime !== undefined) return leader.startTime === record.startTime;
    return table.hasVariable(record.pid, 'LOCKSTEP_RUN_ID', record.runId);
  }
  // The leader is dead. As long as one of its group lives the pid is not given away, but then perhaps it was, and that
  // leader is dead as well: one member must show the run's mark.
  for (const member of await membersOf(record.pid, table)) {
    if (await table.hasVariable(member.pid, 'LOCKSTEP_RUN_ID', record.runId)) return true;
  }
  return false;
}

async function membersOf(leader: number, table: ProcessTable): Promise<readonly ProcessInfo[]> {
  const all = await table.list();
  return all.filter((process) => !process.zombie && (process.session === leader || process.group === leader));
}
