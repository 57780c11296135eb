import { type Kysely, type Selectable, sql } from 'kysely';
import { groupBy } from '../group-by.ts';
import { invalid } from '../logged/keys.ts';
import type { KeyValue } from '../logged/tags.ts';
import type { Database, ModelVersionRow } from '../schema.ts';
import { insertRows, isAnyOf } from '../statements.ts';
import type { TrackingDatabase } from '../tracking-database.ts';
import { liveVersion, resolveSource } from './model-source.ts';
import { type NewProvenance, writeProvenance } from './provenance.ts';
import { findRegistered } from './registered-models.ts';

export const PROMPT_TAG = 'mlflow.prompt.is_prompt';
const SEMANTIC_TAG = 'lockstep.version';
const VERSIONS_TAG = 'mlflow.modelVersions';

export interface ModelVersion extends Selectable<ModelVersionRow> {
  readonly tags: readonly KeyValue[];
  readonly aliases: readonly string[];
}

export interface NewVersion {
  readonly name: string;
  readonly source: string;
  readonly runId: string | undefined;
  readonly runLink: string | undefined;
  readonly modelId: string | undefined;
  readonly description: string | undefined;
  readonly tags: readonly KeyValue[];
  readonly artifactRoot: string;
  readonly now: number;
  readonly provenance?: NewProvenance;
}

/** Its number. Numbers go on where they ended, also after versions that were deleted. */
export async function createVersion(tracking: TrackingDatabase, given: NewVersion): Promise<number> {
  const { name, now } = given;
  const isPrompt = given.tags.some(({ key, value }) => key === PROMPT_TAG && value === 'true');
  return await tracking.write(async (trx) => {
    await findRegistered(trx, name);
    const { runId, modelId, artifactRoot } = given;
    const resolved = await resolveSource(trx, { source: given.source, runId, modelId, isPrompt, artifactRoot });
    const { last } = await trx
      .selectFrom('model_versions')
      .select(({ fn }) => fn.max('version').as('last'))
      .where('name', '=', name)
      .executeTakeFirstOrThrow();
    const version = Number(last ?? 0) + 1;
    await trx
      .insertInto('model_versions')
      .values({
        name,
        version,
        current_stage: 'None',
        source: given.source,
        ...resolved,
        description: given.description ?? null,
        run_link: given.runLink ?? null,
        creation_time: now,
        last_updated_time: now,
        deleted_time: null,
      })
      .execute();
    await writeVersionTags(tracking, trx, { name, version, tags: given.tags });
    if (given.provenance !== undefined) {
      const value = await writeProvenance(trx, { name, version }, given.provenance);
      // Clients see it as a tag.
      await writeVersionTags(tracking, trx, { name, version, tags: [{ key: SEMANTIC_TAG, value }] });
    }
    await touch(trx, name, now);
    if (resolved.model_id !== null) await noteOnModel(tracking, trx, { modelId: resolved.model_id, name, version });
    return version;
  });
}

/** The model that was logged says which versions it became. */
async function noteOnModel(
  { dialect }: TrackingDatabase,
  trx: Kysely<Database>,
  { modelId, name, version }: { readonly modelId: string; readonly name: string; readonly version: number },
): Promise<void> {
  const versions = await trx
    .selectFrom('model_versions')
    .select(['name', 'version'])
    .where('model_id', '=', modelId)
    .where('deleted_time', 'is', null)
    .orderBy('creation_time')
    .execute();
  const all = versions.some((one) => one.name === name && one.version === version)
    ? versions
    : [...versions, { name, version }];
  const value = JSON.stringify(all.map((one) => ({ name: one.name, version: String(one.version) })));
  await insertRows(trx, dialect, {
    table: 'logged_model_tags',
    columns: ['model_id', 'key', 'value'],
    rows: [[modelId, VERSIONS_TAG, value]],
    conflict: sql`on conflict (model_id, key) do update set value = excluded.value`,
  });
}

async function touch(trx: Kysely<Database>, name: string, now: number): Promise<void> {
  await trx.updateTable('registered_models').set({ last_updated_time: now }).where('name', '=', name).execute();
}

export interface VersionOf {
  readonly name: string;
  readonly version: number;
}

async function writeVersionTags(
  { dialect }: TrackingDatabase,
  trx: Kysely<Database>,
  { name, version, tags }: VersionOf & { readonly tags: readonly KeyValue[] },
): Promise<void> {
  const last = new Map(tags.map(({ key, value }) => [key, value]));
  await insertRows(trx, dialect, {
    table: 'model_version_tags',
    columns: ['name', 'version', 'key', 'value'],
    rows: [...last].map(([key, value]) => [name, version, key, value]),
    conflict: sql`on conflict (name, version, key) do update set value = excluded.value`,
  });
}

export async function findVersion(tracking: TrackingDatabase, { name, version }: VersionOf): Promise<ModelVersion> {
  const head = await liveVersion(tracking.db, name, version);
  const [whole] = await withVersionParts(tracking, [head]);
  return whole ?? { ...head, tags: [], aliases: [] };
}

export async function withVersionParts(
  { db, dialect }: TrackingDatabase,
  heads: readonly Selectable<ModelVersionRow>[],
): Promise<readonly ModelVersion[]> {
  if (heads.length === 0) return [];
  const ofThese = isAnyOf(dialect, sql.ref('name'), [...new Set(heads.map(({ name }) => name))]);
  const keyOf = ({ name, version }: VersionOf) => `${version} ${name}`;
  const tags = groupBy(
    await db.selectFrom('model_version_tags').selectAll().where(ofThese).orderBy('key').execute(),
    keyOf,
  );
  const aliases = groupBy(
    await db.selectFrom('registered_model_aliases').selectAll().where(ofThese).orderBy('alias').execute(),
    keyOf,
  );
  return heads.map((head) => ({
    ...head,
    tags: tags.get(keyOf(head)) ?? [],
    aliases: (aliases.get(keyOf(head)) ?? []).map(({ alias }) => alias),
  }));
}

export async function describeVersion(
  tracking: TrackingDatabase,
  { name, version, description, now }: VersionOf & { readonly description: string | undefined; readonly now: number },
): Promise<void> {
  await tracking.write(async (trx) => {
    await liveVersion(trx, name, version);
    await trx
      .updateTable('model_versions')
      .set({ description: description ?? null, last_updated_time: now })
      .where('name', '=', name)
      .where('version', '=', version)
      .execute();
  });
}

const STAGES = ['None', 'Staging', 'Production', 'Archived'] as const;

/** Throws for what is no stage; capitals do not count. */
function stageOf(text: string): string {
  const stage = STAGES.find((one) => one.toLowerCase() === text.toLowerCase());
  if (stage !== undefined) return stage;
  throw invalid(`Invalid Model Version stage: ${text}. Value must be one of ${STAGES.join(', ')}.`);
}

export interface Transition extends VersionOf {
  readonly stage: string;
  /** What was in that stage goes to Archived. */
  readonly archiveExisting: boolean;
  readonly now: number;
  readonly who?: string | undefined;
}

export async function moveVersion(
  tracking: TrackingDatabase,
  { name, version, stage: written, archiveExisting, now, who }: Transition,
): Promise<void> {
  const stage = stageOf(written);
  if (archiveExisting && stage !== 'Staging' && stage !== 'Production') {
    throw invalid(`Only versions in Staging and Production can be archived by a transition, not those in ${stage}.`);
  }
  await tracking.write(async (trx) => {
    const found = await liveVersion(trx, name, version);
    if (archiveExisting) {
      const others = await trx
        .selectFrom('model_versions')
        .selectAll()
        .where('name', '=', name)
        .where('current_stage', '=', stage)
        .where('version', '!=', version)
        .where('deleted_time', 'is', null)
        .execute();
      for (const other of others) await toStage(trx, other, { stage: 'Archived', now, who });
    }
    await toStage(trx, found, { stage, now, who });
    await touch(trx, name, now);
  });
}

async function toStage(
  trx: Kysely<Database>,
  { name, version, current_stage: was }: Selectable<ModelVersionRow>,
  { stage, now, who }: { readonly stage: string; readonly now: number; readonly who: string | undefined },
): Promise<void> {
  await trx
    .updateTable('model_versions')
    .set({ current_stage: stage, last_updated_time: now })
    .where('name', '=', name)
    .where('version', '=', version)
    .execute();
  if (was === stage) return;
  await trx
    .insertInto('model_history')
    .values({ name, version, what: 'stage', was, now: stage, time: now, who: who ?? null })
    .execute();
}

const OF_VERSION = ['registered_model_aliases', 'model_version_tags', 'model_version_provenance'] as const;

/** Its number is never given again; what it pointed at is free. */
export async function deleteVersion(
  tracking: TrackingDatabase,
  { name, version, now }: VersionOf & { readonly now: number },
): Promise<void> {
  await tracking.write(async (trx) => {
    await liveVersion(trx, name, version);
    const gone = { deleted_time: now, source: '', storage_location: null, pinned_path: null, run_id: null };
    await trx
      .updateTable('model_versions')
      .set({ ...gone, run_link: null, last_updated_time: now })
      .where('name', '=', name)
      .where('version', '=', version)
      .execute();
    for (const table of OF_VERSION) {
      await trx.deleteFrom(table).where('name', '=', name).where('version', '=', version).execute();
    }
    await touch(trx, name, now);
  });
}

export async function setVersionTag(
  tracking: TrackingDatabase,
  { name, version, tag }: VersionOf & { readonly tag: KeyValue },
): Promise<void> {
  await tracking.write(async (trx) => {
    await liveVersion(trx, name, version);
    await writeVersionTags(tracking, trx, { name, version, tags: [tag] });
  });
}

export async function deleteVersionTag(
  tracking: TrackingDatabase,
  { name, version, key }: VersionOf & { readonly key: string },
): Promise<void> {
  await tracking.write(async (trx) => {
    await liveVersion(trx, name, version);
    await trx
      .deleteFrom('model_version_tags')
      .where('name', '=', name)
      .where('version', '=', version)
      .where('key', '=', key)
      .execute();
  });
}

/** Of each stage the highest version; of all stages where none is named. */
export async function latestVersions(
  tracking: TrackingDatabase,
  { names, stages }: { readonly names: readonly string[]; readonly stages: readonly string[] },
): Promise<readonly ModelVersion[]> {
  if (names.length === 0) return [];
  const wanted = stages.map(stageOf);
  const rows = await tracking.db
    .selectFrom('model_versions')
    .selectAll()
    .where(isAnyOf(tracking.dialect, sql.ref('name'), names))
    .where('deleted_time', 'is', null)
    .orderBy('version', 'desc')
    .execute();
  const seen = new Set<string>();
  const latest = rows.filter((row) => {
    const key = `${row.current_stage} ${row.name}`;
    if (seen.has(key) || (wanted.length > 0 && !wanted.includes(row.current_stage))) return false;
    seen.add(key);
    return true;
  });
  return await withVersionParts(tracking, latest);
}

/** Every change of a stage or an alias, the first one first. */
export async function historyOf({ db }: TrackingDatabase, name: string) {
  await findRegistered(db, name);
  return await db.selectFrom('model_history').selectAll().where('name', '=', name).orderBy('entry').execute();
}
