import { execFile } from 'node:child_process';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { promisify } from 'node:util';
import { isErrno } from './error.ts';

export interface ProcessInfo {
  readonly pid: number;
  /** The process group. */
  readonly group: number;
  /** The session; the same as `group` where the system does not tell. */
  readonly session: number;
  /** Dead and only waiting for its parent to take note. */
  readonly zombie: boolean;
  /** In a form of the system's own. A pid is used again after its process has died, a pid with its start time is not. */
  readonly startTime: string;
}

/** What is known of the processes on this machine. */
export interface ProcessTable {
  find(pid: number): Promise<ProcessInfo | undefined>;
  list(): Promise<readonly ProcessInfo[]>;
  /** Whether the process was started with this variable set to this value; false also when that cannot be known. */
  hasVariable(pid: number, name: string, value: string): Promise<boolean>;
  /** Changes at every start of the machine, as start times may count from there; undefined when the system has none. */
  bootId(): string | undefined;
}

export function processTable(): ProcessTable {
  return existsSync('/proc/self/stat') ? procTable : psTable;
}

/** Linux: a read of one small file, some twenty microseconds per process. */
export const procTable: ProcessTable = {
  find: async (pid) => readStat(pid),
  list: async () => {
    const found: ProcessInfo[] = [];
    for (const name of readdirSync('/proc')) {
      const info = /^\d+$/.test(name) ? readStat(Number(name)) : undefined;
      if (info !== undefined) found.push(info);
    }
    return found;
  },
  hasVariable: async (pid, name, value) =>
    readGone(`/proc/${pid}/environ`)?.split('\0').includes(`${name}=${value}`) ?? false,
  bootId: () => readGone('/proc/sys/kernel/random/boot_id')?.trim(),
};

function readStat(pid: number): ProcessInfo | undefined {
  const text = readGone(`/proc/${pid}/stat`);
  if (text === undefined) return undefined;
  // The second field is the program's name in parentheses, and may itself hold blanks and parentheses.
  const fields = text.slice(text.lastIndexOf(')') + 2).split(' ');
  const [state, , group, session] = fields;
  const startTime = fields[19];
  if (state === undefined || startTime === undefined) return undefined;
  const zombie = state === 'Z' || state === 'X';
  return { pid, group: Number(group), session: Number(session), zombie, startTime };
}

/** The text of a file under /proc; undefined when its process is gone or belongs to somebody else. */
function readGone(path: string): string | undefined {
  try {
    return readFileSync(path, 'latin1');
  } catch (error) {
    if (isErrno(error, 'ENOENT', 'ESRCH', 'EACCES', 'EPERM')) return undefined;
    throw error;
  }
}

/** Systems without /proc. Start times are to the second there. */
export const psTable: ProcessTable = {
  find: async (pid) => parsePs(await ps('-o', PS_COLUMNS, '-p', String(pid)))[0],
  list: async () => parsePs(await ps('-A', '-o', PS_COLUMNS)),
  hasVariable: async (pid, name, value) => {
    const words = (await ps('eww', '-o', 'command=', '-p', String(pid))).split(/\s+/);
    return words.includes(`${name}=${value}`);
  },
  bootId: () => undefined,
};

const PS_COLUMNS = 'pid=,pgid=,stat=,lstart=';

async function ps(...args: string[]): Promise<string> {
  try {
    // The start time is written in the local language and time zone otherwise, and would not match itself later.
    const env = { PATH: '/usr/bin:/bin', LC_ALL: 'C', TZ: 'UTC' };
    return (await promisify(execFile)('ps', args, { env, maxBuffer: 64 * 1024 * 1024 })).stdout;
  } catch (error) {
    // Exit code 1: no such process.
    if (error instanceof Error && 'code' in error && error.code === 1) return '';
    throw error;
  }
}

function parsePs(text: string): ProcessInfo[] {
  return [...text.matchAll(/^\s*(\d+)\s+(\d+)\s+(\S+)\s+(\S.*?)\s*$/gm)].map(([, pid, group, state, startTime]) => ({
    pid: Number(pid),
    group: Number(group),
    session: Number(group),
    zombie: state?.startsWith('Z') ?? false,
    startTime: startTime ?? '',
  }));
}
