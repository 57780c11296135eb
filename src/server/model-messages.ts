import type { LoggedModel } from '../tracking/models/logged-models.ts';
import type { ModelVersion } from '../tracking/models/model-versions.ts';
import type { RegisteredHead } from '../tracking/models/registered-models.ts';
import { jsonDouble, jsonInt64 } from './fields.ts';
import { listed, present } from './messages.ts';

export function loggedModelMessage(model: LoggedModel): object {
  return {
    info: {
      model_id: model.model_id,
      experiment_id: String(model.experiment_id),
      name: model.name,
      creation_timestamp_ms: model.creation_time,
      last_updated_timestamp_ms: model.last_updated_time,
      artifact_uri: model.artifact_location,
      status: model.status,
      ...present('model_type', model.model_type),
      ...present('source_run_id', model.source_run_id),
      ...listed('tags', model.tags.map(keyValue)),
    },
    data: {
      ...listed('params', model.params.map(keyValue)),
      ...listed(
        'metrics',
        model.metrics.map((point) => ({
          key: point.key,
          value: jsonDouble(point.is_nan === 1 ? Number.NaN : point.value),
          timestamp: jsonInt64(point.timestamp),
          step: jsonInt64(point.step),
          model_id: point.model_id,
          run_id: point.run_id,
          ...present('dataset_name', point.dataset_name || null),
          ...present('dataset_digest', point.dataset_digest || null),
        })),
      ),
    },
  };
}

export function versionMessage(version: ModelVersion): object {
  return {
    name: version.name,
    version: String(version.version),
    creation_timestamp: version.creation_time,
    last_updated_timestamp: version.last_updated_time,
    current_stage: version.current_stage,
    description: version.description ?? '',
    source: version.source,
    run_id: version.run_id ?? '',
    status: 'READY',
    run_link: version.run_link ?? '',
    ...present('model_id', version.model_id),
    ...listed('tags', version.tags.map(keyValue)),
    aliases: version.aliases,
  };
}

export interface RegisteredParts {
  readonly tags: readonly { readonly key: string; readonly value: string }[];
  readonly aliases: readonly { readonly alias: string; readonly version: number }[];
  readonly latest: readonly ModelVersion[];
}

export function registeredMessage(model: RegisteredHead, { tags, aliases, latest }: RegisteredParts): object {
  return {
    name: model.name,
    creation_timestamp: model.creation_time,
    last_updated_timestamp: model.last_updated_time,
    ...present('description', model.description || null),
    ...listed('latest_versions', latest.map(versionMessage)),
    ...listed('tags', tags.map(keyValue)),
    ...listed(
      'aliases',
      aliases.map(({ alias, version }) => ({ alias, version: String(version) })),
    ),
  };
}

function keyValue({ key, value }: { readonly key: string; readonly value: string }): object {
  return { key, value };
}
