import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

export interface Command {
  readonly argv: readonly string[];
  readonly cwd: string;
}

/** What one command and all processes it waited for cost. Seconds. */
export interface Cost {
  readonly wall: number;
  /** User and system time of the whole tree of processes. */
  readonly cpu: number;
}

export interface Contender {
  readonly argv: readonly string[];
  /** Makes the directory ready that the command runs in, unmeasured, and says which it is. */
  readonly directory: () => string;
  /** Throws when the command did not do its work. */
  readonly verify?: (done: Done) => void;
}

export interface Done {
  readonly directory: string;
  readonly stdout: string;
}

export interface Rounds {
  readonly warmUps: number;
  readonly measured: number;
}

/**
 * bash's `times` counts in milliseconds and whole trees; node has the usage of its own process only, dash counts in
 * hundredths. The second line of its output is that of the children.
 */
const TIMED = '"$@" 3>&-; code=$?; times >&3; exit $code';

/** Colour, locale, the user's git settings and options for node would change the work between two machines. */
const ENVIRONMENT: NodeJS.ProcessEnv = {
  PATH: process.env.PATH,
  HOME: process.env.HOME,
  LC_ALL: 'C',
  NO_COLOR: '1',
  GIT_CONFIG_NOSYSTEM: '1',
  GIT_CONFIG_GLOBAL: '/dev/null',
  GIT_AUTHOR_NAME: 'bench',
  GIT_AUTHOR_EMAIL: 'bench@example.org',
  GIT_COMMITTER_NAME: 'bench',
  GIT_COMMITTER_EMAIL: 'bench@example.org',
};

/** Runs a command to its end; throws with the end of its output when it fails. */
export function execute(command: Command): { readonly cost: Cost; readonly stdout: string } {
  const start = process.hrtime.bigint();
  const done = spawnSync('bash', ['-c', TIMED, 'bash', ...command.argv], {
    cwd: command.cwd,
    env: ENVIRONMENT,
    stdio: ['ignore', 'pipe', 'pipe', 'pipe'],
    encoding: 'utf8',
    maxBuffer: 256 * 2 ** 20,
  });
  const wall = Number(process.hrtime.bigint() - start) / 1e9;
  if (done.error !== undefined) throw done.error;
  if (done.status !== 0) {
    const tail = `${done.stdout}${done.stderr}`.slice(-2000);
    throw new Error(`${command.argv.join(' ')} ended with ${done.status ?? done.signal}:\n${tail}`);
  }
  return { cost: { wall, cpu: childSeconds(done.output[3] ?? '') }, stdout: done.stdout };
}

function childSeconds(times: string): number {
  const matches = [...(times.split('\n')[1] ?? '').matchAll(/(\d+)m([\d.]+)s/g)];
  if (matches.length !== 2) throw new Error(`bash's times cannot be read: ${times}`);
  return matches.reduce((sum, [, minutes, seconds]) => sum + Number(minutes) * 60 + Number(seconds), 0);
}

/** Runs the contenders in turn, A B A B, so that a slow minute of the machine hits all; gives the medians. */
export function alternate<const T extends readonly Contender[]>(
  contenders: T,
  { warmUps, measured }: Rounds,
): { readonly [K in keyof T]: Cost } {
  const costs = contenders.map((): Cost[] => []);
  for (let round = 0; round < warmUps + measured; round += 1) {
    for (const [index, { argv, directory: makeReady, verify }] of contenders.entries()) {
      const directory = makeReady();
      const { cost, stdout } = execute({ argv, cwd: directory });
      verify?.({ directory, stdout });
      if (round >= warmUps) costs[index]?.push(cost);
    }
  }
  return costs.map(medianCost) as unknown as { readonly [K in keyof T]: Cost };
}

export function medianCost(all: readonly Cost[]): Cost {
  return { wall: median(all.map(({ wall }) => wall)), cpu: median(all.map(({ cpu }) => cpu)) };
}

function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  const upper = sorted[middle];
  const lower = sorted[sorted.length % 2 === 1 ? middle : middle - 1];
  if (upper === undefined || lower === undefined) throw new Error('the median of nothing');
  return (lower + upper) / 2;
}

const TIME = ['/usr/bin/time', '/bin/time'].find((path) => existsSync(path));

/**
 * Bytes that the largest process of the tree had in memory at its peak; undefined without GNU time. A measurement of
 * its own, so that `time` is not in the others.
 */
export function peakMemory({ argv, directory: makeReady }: Contender): number | undefined {
  return TIME === undefined ? undefined : costAndMemory({ argv, cwd: makeReady() }).memory;
}

/** Both in one, for what takes so long that `time` does not count. */
export function costAndMemory({ argv, cwd }: Command): { readonly cost: Cost; readonly memory: number | undefined } {
  if (TIME === undefined) return { cost: execute({ argv, cwd }).cost, memory: undefined };
  const scratch = mkdtempSync(join(tmpdir(), 'bench-time-'));
  try {
    const file = join(scratch, 'peak');
    const { cost } = execute({ argv: [TIME, '-f', '%M', '-o', file, ...argv], cwd });
    return { cost, memory: Number(readFileSync(file, 'utf8').trim()) * 1024 };
  } finally {
    rmSync(scratch, { recursive: true });
  }
}

/** Writes out what earlier commands left in the page cache, so that no command pays for another's writes. */
export function settleDisk(): void {
  spawnSync('sync');
}
