import { type Kysely, type Selectable, sql } from 'kysely';
import { groupBy } from '../group-by.ts';
import { findExperiment, rootOf } from '../logged/experiments.ts';
import { checkKey, invalid } from '../logged/keys.ts';
import type { KeyValue } from '../logged/tags.ts';
import { RequestError } from '../request-error.ts';
import type { Database, LoggedModelMetricRow, LoggedModelRow } from '../schema.ts';
import { insertRows, isAnyOf } from '../statements.ts';
import type { TrackingDatabase } from '../tracking-database.ts';

export interface LoggedModel extends Selectable<LoggedModelRow> {
  readonly tags: readonly KeyValue[];
  readonly params: readonly KeyValue[];
  readonly metrics: readonly Selectable<LoggedModelMetricRow>[];
}

export interface NewLoggedModel {
  readonly id: string;
  readonly experimentId: string;
  readonly name: string | undefined;
  readonly modelType: string | undefined;
  readonly sourceRunId: string | undefined;
  readonly tags: readonly KeyValue[];
  readonly params: readonly KeyValue[];
  readonly artifactRoot: string;
  readonly now: number;
}

/** It is pending until its artifacts are there. */
export async function createLoggedModel(tracking: TrackingDatabase, model: NewLoggedModel): Promise<void> {
  const name = model.name || 'model';
  checkName(name);
  for (const [i, { key }] of model.params.entries()) checkKey(key, `params[${i}].key`);
  await tracking.write(async (trx) => {
    const experiment = await findExperiment(trx, model.experimentId);
    if (experiment.lifecycle_stage !== 'active') {
      throw invalid(`The experiment ${model.experimentId} must be in the 'active' state. Current state is deleted.`);
    }
    const location = `${rootOf(experiment, model.artifactRoot)}/models/${model.id}/artifacts`;
    await trx
      .insertInto('logged_models')
      .values({
        model_id: model.id,
        experiment_id: experiment.experiment_id,
        name,
        artifact_location: location,
        status: 'LOGGED_MODEL_PENDING',
        lifecycle_stage: 'active',
        model_type: model.modelType ?? null,
        source_run_id: model.sourceRunId || null,
        creation_time: model.now,
        last_updated_time: model.now,
      })
      .execute();
    await writePairs(tracking, trx, { table: 'logged_model_tags', id: model.id, pairs: model.tags });
    await writePairs(tracking, trx, { table: 'logged_model_params', id: model.id, pairs: model.params });
  });
}

function checkName(name: string): void {
  if (/[/:.%"']/.test(name) || name.trim() === '') {
    throw invalid(
      `Invalid model name (${name}) provided. Model name must be a non-empty string without any of / : . % " '`,
    );
  }
}

interface Pairs {
  readonly table: 'logged_model_tags' | 'logged_model_params';
  readonly id: string;
  readonly pairs: readonly KeyValue[];
}

async function writePairs(
  { dialect }: TrackingDatabase,
  trx: Kysely<Database>,
  { table, id, pairs }: Pairs,
): Promise<void> {
  const last = new Map(pairs.map(({ key, value }) => [key, value]));
  await insertRows(trx, dialect, {
    table,
    columns: ['model_id', 'key', 'value'],
    rows: [...last].map(([key, value]) => [id, key, value]),
    conflict: sql`on conflict (model_id, key) do update set value = excluded.value`,
  });
}

export async function findLoggedModel(tracking: TrackingDatabase, id: string): Promise<LoggedModel> {
  const [model] = await withParts(tracking, [await headOf(tracking.db, id)]);
  if (model === undefined) throw notFound(id);
  return model;
}

/** Those that were deleted are nobody's any more. */
export async function headOf(db: Kysely<Database>, id: string): Promise<Selectable<LoggedModelRow>> {
  const found = await db
    .selectFrom('logged_models')
    .selectAll()
    .where('model_id', '=', id)
    .where('lifecycle_stage', '=', 'active')
    .executeTakeFirst();
  if (found === undefined) throw notFound(id);
  return found;
}

function notFound(id: string): RequestError {
  return new RequestError('RESOURCE_DOES_NOT_EXIST', `Logged model with ID '${id}' not found.`);
}

export async function withParts(
  { db, dialect }: TrackingDatabase,
  heads: readonly Selectable<LoggedModelRow>[],
): Promise<readonly LoggedModel[]> {
  if (heads.length === 0) return [];
  const ids = heads.map(({ model_id }) => model_id);
  const ofThese = isAnyOf(dialect, sql.ref('model_id'), ids);
  const pairs = (table: Pairs['table']) => db.selectFrom(table).selectAll().where(ofThese).orderBy('key').execute();
  const tags = groupBy(await pairs('logged_model_tags'), ({ model_id }) => model_id);
  const params = groupBy(await pairs('logged_model_params'), ({ model_id }) => model_id);
  const points = await db.selectFrom('logged_model_metrics').selectAll().where(ofThese).orderBy('key').execute();
  const metrics = groupBy(points, ({ model_id }) => model_id);
  return heads.map((head) => ({
    ...head,
    tags: tags.get(head.model_id) ?? [],
    params: params.get(head.model_id) ?? [],
    metrics: metrics.get(head.model_id) ?? [],
  }));
}

export async function changeLoggedModel(
  tracking: TrackingDatabase,
  {
    id,
    now,
    ...change
  }: { readonly id: string; readonly now: number } & Partial<Pick<LoggedModelRow, 'status' | 'lifecycle_stage'>>,
): Promise<void> {
  await tracking.write(async (trx) => {
    await headOf(trx, id);
    await trx
      .updateTable('logged_models')
      .set({ ...change, last_updated_time: now })
      .where('model_id', '=', id)
      .execute();
  });
}

export async function setLoggedModelTags(
  tracking: TrackingDatabase,
  { id, tags }: { readonly id: string; readonly tags: readonly KeyValue[] },
): Promise<void> {
  await tracking.write(async (trx) => {
    await headOf(trx, id);
    await writePairs(tracking, trx, { table: 'logged_model_tags', id, pairs: tags });
  });
}

export async function deleteLoggedModelTag(
  tracking: TrackingDatabase,
  { id, key }: { readonly id: string; readonly key: string },
): Promise<void> {
  await tracking.write(async (trx) => {
    await headOf(trx, id);
    const { numDeletedRows } = await trx
      .deleteFrom('logged_model_tags')
      .where('model_id', '=', id)
      .where('key', '=', key)
      .executeTakeFirstOrThrow();
    if (Number(numDeletedRows) > 0) return;
    throw new RequestError('RESOURCE_DOES_NOT_EXIST', `No tag with key '${key}' found for model with ID '${id}'.`);
  });
}

export async function addLoggedModelParams(
  tracking: TrackingDatabase,
  { id, params }: { readonly id: string; readonly params: readonly KeyValue[] },
): Promise<void> {
  for (const [i, { key }] of params.entries()) checkKey(key, `params[${i}].key`);
  await tracking.write(async (trx) => {
    await headOf(trx, id);
    await writePairs(tracking, trx, { table: 'logged_model_params', id, pairs: params });
  });
}
