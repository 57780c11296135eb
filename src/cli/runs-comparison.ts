import type { Digest, Literal } from '../base/brand.ts';
import { latestMetrics } from '../tracking/latest-metrics.ts';
import type { EnvironmentRecord, Run } from '../tracking/run.ts';

/** Something that is not the same in two runs; null where a run does not have it. */
export interface Difference<T> {
  readonly key: string;
  readonly a: T | null;
  readonly b: T | null;
}

/** What differs between two runs, category by category, by their records alone. */
export interface RunsComparison {
  readonly params: readonly Difference<Literal>[];
  readonly metrics: readonly Difference<number>[];
  readonly data: readonly Difference<Digest>[];
  /** Outs; logs and the like differ by nature. */
  readonly artifacts: readonly Difference<Digest>[];
  readonly code: readonly Difference<string>[];
  /** The machine, runtimes, lockfiles and variables. */
  readonly environment: readonly Difference<string>[];
  readonly packages: readonly Difference<string>[];
}

export function compareRuns(a: Run, b: Run): RunsComparison {
  const by = <T>(entriesOf: (run: Run) => readonly (readonly [string, T])[]) => differences(entriesOf(a), entriesOf(b));
  return {
    params: by((run) => run.params.map(({ key, value }) => [key, value])),
    metrics: by((run) => latestMetrics(run.metrics).map(({ key, value }) => [key, value])),
    data: by((run) => run.data.map(({ path, digest }) => [path, digest])),
    artifacts: by((run) => run.artifacts.filter(isOut).map(({ path, digest }) => [path, digest])),
    code: by(codeEntries),
    environment: by(({ environment }) => (environment === null ? [] : environmentEntries(environment))),
    packages: by(({ environment }) => Object.entries(environment?.packages ?? {})),
  };
}

export function isSame(comparison: RunsComparison): boolean {
  return Object.values(comparison).every((differences) => differences.length === 0);
}

/** In the order of the first run, what only the second has after that. */
function differences<T>(a: readonly (readonly [string, T])[], b: readonly (readonly [string, T])[]): Difference<T>[] {
  const [left, right] = [new Map(a), new Map(b)];
  const keys = new Set([...left.keys(), ...right.keys()]);
  return [...keys]
    .map((key) => ({ key, a: left.get(key) ?? null, b: right.get(key) ?? null }))
    .filter((pair) => !Object.is(pair.a, pair.b));
}

function isOut({ kind }: { readonly kind: string }): boolean {
  return kind === 'out' || kind === 'metric' || kind === 'plot';
}

function codeEntries({ code }: Run): (readonly [string, string])[] {
  if (code === null) return [];
  const { command, gitSha, branch, patch } = code;
  const entries = Object.entries({ command, commit: gitSha, branch, uncommitted: patch });
  return entries.flatMap(([key, value]) => (value === null ? [] : [[key, value] as const]));
}

function environmentEntries(environment: EnvironmentRecord): (readonly [string, string])[] {
  const { platform, arch, cpus, memory, runtimes, lockfiles, variables } = environment;
  return [
    ...Object.entries({ platform, arch, cpus: String(cpus), memory: String(memory) }),
    ...Object.entries(runtimes),
    ...Object.entries(lockfiles),
    ...Object.entries(variables),
  ];
}
