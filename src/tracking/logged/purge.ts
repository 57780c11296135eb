import { type Kysely, sql } from 'kysely';
import { unreachable } from '../../base/unreachable.ts';
import { RequestError } from '../request-error.ts';
import type { Database } from '../schema.ts';
import type { TrackingDatabase } from '../tracking-database.ts';
import { findExperiment, rootOf } from './experiments.ts';
import { invalid } from './keys.ts';
import { findHead } from './run-head.ts';

export interface Purged {
  readonly kind: 'run' | 'model' | 'experiment';
  readonly id: string;
}

/** What was deleted, and at this time at the latest; what must go first comes first. */
export async function listDeleted({ db }: TrackingDatabase, time: number): Promise<readonly Purged[]> {
  const gone = sql<boolean>`(select lifecycle_stage from experiments
    where experiments.experiment_id = logged_models.experiment_id) = 'deleted'`;
  const models = await db
    .selectFrom('logged_models')
    .where((where) => where.or([where('lifecycle_stage', '=', 'deleted'), gone]))
    .where('last_updated_time', '<=', time)
    .orderBy('creation_time')
    .select('model_id as id')
    .execute();
  const runs = await db
    .selectFrom('runs')
    .where('lifecycle_stage', '=', 'deleted')
    .where((where) => where.or([where('deleted_time', '<=', time), where('deleted_time', 'is', null)]))
    .orderBy('run')
    .select('run_id as id')
    .execute();
  const experiments = await db
    .selectFrom('experiments')
    .where('lifecycle_stage', '=', 'deleted')
    .where('last_update_time', '<=', time)
    .orderBy('experiment_id')
    .select(sql<string>`cast(experiment_id as text)`.as('id'))
    .execute();
  return [
    ...models.map(({ id }) => ({ kind: 'model', id }) as const),
    ...runs.map(({ id }) => ({ kind: 'run', id }) as const),
    ...experiments.map(({ id }) => ({ kind: 'experiment', id }) as const),
  ];
}

/**
 * Removes what was deleted, which nothing brings back. Refuses what was not deleted before, and what a version in the
 * registry came from. Gives the places of the artifacts that were its own.
 */
export async function purgeRows(
  trx: Kysely<Database>,
  { kind, id }: Purged,
  artifactRoot: string,
): Promise<readonly string[]> {
  switch (kind) {
    case 'run':
      return await purgeRun(trx, id, artifactRoot);
    case 'model':
      return await purgeModel(trx, id);
    case 'experiment':
      return await purgeExperiment(trx, id, artifactRoot);
    default:
      return unreachable(kind);
  }
}

async function purgeRun(trx: Kysely<Database>, id: string, artifactRoot: string): Promise<readonly string[]> {
  const head = await findHead(trx, id);
  if (head.lifecycle_stage !== 'deleted') throw notDeleted('run', id);
  await refuseInUse(trx, { kind: 'run', id });
  await trx.deleteFrom('logged_model_metrics').where('run_id', '=', id).execute();
  await trx.deleteFrom('runs').where('run', '=', head.run).execute();
  return [head.artifact_uri ?? `${rootOf(head, artifactRoot)}/${id}/artifacts`];
}

async function purgeModel(trx: Kysely<Database>, id: string): Promise<readonly string[]> {
  const model = await trx.selectFrom('logged_models').selectAll().where('model_id', '=', id).executeTakeFirst();
  if (model === undefined) throw new RequestError('RESOURCE_DOES_NOT_EXIST', `Logged model with ID '${id}' not found.`);
  const experiment = await findExperiment(trx, String(model.experiment_id));
  if (model.lifecycle_stage !== 'deleted' && experiment.lifecycle_stage !== 'deleted') throw notDeleted('model', id);
  await refuseInUse(trx, { kind: 'model', id });
  for (const table of ['logged_model_metrics', 'logged_model_tags', 'logged_model_params', 'logged_models'] as const) {
    await trx.deleteFrom(table).where('model_id', '=', id).execute();
  }
  return [model.artifact_location];
}

/** With all that is in it, or not at all. */
async function purgeExperiment(trx: Kysely<Database>, id: string, artifactRoot: string): Promise<readonly string[]> {
  const { experiment_id, lifecycle_stage } = await findExperiment(trx, id);
  if (lifecycle_stage !== 'deleted') throw notDeleted('experiment', id);
  if (experiment_id === 0) throw invalid('The default experiment stays: runs that name none are in it.');
  const of = <Table extends 'runs' | 'logged_models'>(table: Table) =>
    trx.selectFrom(table as 'runs' | 'logged_models').where('experiment_id', '=', experiment_id);
  const models = await of('logged_models').select(sql<string>`model_id`.as('id')).execute();
  const runs = await of('runs').select(sql<string>`run_id`.as('id')).execute();
  const places: string[] = [];
  for (const model of models) places.push(...(await purgeModel(trx, model.id)));
  for (const run of runs) places.push(...(await purgeRun(trx, run.id, artifactRoot)));
  await trx.deleteFrom('experiments').where('experiment_id', '=', experiment_id).execute();
  return places;
}

async function refuseInUse(trx: Kysely<Database>, { kind, id }: Purged): Promise<void> {
  // What a version came from is kept as text, and an id stands in no other text by chance.
  const origins = sql<boolean>`exists (select 1 from model_version_provenance as origin
    where origin.name = model_versions.name and origin.version = model_versions.version
    and (origin.run_id = ${id} or origin.lineage like ${`%${id}%`}))`;
  const version = await trx
    .selectFrom('model_versions')
    .where('deleted_time', 'is', null)
    .where((where) => where.or([where(kind === 'run' ? 'run_id' : 'model_id', '=', id), origins]))
    .select(['name', 'version'])
    .executeTakeFirst();
  if (version === undefined) return;
  const what = `version ${version.version} of the registered model '${version.name}'`;
  throw new RequestError('RESOURCE_CONFLICT', `The ${kind} ${id} is what ${what} came from, so it stays`);
}

function notDeleted(kind: Purged['kind'], id: string): RequestError {
  return invalid(`The ${kind} ${id} must be in the 'deleted' state to be removed for good. Current state is active.`);
}
