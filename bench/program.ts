import type { Place } from './case.ts';
import { type Contender, execute } from './measure.ts';

export function lockstep(place: Place, ...args: readonly string[]): readonly string[] {
  return [...place.lockstep, ...args];
}

/** The program that starts and does nothing: the floor of everything written in node. */
export function emptyNode(place: Place): Contender {
  return { argv: [place.node, '-e', '0'], directory: () => place.directory };
}

interface Summary {
  readonly ran: readonly string[];
  readonly restored: readonly string[];
  readonly kept: readonly string[];
  readonly failed: readonly string[];
  readonly blocked: readonly string[];
}

type Counts = Partial<Record<keyof Summary, number>>;

/** Throws unless a summary names just so many stages; lists that are not named must be empty. */
function expectCounts(summary: Summary, expected: Counts): void {
  for (const list of ['ran', 'restored', 'kept', 'failed', 'blocked'] as const) {
    const [found, wanted] = [summary[list].length, expected[list] ?? 0];
    if (found !== wanted) throw new Error(`${found} stages ${list}, not ${wanted}`);
  }
}

/** Runs `repro` outside any measurement and throws unless it did just that. */
export function expectRepro(place: Place, cwd: string, expected: Counts): void {
  const { stdout } = execute({ argv: lockstep(place, 'repro', '--json'), cwd });
  expectCounts(JSON.parse(stdout.trim().split('\n').at(-1) ?? '') as Summary, expected);
}

/** Throws unless `status` sees nothing to do. */
export function expectUpToDate(place: Place, cwd: string): void {
  execute({ argv: lockstep(place, 'status', '--exit-code'), cwd });
}
