import { type Kysely, sql } from 'kysely';
import { groupBy } from '../group-by.ts';
import type { Database } from '../schema.ts';
import { insertRows, isAnyOf, KEEP_FIRST } from '../statements.ts';
import type { TrackingDatabase } from '../tracking-database.ts';
import { experimentNumber } from './experiments.ts';
import { positionAt } from './points.ts';
import { type WritableRun, writableRun } from './run-head.ts';
import type { KeyValue } from './tags.ts';

export interface Dataset {
  readonly name: string;
  readonly digest: string;
  readonly source_type: string;
  readonly source: string;
  readonly schema?: string | undefined;
  readonly profile?: string | undefined;
}

export interface DatasetInput {
  readonly dataset: Dataset;
  readonly tags: readonly KeyValue[];
}

export interface Inputs {
  readonly runId: string;
  readonly datasets: readonly DatasetInput[];
  readonly models: readonly { readonly modelId: string }[];
  readonly now: number;
}

export async function logInputs(tracking: TrackingDatabase, { runId, datasets, models, now }: Inputs): Promise<void> {
  await tracking.write(async (trx) => {
    const run = await writableRun(trx, runId);
    for (const [i, input] of datasets.entries()) {
      await logDataset(tracking, trx, { run, input, position: positionAt(now) + i });
    }
    await insertRows(trx, tracking.dialect, {
      table: 'model_inputs',
      columns: ['run', 'model_id', 'position'],
      rows: models.map(({ modelId }, i) => [run.run, modelId, positionAt(now) + i]),
      conflict: KEEP_FIRST,
    });
  });
}

interface DatasetOfRun {
  readonly run: WritableRun;
  readonly input: DatasetInput;
  readonly position: number;
}

/** What was said first about a data set, and of its use in a run, stays. */
async function logDataset(
  { dialect }: TrackingDatabase,
  trx: Kysely<Database>,
  { run, input, position }: DatasetOfRun,
): Promise<void> {
  const { name, digest, source_type, source, schema, profile } = input.dataset;
  const identity = { experiment_id: run.experiment_id, name, digest };
  await trx
    .insertInto('datasets')
    .values({ ...identity, source_type, source, schema: schema ?? null, profile: profile ?? null })
    .onConflict((c) => c.doNothing())
    .execute();
  const { dataset } = await trx
    .selectFrom('datasets')
    .select('dataset')
    .where('experiment_id', '=', run.experiment_id)
    .where('name', '=', name)
    .where('digest', '=', digest)
    .executeTakeFirstOrThrow();
  const { numInsertedOrUpdatedRows } = await trx
    .insertInto('dataset_inputs')
    .values({ run: run.run, dataset, position })
    .onConflict((c) => c.doNothing())
    .executeTakeFirstOrThrow();
  if (Number(numInsertedOrUpdatedRows) === 0) return;
  await insertRows(trx, dialect, {
    table: 'dataset_input_tags',
    columns: ['run', 'dataset', 'key', 'value'],
    rows: input.tags.map(({ key, value }) => [run.run, dataset, key, value]),
    conflict: KEEP_FIRST,
  });
}

export interface Outputs {
  readonly runId: string;
  readonly models: readonly { readonly modelId: string; readonly step: number | bigint }[];
  readonly now: number;
}

export async function logOutputs(tracking: TrackingDatabase, { runId, models, now }: Outputs): Promise<void> {
  await tracking.write(async (trx) => {
    const { run } = await writableRun(trx, runId);
    await insertRows(trx, tracking.dialect, {
      table: 'model_outputs',
      columns: ['run', 'model_id', 'step', 'position'],
      rows: models.map(({ modelId, step }, i) => [run, modelId, step, positionAt(now) + i]),
      conflict: KEEP_FIRST,
    });
  });
}

export async function readDatasetInputs(
  { db, dialect }: TrackingDatabase,
  runs: readonly number[],
): Promise<ReadonlyMap<number, readonly DatasetInput[]>> {
  const used = await db
    .selectFrom('dataset_inputs')
    .innerJoin('datasets', 'datasets.dataset', 'dataset_inputs.dataset')
    .where(isAnyOf(dialect, sql.ref('dataset_inputs.run'), runs))
    .orderBy('dataset_inputs.position')
    .orderBy('dataset_inputs.dataset')
    .select(['run', 'datasets.dataset', 'name', 'digest', 'source_type', 'source', 'schema', 'profile'])
    .execute();
  if (used.length === 0) return new Map();
  const tags = await db
    .selectFrom('dataset_input_tags')
    .where(isAnyOf(dialect, sql.ref('run'), runs))
    .orderBy('key')
    .selectAll()
    .execute();
  const tagsOf = groupBy(tags, ({ run, dataset }) => `${run} ${dataset}`);
  const inputs = used.map(({ run, dataset: number, schema, profile, ...described }) => ({
    run,
    dataset: { ...described, schema: schema ?? undefined, profile: profile ?? undefined },
    tags: (tagsOf.get(`${run} ${number}`) ?? []).map(({ key, value }) => ({ key, value })),
  }));
  return groupBy(inputs, ({ run }) => run);
}

/** What a stage took in stands among its datasets, with the digest that the lockfile has. */
export async function readDeps(
  { db, dialect }: TrackingDatabase,
  runs: readonly number[],
): Promise<ReadonlyMap<number, readonly DatasetInput[]>> {
  const deps = await db
    .selectFrom('inputs')
    .where(isAnyOf(dialect, sql.ref('run'), runs))
    .orderBy('run')
    .orderBy('position')
    .select(['run', 'path', 'digest'])
    .execute();
  const inputs = deps.map(({ run, path, digest }) => ({
    run,
    dataset: { name: path, digest, source_type: 'local', source: JSON.stringify({ uri: path }) },
    tags: [{ key: CONTEXT_TAG, value: 'dep' }],
  }));
  return groupBy(inputs, ({ run }) => run);
}

const CONTEXT_TAG = 'mlflow.data.context';
const MOST_SUMMARIES = 1000;

export interface DatasetSummary {
  readonly experiment_id: number;
  readonly name: string;
  readonly digest: string;
  readonly context: string | null;
}

/** The data sets that runs of these experiments used, once for each context. */
export async function searchDatasets(
  { db, dialect }: TrackingDatabase,
  experimentIds: readonly string[],
): Promise<readonly DatasetSummary[]> {
  const ids = experimentIds.flatMap((id) => experimentNumber(id) ?? []);
  if (ids.length === 0) return [];
  return await db
    .selectFrom('datasets')
    .innerJoin('dataset_inputs', 'dataset_inputs.dataset', 'datasets.dataset')
    .leftJoin('dataset_input_tags', (join) =>
      join
        .onRef('dataset_input_tags.run', '=', 'dataset_inputs.run')
        .onRef('dataset_input_tags.dataset', '=', 'dataset_inputs.dataset')
        .on('dataset_input_tags.key', '=', CONTEXT_TAG),
    )
    .where(isAnyOf(dialect, sql.ref('datasets.experiment_id'), ids))
    .distinct()
    .orderBy('datasets.experiment_id')
    .orderBy('datasets.name')
    .orderBy('datasets.digest')
    .orderBy('dataset_input_tags.value')
    .limit(MOST_SUMMARIES)
    .select(['datasets.experiment_id', 'datasets.name', 'datasets.digest', 'dataset_input_tags.value as context'])
    .execute();
}
