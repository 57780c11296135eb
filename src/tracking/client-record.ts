import type { Digest, Literal } from '../base/brand.ts';
import { allRows, type OpenDatabase } from './sqlite-open.ts';

/** What clients logged into a run besides its params, metrics and tags, which stand among the run's own. */
export interface ClientRecord {
  /** Params that the script logged with another value than the pipeline declares. */
  readonly paramDifferences: readonly ParamDifference[];
  readonly artifacts: readonly LoggedArtifact[];
  readonly models: readonly { readonly id: string; readonly name: string; readonly status: string }[];
  readonly datasets: readonly { readonly name: string; readonly digest: string; readonly source: string }[];
}

export const NOTHING_LOGGED: ClientRecord = { paramDifferences: [], artifacts: [], models: [], datasets: [] };

export interface ParamDifference {
  readonly key: string;
  readonly declared: Literal;
  readonly logged: Literal;
}

export interface LoggedArtifact {
  /** Below the run's own artifacts. */
  readonly path: string;
  readonly digest: Digest;
  readonly size: number;
}

export function readClientRecord(open: OpenDatabase, runId: string): ClientRecord {
  return open.sqlite.transaction(() => {
    const { db } = open;
    const [head] = allRows(open, headOf(open, runId));
    if (head === undefined) return NOTHING_LOGGED;
    const differences = db
      .selectFrom('logged_params')
      .innerJoin('params', (join) =>
        join.onRef('params.run', '=', 'logged_params.run').onRef('params.key', '=', 'logged_params.key'),
      )
      .where('logged_params.run', '=', head.run)
      .orderBy('params.position')
      .select(['params.key', 'params.value as declared', 'logged_params.value as logged']);
    const models = db
      .selectFrom('logged_models')
      .where('source_run_id', '=', runId)
      .where('lifecycle_stage', '=', 'active')
      .orderBy('creation_time')
      .select(['model_id as id', 'name', 'status']);
    const datasets = db
      .selectFrom('dataset_inputs')
      .innerJoin('datasets', 'datasets.dataset', 'dataset_inputs.dataset')
      .where('dataset_inputs.run', '=', head.run)
      .orderBy('dataset_inputs.position')
      .select(['name', 'digest', 'source']);
    return {
      paramDifferences: allRows(open, differences) as readonly ParamDifference[],
      artifacts: readArtifacts(open, artifactPathOf(head, runId)),
      models: allRows(open, models),
      datasets: allRows(open, datasets),
    };
  })();
}

function headOf({ db }: OpenDatabase, runId: string) {
  return db
    .selectFrom('runs')
    .innerJoin('experiments', 'experiments.experiment_id', 'runs.experiment_id')
    .where('run_id', '=', runId)
    .select(['run', 'runs.experiment_id', 'artifact_uri', 'artifact_location']);
}

interface Place {
  readonly experiment_id: number;
  readonly artifact_uri: string | null;
  readonly artifact_location: string | null;
}

/** Undefined where the artifacts are not the project's own server's. */
function artifactPathOf(head: Place, runId: string): string | undefined {
  const root = head.artifact_location ?? `mlflow-artifacts:/${head.experiment_id}`;
  return /^mlflow-artifacts:\/+(.+?)\/*$/.exec(head.artifact_uri ?? `${root}/${runId}/artifacts`)?.[1];
}

function readArtifacts(open: OpenDatabase, root: string | undefined): readonly LoggedArtifact[] {
  if (root === undefined) return [];
  // `0` is the character that follows the slash.
  const below = open.db
    .selectFrom('artifact_files')
    .where('path', '>=', `${root}/`)
    .where('path', '<', `${root}0`)
    .orderBy('path')
    .select(['path', 'digest', 'size']);
  return allRows(open, below).map(({ path, digest, size }) => ({
    path: path.slice(root.length + 1),
    digest: digest as Digest,
    size,
  }));
}
