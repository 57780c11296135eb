import type { Run } from './run.ts';

export type Category = 'code' | 'data' | 'params' | 'metrics' | 'artifacts' | 'environment';

/** What a record lacks for the run to be done again from it. */
export interface Gap {
  readonly category: Category;
  readonly why: string;
}

/**
 * Empty when the record is complete. Params and metrics are complete by being declared: a run without any lacks none.
 * A run that failed is judged like any other, for a failure too is done again from its record.
 */
export function gapsOf(run: Run): readonly Gap[] {
  const gaps: Gap[] = [];
  const lacks = (category: Category, why: string) => gaps.push({ category, why });
  const { code, environment } = run;
  if (code === null) lacks('code', 'nothing was recorded');
  else {
    if (code.gitSha === null) lacks('code', 'there was no commit');
    if (code.dirty && code.patch === null && code.omitted.length === 0)
      lacks('code', 'uncommitted changes were not kept');
    if (code.omitted.length > 0) lacks('code', `uncommitted and not kept: ${code.omitted.join(', ')}`);
    const patch = run.artifacts.find(({ kind }) => kind === 'patch');
    if (code.patch !== null && patch?.stored !== true) lacks('code', 'the uncommitted changes were not kept');
  }
  if (run.status === 'RUNNING') {
    for (const category of ['metrics', 'artifacts'] as const) lacks(category, 'the run has not ended');
  }
  if (environment === null) lacks('environment', 'nothing was recorded');
  return gaps;
}
