import type { Kysely, Selectable } from 'kysely';
import { findExperiment, rootOf } from '../logged/experiments.ts';
import { invalid } from '../logged/keys.ts';
import { findHead } from '../logged/run-head.ts';
import { RequestError } from '../request-error.ts';
import type { Database, ModelVersionRow } from '../schema.ts';
import { headOf } from './logged-models.ts';

export interface GivenSource {
  readonly source: string;
  readonly runId: string | undefined;
  readonly modelId: string | undefined;
  /** A prompt has no files; its source is a mere word. */
  readonly isPrompt: boolean;
  readonly artifactRoot: string;
}

/** Where a version's content is, and what made it. */
export type ResolvedSource = Pick<ModelVersionRow, 'storage_location' | 'pinned_path' | 'run_id' | 'model_id'>;

const ELSEWHERE = /^(s3|s3a|gs|wasbs?|abfss?|adl|dbfs|hdfs|https?|sftp|ftp):\/\//i;

/**
 * What a source leads to. Nothing on the server's own disk can be named but its artifacts, and of those only what the run
 * or the model that is named really has.
 */
export async function resolveSource(db: Kysely<Database>, given: GivenSource): Promise<ResolvedSource> {
  const { source, runId = null, modelId = null } = given;
  checkSafe(source);
  if (given.isPrompt && /^[\w-]+$/.test(source)) return at(null, runId, modelId);
  if (source.startsWith('models:/')) return await fromModel(db, given);
  if (source.startsWith('runs:/')) return await fromRun(db, given);
  if (source.startsWith('mlflow-artifacts:/')) return await fromArtifacts(db, given);
  if (ELSEWHERE.test(source)) return at(source, runId, modelId);
  throw refusal(source, 'the server takes no model from its own disk, and of addresses only those of stores');
}

function at(location: string | null, runId: string | null, modelId: string | null): ResolvedSource {
  const path = location?.startsWith('mlflow-artifacts:/') ? location.replace(/^mlflow-artifacts:\/+/, '') : null;
  return { storage_location: location, pinned_path: path, run_id: runId, model_id: modelId };
}

/** Decoded until there is nothing to decode: what some other program may see in it must be harmless, too. */
function checkSafe(source: string): void {
  let text = source;
  for (let round = 0; ; round += 1) {
    const segments = text.replace(/^[a-z][a-z0-9+.-]*:/i, '').split('/');
    // biome-ignore lint/suspicious/noControlCharactersInRegex: these are what is looked for
    if (/[\\#?;\u0000-\u001f\u007f]/.test(text) || segments.includes('..') || segments.includes('.')) {
      throw refusal(source, 'it holds `..`, a backslash, a query, a fragment or a control character');
    }
    const decoded = decode(text);
    if (decoded === text) return;
    if (decoded === undefined || round > 10) throw refusal(source, 'it is encoded in a way that has no meaning');
    text = decoded;
  }
}

function decode(text: string): string | undefined {
  try {
    return decodeURIComponent(text);
  } catch {
    return undefined;
  }
}

function refusal(source: string, why: string) {
  return invalid(`Invalid model version source: '${source.slice(0, 200)}': ${why}.`);
}

async function fromModel(db: Kysely<Database>, given: GivenSource): Promise<ResolvedSource> {
  const { source, modelId, runId } = given;
  const [, name = '', version] = /^models:\/([^/]+)(?:\/(\d+))?$/.exec(source) ?? [];
  if (version !== undefined) {
    const other = await liveVersion(db, name, Number(version));
    return at(other.storage_location, runId || other.run_id, modelId || other.model_id);
  }
  if (!/^m-[0-9a-f]+$/.test(name)) throw refusal(source, 'it is neither models:/m-<id> nor models:/<name>/<version>');
  if (modelId !== undefined && modelId !== '' && modelId !== name) {
    throw refusal(source, `it is another model than model_id='${modelId}'`);
  }
  const model = await headOf(db, name);
  return at(model.artifact_location, runId || model.source_run_id, name);
}

export async function liveVersion(
  db: Kysely<Database>,
  name: string,
  version: number,
): Promise<Selectable<ModelVersionRow>> {
  const found = await db
    .selectFrom('model_versions')
    .selectAll()
    .where('name', '=', name)
    .where('version', '=', version)
    .where('deleted_time', 'is', null)
    .executeTakeFirst();
  if (found !== undefined) return found;
  throw notFoundVersion(name, String(version));
}

async function fromRun(db: Kysely<Database>, { source, runId, modelId, artifactRoot }: GivenSource) {
  const [, id = '', path = ''] = /^runs:\/+([^/]+)(\/.*)?$/.exec(source) ?? [];
  if (id === '' || id !== runId) throw refusal(source, `its run is not run_id='${runId ?? ''}'`);
  return at(`${await rootOfRun(db, { id, artifactRoot })}${path}`, id, modelId ?? null);
}

/** Inside of the artifacts of the run that is named, or of a logged model. */
async function fromArtifacts(db: Kysely<Database>, given: GivenSource): Promise<ResolvedSource> {
  const { source, runId, modelId, artifactRoot } = given;
  const roots: string[] = [];
  if (runId !== undefined && runId !== '') roots.push(await rootOfRun(db, { id: runId, artifactRoot }));
  const model = modelId || /\/models\/(m-[0-9a-f]+)\/artifacts(?:\/|$)/.exec(source)?.[1];
  if (model !== undefined && model !== '') roots.push((await headOf(db, model)).artifact_location);
  const plain = source.replace(/^mlflow-artifacts:\/+/, 'mlflow-artifacts:/');
  if (roots.some((root) => plain === root || plain.startsWith(`${root}/`))) {
    return at(plain, runId || null, modelId || null);
  }
  throw refusal(source, 'it is not inside of the artifacts of the run or model that is named');
}

async function rootOfRun(
  db: Kysely<Database>,
  { id, artifactRoot }: { readonly id: string; readonly artifactRoot: string },
): Promise<string> {
  const head = await findHead(db, id);
  if (head.artifact_uri !== null) return head.artifact_uri;
  return `${rootOf(await findExperiment(db, String(head.experiment_id)), artifactRoot)}/${id}/artifacts`;
}

export function notFoundVersion(name: string, version: string): RequestError {
  return new RequestError('RESOURCE_DOES_NOT_EXIST', `Model Version (name=${name}, version=${version}) not found`);
}
