import { sql } from 'kysely';
import { groupBy } from '../group-by.ts';
import { textOfLiteral } from '../param-literal.ts';
import { RequestError } from '../request-error.ts';
import { isAnyOf } from '../statements.ts';
import type { TrackingDatabase } from '../tracking-database.ts';
import { POINT_FIELDS, type PointRow } from './history.ts';
import { type DatasetInput, readDatasetInputs, readDeps } from './inputs.ts';
import { type RunHeadRow, selectHeads } from './run-head.ts';
import { COMMIT_TAG, type KeyValue, NAME_TAG, PARENT_TAG } from './tags.ts';

/** A run with all that clients see of it. */
export interface LoggedRun {
  readonly head: RunHeadRow;
  /** The latest point of each series. */
  readonly metrics: readonly PointRow[];
  readonly params: readonly KeyValue[];
  readonly tags: readonly KeyValue[];
  readonly datasets: readonly DatasetInput[];
  readonly modelInputs: readonly { readonly model_id: string }[];
  readonly modelOutputs: readonly { readonly model_id: string; readonly step: number }[];
}

export async function readRun(tracking: TrackingDatabase, runId: string): Promise<LoggedRun> {
  const found = await tracking.db.selectFrom('runs').select('run').where('run_id', '=', runId).executeTakeFirst();
  const [run] = found === undefined ? [] : await readRuns(tracking, [found.run]);
  if (run === undefined) throw new RequestError('RESOURCE_DOES_NOT_EXIST', `Run with id=${runId} not found`);
  return run;
}

/** In the order of these numbers; one question for each table. */
export async function readRuns(tracking: TrackingDatabase, runs: readonly number[]): Promise<readonly LoggedRun[]> {
  if (runs.length === 0) return [];
  const { db, dialect } = tracking;
  const wanted = isAnyOf(dialect, sql.ref('run'), runs);
  const [heads, metrics, params, tags, datasets, deps, inputs, outputs] = await Promise.all([
    selectHeads(db)
      .where(isAnyOf(dialect, sql.ref('runs.run'), runs))
      .execute(),
    db
      .selectFrom('latest_metrics')
      .select(['run', ...POINT_FIELDS])
      .where(wanted)
      .orderBy('run')
      .orderBy('key')
      .execute(),
    db.selectFrom('params').select(['run', 'key', 'value']).where(wanted).orderBy('run').orderBy('key').execute(),
    db.selectFrom('tags').select(['run', 'key', 'value']).where(wanted).orderBy('run').orderBy('key').execute(),
    readDatasetInputs(tracking, runs),
    readDeps(tracking, runs),
    db.selectFrom('model_inputs').select(['run', 'model_id']).where(wanted).orderBy('position').execute(),
    db.selectFrom('model_outputs').select(['run', 'model_id', 'step']).where(wanted).orderBy('position').execute(),
  ]);
  const headOf = new Map(heads.map((head) => [head.run, head]));
  const metricsOf = groupBy(metrics, ({ run }) => run);
  const paramsOf = groupBy(params, ({ run }) => run);
  const tagsOf = groupBy(tags, ({ run }) => run);
  const inputsOf = groupBy(inputs, ({ run }) => run);
  const outputsOf = groupBy(outputs, ({ run }) => run);
  return runs.flatMap((run) => {
    const head = headOf.get(run);
    if (head === undefined) return [];
    return {
      head,
      metrics: metricsOf.get(run) ?? [],
      params: (paramsOf.get(run) ?? []).map(({ key, value }) => ({ key, value: textOfLiteral(value) })),
      tags: allTags(head, tagsOf.get(run) ?? []),
      datasets: [...(datasets.get(run) ?? []), ...(deps.get(run) ?? [])],
      modelInputs: inputsOf.get(run) ?? [],
      modelOutputs: outputsOf.get(run) ?? [],
    };
  });
}

/** What repro records in columns, clients look for in tags. */
function allTags(head: RunHeadRow, tags: readonly KeyValue[]): readonly KeyValue[] {
  const columns = [
    [NAME_TAG, head.run_name],
    [PARENT_TAG, head.parent_run_id],
    [COMMIT_TAG, head.git_sha],
  ] as const;
  const missing = columns.flatMap(([key, value]) =>
    value === null || tags.some((tag) => tag.key === key) ? [] : [{ key, value }],
  );
  return [...tags, ...missing];
}
