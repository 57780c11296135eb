import { type Kysely, type Selectable, sql } from 'kysely';
import { invalid } from '../logged/keys.ts';
import type { KeyValue } from '../logged/tags.ts';
import { RequestError } from '../request-error.ts';
import type { Database, RegisteredModelRow } from '../schema.ts';
import { insertRows } from '../statements.ts';
import type { TrackingDatabase } from '../tracking-database.ts';
import { liveVersion, notFoundVersion } from './model-source.ts';

export type RegisteredHead = Selectable<RegisteredModelRow>;

/** It becomes part of addresses such as `models:/<name>/1`. */
function checkModelName(name: string): void {
  if (name.trim() === '') throw invalid('Registered model name cannot be empty.');
  if (/[/:%\\]/.test(name) || name === '.' || name === '..') {
    throw invalid(`Registered model name cannot contain path separators or be '.' or '..': '${name}'`);
  }
}

export async function findRegistered(db: Kysely<Database>, name: string): Promise<RegisteredHead> {
  const found = await db.selectFrom('registered_models').selectAll().where('name', '=', name).executeTakeFirst();
  if (found !== undefined) return found;
  throw new RequestError('RESOURCE_DOES_NOT_EXIST', `Registered Model with name=${name} not found`);
}

export interface NewRegistered {
  readonly name: string;
  readonly description: string | undefined;
  readonly tags: readonly KeyValue[];
  readonly now: number;
}

export async function createRegistered(tracking: TrackingDatabase, model: NewRegistered): Promise<void> {
  checkModelName(model.name);
  await tracking.write(async (trx) => {
    await refuseTaken(trx, model.name);
    const times = { creation_time: model.now, last_updated_time: model.now };
    await trx
      .insertInto('registered_models')
      .values({ name: model.name, description: model.description ?? null, ...times })
      .execute();
    await writeModelTags(tracking, trx, { name: model.name, tags: model.tags });
  });
}

async function refuseTaken(trx: Kysely<Database>, name: string): Promise<void> {
  const taken = await trx.selectFrom('registered_models').select('name').where('name', '=', name).executeTakeFirst();
  if (taken === undefined) return;
  throw new RequestError('RESOURCE_ALREADY_EXISTS', `Registered Model (name=${name}) already exists.`);
}

interface TagsOfModel {
  readonly name: string;
  readonly tags: readonly KeyValue[];
}

async function writeModelTags({ dialect }: TrackingDatabase, trx: Kysely<Database>, { name, tags }: TagsOfModel) {
  const last = new Map(tags.map(({ key, value }) => [key, value]));
  await insertRows(trx, dialect, {
    table: 'registered_model_tags',
    columns: ['name', 'key', 'value'],
    rows: [...last].map(([key, value]) => [name, key, value]),
    conflict: sql`on conflict (name, key) do update set value = excluded.value`,
  });
}

/** Everything that speaks of a model by its name. */
const NAMED = [
  'registered_models',
  'registered_model_tags',
  'registered_model_aliases',
  'model_versions',
  'model_version_tags',
  'model_history',
  'model_version_provenance',
] as const;

export async function renameRegistered(
  tracking: TrackingDatabase,
  { name, to, now }: { readonly name: string; readonly to: string; readonly now: number },
): Promise<void> {
  checkModelName(to);
  await tracking.write(async (trx) => {
    await findRegistered(trx, name);
    if (to !== name) await refuseTaken(trx, to);
    for (const table of NAMED) {
      await trx.updateTable(table).set({ name: to }).where('name', '=', name).execute();
    }
    await trx.updateTable('registered_models').set({ last_updated_time: now }).where('name', '=', to).execute();
  });
}

export async function describeRegistered(
  tracking: TrackingDatabase,
  { name, description, now }: { readonly name: string; readonly description: string | undefined; readonly now: number },
): Promise<void> {
  await tracking.write(async (trx) => {
    await findRegistered(trx, name);
    await trx
      .updateTable('registered_models')
      .set({ description: description ?? null, last_updated_time: now })
      .where('name', '=', name)
      .execute();
  });
}

/** With all its versions. Its history stays: what was in production once is no secret of the name. */
export async function deleteRegistered(tracking: TrackingDatabase, name: string): Promise<void> {
  await tracking.write(async (trx) => {
    await findRegistered(trx, name);
    for (const table of NAMED) {
      if (table !== 'model_history') await trx.deleteFrom(table).where('name', '=', name).execute();
    }
  });
}

export async function setRegisteredTag(
  tracking: TrackingDatabase,
  { name, tag }: { readonly name: string; readonly tag: KeyValue },
): Promise<void> {
  await tracking.write(async (trx) => {
    await findRegistered(trx, name);
    await writeModelTags(tracking, trx, { name, tags: [tag] });
  });
}

export async function deleteRegisteredTag(
  tracking: TrackingDatabase,
  { name, key }: { readonly name: string; readonly key: string },
): Promise<void> {
  await tracking.write(async (trx) => {
    await findRegistered(trx, name);
    await trx.deleteFrom('registered_model_tags').where('name', '=', name).where('key', '=', key).execute();
  });
}

export interface AliasOf {
  readonly name: string;
  readonly alias: string;
}

interface Change {
  readonly now: number;
  readonly who?: string | undefined;
}

export async function setAlias(
  tracking: TrackingDatabase,
  { name, alias, version, now, who }: AliasOf & Change & { readonly version: string },
): Promise<void> {
  if (!/^[\w-]{1,255}$/.test(alias) || alias === 'latest' || /^v\d+$/i.test(alias)) {
    throw invalid(
      `Invalid alias name: '${alias}'. It may hold letters, digits, _ and -; 'latest' and v<number> are taken.`,
    );
  }
  await tracking.write(async (trx) => {
    await findRegistered(trx, name);
    const { version: number } = await liveVersion(trx, name, versionNumber(name, version));
    const was = await aliased(trx, { name, alias });
    await trx
      .insertInto('registered_model_aliases')
      .values({ name, alias, version: number })
      .onConflict((c) => c.columns(['name', 'alias']).doUpdateSet({ version: number }))
      .execute();
    if (was === number) return;
    const what = `alias:${alias}`;
    const entry = {
      name,
      version: number,
      what,
      was: was === undefined ? null : String(was),
      now: String(number),
      time: now,
      who: who ?? null,
    };
    await trx.insertInto('model_history').values(entry).execute();
  });
}

export async function deleteAlias(
  tracking: TrackingDatabase,
  { name, alias, now, who }: AliasOf & Change,
): Promise<void> {
  await tracking.write(async (trx) => {
    await findRegistered(trx, name);
    const was = await aliased(trx, { name, alias });
    if (was === undefined) return;
    await trx.deleteFrom('registered_model_aliases').where('name', '=', name).where('alias', '=', alias).execute();
    const entry = {
      name,
      version: was,
      what: `alias:${alias}`,
      was: String(was),
      now: null,
      time: now,
      who: who ?? null,
    };
    await trx.insertInto('model_history').values(entry).execute();
  });
}

export async function aliased(db: Kysely<Database>, { name, alias }: AliasOf): Promise<number | undefined> {
  const found = await db
    .selectFrom('registered_model_aliases')
    .select('version')
    .where('name', '=', name)
    .where('alias', '=', alias)
    .executeTakeFirst();
  return found?.version;
}

/** Versions are counted, and travel as text. */
export function versionNumber(name: string, version: string): number {
  if (/^\d{1,9}$/.test(version)) return Number(version);
  if (/^\d+$/.test(version)) throw notFoundVersion(name, version);
  throw invalid(`Parameter 'version' must be a whole number, got '${version.slice(0, 100)}'`);
}
