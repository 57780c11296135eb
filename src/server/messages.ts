import type { Experiment } from '../tracking/logged/experiments.ts';
import { rootOf } from '../tracking/logged/experiments.ts';
import type { PointRow } from '../tracking/logged/history.ts';
import type { LoggedRun } from '../tracking/logged/read-runs.ts';
import type { RunHeadRow } from '../tracking/logged/run-head.ts';
import { jsonDouble } from './fields.ts';

/** MLflow's messages as JSON; lists that are empty are left out, as protobuf does. */
export function experimentMessage(experiment: Experiment, artifactRoot: string): object {
  return {
    experiment_id: String(experiment.experiment_id),
    name: experiment.name,
    artifact_location: rootOf(experiment, artifactRoot),
    lifecycle_stage: experiment.lifecycle_stage,
    ...present('last_update_time', experiment.last_update_time),
    ...present('creation_time', experiment.creation_time),
    ...listed('tags', experiment.tags.map(keyValue)),
  };
}

export function runMessage(run: LoggedRun, artifactRoot: string): object {
  return {
    info: runInfoMessage(run.head, artifactRoot),
    data: {
      ...listed('metrics', run.metrics.map(metricMessage)),
      ...listed('params', run.params.map(keyValue)),
      ...listed('tags', run.tags.map(keyValue)),
    },
    inputs: {
      ...listed(
        'dataset_inputs',
        run.datasets.map(({ dataset, tags }) => ({ dataset, ...listed('tags', tags) })),
      ),
      ...listed(
        'model_inputs',
        run.modelInputs.map(({ model_id }) => ({ model_id })),
      ),
    },
    outputs: listed(
      'model_outputs',
      run.modelOutputs.map(({ model_id, step }) => ({ model_id, step })),
    ),
  };
}

export function runInfoMessage(head: RunHeadRow, artifactRoot: string): object {
  return {
    run_uuid: head.run_id,
    run_id: head.run_id,
    run_name: head.run_name,
    experiment_id: String(head.experiment_id),
    user_id: head.user_id ?? '',
    status: head.status,
    start_time: head.start_time,
    ...present('end_time', head.end_time),
    artifact_uri: head.artifact_uri ?? `${rootOf(head, artifactRoot)}/${head.run_id}/artifacts`,
    lifecycle_stage: head.lifecycle_stage,
  };
}

export function metricMessage({ key, value, is_nan, timestamp, step }: PointRow): object {
  return { key, value: is_nan === 1 ? 'NaN' : jsonDouble(value), timestamp, step };
}

function keyValue({ key, value }: { readonly key: string; readonly value: string }): object {
  return { key, value };
}

/** Field by field: a key of the request, `__proto__` say, never becomes a name. */
export function listed(name: string, items: readonly object[]): object {
  return items.length === 0 ? {} : { [name]: items };
}

export function present(name: string, value: unknown): object {
  return value === null || value === undefined ? {} : { [name]: value };
}
