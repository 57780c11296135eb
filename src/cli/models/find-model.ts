import type { Kysely } from 'kysely';
import { sql } from 'kysely';
import type { Digest } from '../../base/brand.ts';
import { LockstepError } from '../../base/error.ts';
import { rootOf } from '../../tracking/logged/experiments.ts';
import type { RegisteredFile } from '../../tracking/models/provenance.ts';
import type { Run } from '../../tracking/run.ts';
import type { Database } from '../../tracking/schema.ts';
import { isAnyOf } from '../../tracking/statements.ts';
import { ARTIFACT_ROOT, type Registry } from './registry.ts';

/** Something of a run that can be registered. */
export interface FoundModel {
  /** As the user may name it. */
  readonly path: string;
  /** The run that made it; of a whole repro one of its stages. */
  readonly run: Run;
  readonly source: string;
  readonly modelId: string | undefined;
  readonly files: readonly RegisteredFile[];
}

const OUTS = 'outs/';

/** The model that a user means; without a path the one that there is. Throws `usage` where that is not clear. */
export async function findModel(registry: Registry, run: Run, path: string | undefined): Promise<FoundModel> {
  const runs = run.stage === null ? (await registry.runs.list({})).filter(({ parent }) => parent === run.id) : [run];
  const logged = await loggedModels(registry, runs);
  const outs = runs.flatMap(outsOf);
  const candidates = [...logged, ...(await uploadedModels(registry, runs, path)), ...outs];
  const found = path === undefined ? theOnly(candidates) : candidates.find((one) => isCalled(one, path));
  if (found === undefined) throw unclear(run, path, candidates);
  if (found.run.status !== 'FINISHED') {
    throw new LockstepError('usage', `run ${found.run.id} is ${found.run.status}`, {
      hint: 'only what a run that finished has made can be registered',
    });
  }
  if (found.files.length > 0) return found;
  throw new LockstepError('usage', `the bytes of ${found.path} were not kept`, {
    hint: 'register the run of a stage whose out is cached, or a model that was logged through the server',
  });
}

function isCalled(model: FoundModel, path: string): boolean {
  const plain = path.replace(/^\.\//, '').replace(/\/$/, '');
  return model.path === plain || `${OUTS}${model.path}` === plain;
}

/** What was logged as a model is one; among outs it is told by its name. */
function theOnly(candidates: readonly FoundModel[]): FoundModel | undefined {
  const groups = [
    candidates.filter(({ files }) => files.some((file) => file.in === 'artifacts')),
    candidates,
    candidates.filter(({ path }) => /model/i.test(path)),
  ];
  return groups.find((group) => group.length === 1)?.[0];
}

function unclear(run: Run, path: string | undefined, candidates: readonly FoundModel[]): LockstepError {
  const names = candidates.map((one) => one.path).join(', ');
  const message =
    path === undefined && candidates.length > 0
      ? `run ${run.id} made several things`
      : `run ${run.id} made ${path === undefined ? 'nothing that could be a model' : `no '${path}'`}`;
  throw new LockstepError('usage', message, names === '' ? {} : { hint: `name one of: ${names}` });
}

function outsOf(run: Run): readonly FoundModel[] {
  return run.artifacts
    .filter(({ kind }) => kind === 'out')
    .map(({ path, digest, size, stored }) => ({
      path: path.startsWith(OUTS) ? path.slice(OUTS.length) : path,
      run,
      source: `runs:/${run.id}/${path}`,
      modelId: undefined,
      files: stored ? [{ in: 'cache' as const, path: '', from: path, digest, size }] : [],
    }));
}

async function loggedModels({ tracking }: Registry, runs: readonly Run[]): Promise<readonly FoundModel[]> {
  const rows = await tracking.db
    .selectFrom('logged_models')
    .selectAll()
    .where(
      isAnyOf(
        tracking.dialect,
        sql.ref('source_run_id'),
        runs.map(({ id }) => id),
      ),
    )
    .where('lifecycle_stage', '=', 'active')
    .orderBy('creation_time', 'desc')
    .execute();
  const found: FoundModel[] = [];
  for (const { model_id, name, artifact_location, source_run_id } of rows) {
    const run = runs.find(({ id }) => id === source_run_id);
    if (run === undefined) continue;
    const files = await artifactFiles(tracking.db, pathOf(artifact_location));
    found.push({ path: name, run, source: `models:/${model_id}`, modelId: model_id, files });
  }
  return found;
}

/** Directories of a client's run that hold a model, and what was named, whatever it is. */
async function uploadedModels(
  { tracking }: Registry,
  runs: readonly Run[],
  path: string | undefined,
): Promise<readonly FoundModel[]> {
  const found: FoundModel[] = [];
  for (const run of runs) {
    const head = await tracking.db
      .selectFrom('runs')
      .innerJoin('experiments', 'experiments.experiment_id', 'runs.experiment_id')
      .select(['artifact_uri', 'artifact_location', 'runs.experiment_id'])
      .where('run_id', '=', run.id)
      .executeTakeFirst();
    if (head === undefined) continue;
    const root = pathOf(head.artifact_uri ?? `${rootOf(head, ARTIFACT_ROOT)}/${run.id}/artifacts`);
    if (root === undefined) continue;
    const files = await artifactFiles(tracking.db, root);
    const directories = files.filter((file) => /(^|\/)MLmodel$/.test(file.path)).map((file) => file.path.slice(0, -8));
    for (const name of new Set(path === undefined ? directories : [path, ...directories])) {
      const inside = await artifactFiles(tracking.db, name === '' ? root : `${root}/${name}`);
      if (inside.length === 0) continue;
      const source = `runs:/${run.id}${name === '' ? '' : `/${name}`}`;
      found.push({ path: name, run, source, modelId: undefined, files: inside });
    }
  }
  return found;
}

/** Where the project's own server keeps it; undefined for what is elsewhere. */
function pathOf(uri: string | null): string | undefined {
  return uri === null ? undefined : /^mlflow-artifacts:\/+(.+?)\/*$/.exec(uri)?.[1];
}

export async function artifactFiles(
  db: Kysely<Database>,
  root: string | undefined,
): Promise<readonly RegisteredFile[]> {
  if (root === undefined) return [];
  // `0` is the character that follows the slash.
  const rows = await db
    .selectFrom('artifact_files')
    .selectAll()
    .where(({ or, and, eb }) =>
      or([eb('path', '=', root), and([eb('path', '>=', `${root}/`), eb('path', '<', `${root}0`)])]),
    )
    .orderBy('path')
    .execute();
  return rows.map(({ path, digest, size }) => ({
    in: 'artifacts',
    path: path.slice(root.length + 1),
    from: path,
    digest: digest as Digest,
    size,
  }));
}
