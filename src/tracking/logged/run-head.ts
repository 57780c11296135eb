import { type Kysely, type Selectable, sql } from 'kysely';
import type { Dialect } from '../dialect.ts';
import { RequestError } from '../request-error.ts';
import type { Database, RunRow } from '../schema.ts';
import { isAnyOf } from '../statements.ts';

/** A run's own row, named as clients name it. */
export type RunHeadRow = Pick<
  Selectable<RunRow>,
  | 'run'
  | 'run_id'
  | 'experiment_id'
  | 'status'
  | 'start_time'
  | 'end_time'
  | 'lifecycle_stage'
  | 'user_id'
  | 'artifact_uri'
  | 'parent_run_id'
  | 'git_sha'
  | 'origin'
> & { readonly run_name: string; readonly artifact_location: string | null };

/** What a run is called: repro names its runs by their stages. */
export const RUN_NAME = sql<string>`coalesce(runs.name, runs.stage, 'repro')`;

export function selectHeads(db: Kysely<Database>) {
  return db
    .selectFrom('runs')
    .innerJoin('experiments', 'experiments.experiment_id', 'runs.experiment_id')
    .select(['runs.run', 'runs.run_id', 'runs.experiment_id', 'runs.status', 'runs.start_time', 'runs.end_time'])
    .select(['runs.lifecycle_stage', 'runs.user_id', 'runs.artifact_uri', 'runs.parent_run_id', 'runs.git_sha'])
    .select(['runs.origin', 'experiments.artifact_location', RUN_NAME.as('run_name')]);
}

export async function findHead(db: Kysely<Database>, runId: string): Promise<RunHeadRow> {
  const head = await selectHeads(db).where('runs.run_id', '=', runId).executeTakeFirst();
  return head ?? refuse(runNotFound(runId));
}

/** The number of a run that may be written to. */
export async function writableRun(db: Kysely<Database>, runId: string): Promise<WritableRun> {
  const run = await db
    .selectFrom('runs')
    .select(['run', 'run_id', 'experiment_id', 'lifecycle_stage'])
    .where('run_id', '=', runId)
    .executeTakeFirst();
  return checkWritable(run, runId);
}

/** The same for many at once; what is wrong with one is its own entry. */
export async function writableRuns(
  db: Kysely<Database>,
  dialect: Dialect,
  runIds: readonly string[],
): Promise<ReadonlyMap<string, WritableRun | RequestError>> {
  const distinct = [...new Set(runIds)];
  const found = await db
    .selectFrom('runs')
    .select(['run', 'run_id', 'experiment_id', 'lifecycle_stage'])
    .where(isAnyOf(dialect, sql.ref('run_id'), distinct))
    .execute();
  const byId = new Map(found.map((run) => [run.run_id, run]));
  return new Map(distinct.map((id) => [id, wrongWith(byId.get(id), id) ?? (byId.get(id) as WritableRun)]));
}

export interface WritableRun {
  readonly run: number;
  readonly run_id: string;
  readonly experiment_id: number;
}

type Found = WritableRun & { readonly lifecycle_stage: string };

function checkWritable(run: Found | undefined, runId: string): WritableRun {
  const wrong = wrongWith(run, runId);
  if (wrong !== undefined || run === undefined) throw wrong ?? runNotFound(runId);
  return run;
}

function wrongWith(run: Found | undefined, runId: string): RequestError | undefined {
  if (run === undefined) return runNotFound(runId);
  if (run.lifecycle_stage === 'active') return undefined;
  const message = `The run ${runId} must be in the 'active' state. Current state is ${run.lifecycle_stage}.`;
  return new RequestError('INVALID_PARAMETER_VALUE', message);
}

function runNotFound(runId: string): RequestError {
  return new RequestError('RESOURCE_DOES_NOT_EXIST', `Run with id=${runId} not found`);
}

function refuse(error: RequestError): never {
  throw error;
}
