import { type Kysely, type Selectable, sql } from 'kysely';
import { groupBy } from '../group-by.ts';
import { RequestError } from '../request-error.ts';
import type { Database, ExperimentRow } from '../schema.ts';
import { insertRows, isAnyOf } from '../statements.ts';
import type { TrackingDatabase } from '../tracking-database.ts';
import { checkLocation } from './artifact-location.ts';
import { checkKey, invalid } from './keys.ts';
import { moveRuns } from './lifecycle.ts';
import type { KeyValue } from './tags.ts';

export type Experiment = Selectable<ExperimentRow> & { readonly tags: readonly KeyValue[] };

/** Deleted ones, too. */
export async function findExperiment(db: Kysely<Database>, id: string): Promise<Selectable<ExperimentRow>> {
  const number = experimentNumber(id);
  const found =
    number === undefined
      ? undefined
      : await db.selectFrom('experiments').selectAll().where('experiment_id', '=', number).executeTakeFirst();
  if (found !== undefined) return found;
  throw new RequestError('RESOURCE_DOES_NOT_EXIST', `No Experiment with id=${id} exists`);
}

/** Ids are digits; one with more than a number holds is nobody's. */
export function experimentNumber(id: string): number | undefined {
  if (!/^-?\d+$/.test(id)) throw invalid(`Invalid experiment ID: '${id}'. Experiment IDs are whole numbers.`);
  return Number.isSafeInteger(Number(id)) ? Number(id) : undefined;
}

export async function findExperimentByName(db: Kysely<Database>, name: string): Promise<Selectable<ExperimentRow>> {
  const found = await db.selectFrom('experiments').selectAll().where('name', '=', name).executeTakeFirst();
  if (found !== undefined) return found;
  throw new RequestError('RESOURCE_DOES_NOT_EXIST', `Could not find experiment with name '${name}'`);
}

export async function withTags(
  { db, dialect }: TrackingDatabase,
  experiments: readonly Selectable<ExperimentRow>[],
): Promise<readonly Experiment[]> {
  if (experiments.length === 0) return [];
  const ids = experiments.map(({ experiment_id }) => experiment_id);
  const tags = await db
    .selectFrom('experiment_tags')
    .selectAll()
    .where(isAnyOf(dialect, sql.ref('experiment_id'), ids))
    .orderBy('key')
    .execute();
  const byExperiment = groupBy(tags, ({ experiment_id }) => experiment_id);
  return experiments.map((experiment) => ({ ...experiment, tags: byExperiment.get(experiment.experiment_id) ?? [] }));
}

/** Where an experiment's artifacts are. */
export function rootOf(
  experiment: { readonly experiment_id: number; readonly artifact_location: string | null },
  artifactRoot: string,
): string {
  return experiment.artifact_location ?? `${artifactRoot}/${experiment.experiment_id}`;
}

export interface NewExperiment {
  readonly name: string;
  readonly artifactLocation: string | undefined;
  readonly tags: readonly KeyValue[];
  readonly artifactRoot: string;
  readonly now: number;
}

export async function createExperiment(tracking: TrackingDatabase, given: NewExperiment): Promise<number> {
  checkName(given.name);
  const location = given.artifactLocation === '' ? undefined : given.artifactLocation;
  if (location !== undefined) checkLocation(location);
  for (const [i, tag] of given.tags.entries()) checkExperimentTag(tag, `tags[${i}].`);
  return await tracking.write(async (trx) => {
    await refuseTaken(trx, given.name);
    const { experiment_id: id } = await trx
      .insertInto('experiments')
      .values({ name: given.name, creation_time: given.now, last_update_time: given.now })
      .returning('experiment_id')
      .executeTakeFirstOrThrow();
    const root = location ?? `${given.artifactRoot}/${id}`;
    await trx.updateTable('experiments').set({ artifact_location: root }).where('experiment_id', '=', id).execute();
    await writeTags(tracking, trx, { id, tags: given.tags });
    return id;
  });
}

const LONGEST_NAME = 500;

function checkName(name: string): void {
  if (name.trim() === '') throw invalid(`Invalid experiment name: '${name}'`);
  if (name.length > LONGEST_NAME) {
    throw invalid(`'name' exceeds the maximum length of ${LONGEST_NAME} characters`);
  }
}

async function refuseTaken(trx: Kysely<Database>, name: string): Promise<void> {
  const taken = await trx
    .selectFrom('experiments')
    .select('lifecycle_stage')
    .where('name', '=', name)
    .executeTakeFirst();
  if (taken === undefined) return;
  const message =
    taken.lifecycle_stage === 'deleted'
      ? `Experiment '${name}' already exists in deleted state. You can restore the experiment, or permanently delete it to create a new one.`
      : `Experiment(name=${name}) already exists.`;
  throw new RequestError('RESOURCE_ALREADY_EXISTS', message);
}

export async function renameExperiment(
  tracking: TrackingDatabase,
  { id, name, now }: { readonly id: string; readonly name: string; readonly now: number },
): Promise<void> {
  checkName(name);
  await tracking.write(async (trx) => {
    const experiment = await activeExperiment(trx, id);
    if (experiment.name !== name) await refuseTaken(trx, name);
    await trx
      .updateTable('experiments')
      .set({ name, last_update_time: now })
      .where('experiment_id', '=', experiment.experiment_id)
      .execute();
  });
}

/** One that may be written to. */
export async function activeExperiment(trx: Kysely<Database>, id: string): Promise<Selectable<ExperimentRow>> {
  const experiment = await findExperiment(trx, id);
  if (experiment.lifecycle_stage === 'active') return experiment;
  throw invalid(`The experiment ${id} must be in the 'active' state. Current state is deleted.`);
}

/** With all of its runs, in both directions. */
export async function moveExperiment(
  tracking: TrackingDatabase,
  { id, to, now }: { readonly id: string; readonly to: 'active' | 'deleted'; readonly now: number },
): Promise<void> {
  await tracking.write(async (trx) => {
    const experiment = await findExperiment(trx, id);
    if (experiment.lifecycle_stage === to) {
      throw new RequestError('RESOURCE_DOES_NOT_EXIST', `No Experiment with id=${id} exists that is not ${to} already`);
    }
    await trx
      .updateTable('experiments')
      .set({ lifecycle_stage: to, last_update_time: now })
      .where('experiment_id', '=', experiment.experiment_id)
      .execute();
    await moveRuns(trx, { to, now })
      .where('experiment_id', '=', experiment.experiment_id)
      .where('lifecycle_stage', '!=', to)
      .execute();
  });
}

export async function setExperimentTag(
  tracking: TrackingDatabase,
  { id, tag, now }: { readonly id: string; readonly tag: KeyValue; readonly now: number },
): Promise<void> {
  checkExperimentTag(tag, '');
  await tracking.write(async (trx) => {
    const experiment = await activeExperiment(trx, id);
    await writeTags(tracking, trx, { id: experiment.experiment_id, tags: [tag] });
    await touch(trx, experiment.experiment_id, now);
  });
}

export async function deleteExperimentTag(
  tracking: TrackingDatabase,
  { id, key, now }: { readonly id: string; readonly key: string; readonly now: number },
): Promise<void> {
  await tracking.write(async (trx) => {
    const { experiment_id } = await activeExperiment(trx, id);
    const { numDeletedRows } = await trx
      .deleteFrom('experiment_tags')
      .where('experiment_id', '=', experiment_id)
      .where('key', '=', key)
      .executeTakeFirstOrThrow();
    if (Number(numDeletedRows) === 0) {
      throw new RequestError('RESOURCE_DOES_NOT_EXIST', `No tag with name: ${key} in experiment with id ${id}`);
    }
    await touch(trx, experiment_id, now);
  });
}

async function touch(trx: Kysely<Database>, id: number, now: number): Promise<void> {
  await trx.updateTable('experiments').set({ last_update_time: now }).where('experiment_id', '=', id).execute();
}

const LONGEST_TAG_VALUE = 5000;

function checkExperimentTag({ key, value }: KeyValue, at: string): void {
  checkKey(key, `${at}key`);
  if (value.length > LONGEST_TAG_VALUE) {
    throw invalid(`'${at}value' exceeds the maximum length of ${LONGEST_TAG_VALUE} characters`);
  }
}

async function writeTags(
  { dialect }: TrackingDatabase,
  trx: Kysely<Database>,
  { id, tags }: { readonly id: number; readonly tags: readonly KeyValue[] },
): Promise<void> {
  const values = new Map(tags.map(({ key, value }) => [key, value]));
  await insertRows(trx, dialect, {
    table: 'experiment_tags',
    columns: ['experiment_id', 'key', 'value'],
    rows: [...values].map(([key, value]) => [id, key, value]),
    conflict: sql`on conflict (experiment_id, key) do update set value = excluded.value`,
  });
}
