import { LockstepError } from '../../base/error.ts';
import { nearest } from '../../base/nearest.ts';
import type { Run } from '../../tracking/run.ts';

export interface Goal {
  readonly metric: string;
  readonly direction: 'maximize' | 'minimize';
}

export function metricOf(run: Run, metric: string): number | undefined {
  return run.metrics.find(({ key }) => key === metric)?.value;
}

/** The finished run with the best number; the first of equals, and never one whose number is NaN. */
export function bestOf(runs: readonly Run[], { metric, direction }: Goal): Run | undefined {
  const sign = direction === 'maximize' ? 1 : -1;
  let best: { readonly run: Run; readonly score: number } | undefined;
  for (const run of runs) {
    const value = run.status === 'FINISHED' ? metricOf(run, metric) : undefined;
    if (value === undefined || Number.isNaN(value)) continue;
    if (best === undefined || value * sign > best.score) best = { run, score: value * sign };
  }
  return best?.run;
}

/** Throws `usage` where runs have metrics, but none of this name. */
export function requireMetric(runs: readonly Run[], metric: string): void {
  const names = [...new Set(runs.flatMap(({ metrics }) => metrics.map(({ key }) => key)))];
  const finished = runs.some(({ status }) => status === 'FINISHED');
  if (!finished || names.includes(metric)) return;
  const near = nearest(metric, names) ?? names.find((name) => name.endsWith(`.${metric}`));
  const known = names.length === 0 ? 'the pipeline has no metrics' : `its metrics are ${names.join(', ')}`;
  throw new LockstepError('usage', `no configuration has a metric ${metric}`, {
    hint: near === undefined ? known : `did you mean ${near}? The runs are recorded: lockstep runs list shows them`,
  });
}
