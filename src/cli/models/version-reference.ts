import { LockstepError } from '../../base/error.ts';
import { nearest } from '../../base/nearest.ts';
import { type ModelVersion, withVersionParts } from '../../tracking/models/model-versions.ts';
import type { TrackingDatabase } from '../../tracking/tracking-database.ts';

/** All that are there, the newest first. Throws `usage` where there is no such model. */
export async function versionsOf(tracking: TrackingDatabase, name: string): Promise<readonly ModelVersion[]> {
  const models = await tracking.db.selectFrom('registered_models').select('name').orderBy('name').execute();
  if (!models.some((model) => model.name === name))
    throw noModel(
      name,
      models.map((model) => model.name),
    );
  const heads = await tracking.db
    .selectFrom('model_versions')
    .selectAll()
    .where('name', '=', name)
    .where('deleted_time', 'is', null)
    .orderBy('version', 'desc')
    .execute();
  return await withVersionParts(tracking, heads);
}

function noModel(name: string, known: readonly string[]): LockstepError {
  const near = nearest(name, known);
  const hint =
    known.length === 0
      ? 'lockstep models register RUN --name NAME registers the first one'
      : near === undefined
        ? 'lockstep models list shows the models'
        : `did you mean ${near}?`;
  return new LockstepError('usage', `there is no model '${name}'`, { hint });
}

/** The words `NAME 3`, or one: `NAME/3`, `NAME/Production`, `NAME@champion`, `NAME/latest`. */
export interface VersionWords {
  readonly name: string;
  readonly version: string | undefined;
}

export function versionWords(first: string, second: string | undefined): VersionWords {
  if (second !== undefined) return { name: first, version: second };
  const [, name = first, version] = /^(.+?)(?:\/(.+)|(@[\w-]+))?$/s.exec(first) ?? [];
  const alias = name === first ? undefined : first.slice(name.length).replace(/^\//, '');
  return { name, version: version ?? alias };
}

const STAGES = ['none', 'staging', 'production', 'archived'];

/** By number, stage (the newest in it), alias or `latest`. */
export async function resolveVersion(tracking: TrackingDatabase, words: VersionWords): Promise<ModelVersion> {
  const { name, version: reference = 'latest' } = words;
  const versions = await versionsOf(tracking, name);
  const word = reference.toLowerCase();
  const found = STAGES.includes(word)
    ? versions.find(({ current_stage }) => current_stage.toLowerCase() === word)
    : versions.find(({ version, aliases }, i) => {
        if (/^\d+$/.test(reference)) return version === Number(reference);
        if (reference === 'latest') return i === 0;
        return aliases.includes(reference.replace(/^@/, ''));
      });
  if (found !== undefined) return found;
  const known = versions.map(({ version }) => version).join(', ');
  throw new LockstepError('usage', `${name} has no version '${reference}'`, {
    hint: known === '' ? `lockstep models register RUN --name ${name} makes one` : `its versions are ${known}`,
  });
}
