import type { z } from 'zod';
import type { LoggedPoint } from '../tracking/logged/points.ts';
import { RequestError } from '../tracking/request-error.ts';
import {
  anyText,
  message,
  optionalInt64,
  optionalText,
  requiredDouble,
  requiredInt64,
  requiredText,
} from './fields.ts';

/** The fields by which requests name a run: older clients send the second alone. */
export const RUN_NAMED = { run_id: optionalText(), run_uuid: optionalText() };

export function runIdOf(request: {
  readonly run_id?: string | undefined;
  readonly run_uuid?: string | undefined;
}): string {
  const id = request.run_id === '' ? request.run_uuid : (request.run_id ?? request.run_uuid);
  if (id !== undefined && id !== '') return id;
  throw new RequestError(
    'INVALID_PARAMETER_VALUE',
    "Missing value for required parameter 'run_id'. See the API docs for more information about request parameters.",
  );
}

export const Tag = message({ key: requiredText(), value: anyText() });

export const POINT = {
  key: requiredText(),
  value: requiredDouble(),
  timestamp: requiredInt64().refine((time) => time >= 0, {
    error: ({ input }) => `Invalid value ${String(input)} for parameter 'timestamp' supplied: It must not be negative`,
  }),
  step: optionalInt64(),
  model_id: optionalText(),
  dataset_name: optionalText(),
  dataset_digest: optionalText(),
};

const Point = message(POINT);

export function pointOf(point: z.output<typeof Point>): LoggedPoint {
  return {
    key: point.key,
    value: point.value,
    timestamp: point.timestamp,
    step: point.step ?? 0,
    modelId: point.model_id,
    datasetName: point.dataset_name,
    datasetDigest: point.dataset_digest,
  };
}
