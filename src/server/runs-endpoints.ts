import { logInputs, logOutputs } from '../tracking/logged/inputs.ts';
import { checkKey, invalid } from '../tracking/logged/keys.ts';
import { logBatch } from '../tracking/logged/log-batch.ts';
import { logModelHistory } from '../tracking/logged/model-history.ts';
import { readRun } from '../tracking/logged/read-runs.ts';
import { createRun, moveRun, updateRun } from '../tracking/logged/runs.ts';
import { deleteTag } from '../tracking/logged/tags.ts';
import { searchRuns } from '../tracking/search/search-runs.ts';
import { defineEndpoint, type Endpoint } from './endpoint.ts';
import {
  anyText,
  message,
  optionalCount,
  optionalEnum,
  optionalInt64,
  optionalText,
  RUN_STATUSES,
  repeated,
  requiredText,
  VIEW_TYPES,
} from './fields.ts';
import { listed, present, runInfoMessage, runMessage } from './messages.ts';
import { POINT, pointOf, RUN_NAMED, runIdOf, Tag } from './run-fields.ts';

const create = defineEndpoint({
  method: 'POST',
  path: '/mlflow/runs/create',
  request: message({
    experiment_id: optionalText(),
    user_id: optionalText(),
    run_name: optionalText(),
    start_time: optionalInt64(),
    tags: repeated(Tag),
  }),
  handle: async ({ tracking, artifactRoot, now }, request) => {
    const run = await createRun(tracking, {
      experimentId: request.experiment_id === undefined || request.experiment_id === '' ? '0' : request.experiment_id,
      userId: request.user_id,
      name: request.run_name,
      startTime: Number(request.start_time ?? now()),
      tags: request.tags,
      artifactRoot,
    });
    return { run: runMessage(run, artifactRoot) };
  },
});

const update = defineEndpoint({
  method: 'POST',
  path: '/mlflow/runs/update',
  request: message({
    ...RUN_NAMED,
    status: optionalEnum(RUN_STATUSES),
    end_time: optionalInt64(),
    run_name: optionalText(),
  }),
  handle: async ({ tracking, artifactRoot }, request) => {
    const head = await updateRun(tracking, {
      runId: runIdOf(request),
      status: request.status,
      endTime: request.end_time === undefined ? undefined : Number(request.end_time),
      name: request.run_name,
    });
    return { run_info: runInfoMessage(head, artifactRoot) };
  },
});

const get = defineEndpoint({
  method: 'GET',
  path: '/mlflow/runs/get',
  request: message(RUN_NAMED),
  handle: async ({ tracking, artifactRoot }, request) => ({
    run: runMessage(await readRun(tracking, runIdOf(request)), artifactRoot),
  }),
});

const move = (to: 'active' | 'deleted') =>
  defineEndpoint({
    method: 'POST',
    path: to === 'deleted' ? '/mlflow/runs/delete' : '/mlflow/runs/restore',
    request: message({ run_id: requiredText() }),
    handle: async ({ tracking, now }, { run_id }) => {
      await moveRun(tracking, { runId: run_id, to, now: now() });
      return {};
    },
  });

const NOTHING = { metrics: [], params: [], tags: [] };

const logParameter = defineEndpoint({
  method: 'POST',
  path: '/mlflow/runs/log-parameter',
  request: message({ ...RUN_NAMED, key: requiredText(), value: anyText() }),
  handle: async ({ tracking, now }, request) => {
    checkKey(request.key, 'key');
    await logBatch(tracking, { ...NOTHING, runId: runIdOf(request), params: [request], now: now() });
    return {};
  },
});

const setTag = defineEndpoint({
  method: 'POST',
  path: '/mlflow/runs/set-tag',
  request: message({ ...RUN_NAMED, key: requiredText(), value: anyText() }),
  handle: async ({ tracking, now }, request) => {
    checkKey(request.key, 'key');
    await logBatch(tracking, { ...NOTHING, runId: runIdOf(request), tags: [request], now: now() });
    return {};
  },
});

const removeTag = defineEndpoint({
  method: 'POST',
  path: '/mlflow/runs/delete-tag',
  request: message({ run_id: requiredText(), key: requiredText() }),
  handle: async ({ tracking }, { run_id, key }) => {
    await deleteTag(tracking, { runId: run_id, key });
    return {};
  },
});

const MOST_IN_BATCH = 1000;

const batch = defineEndpoint({
  method: 'POST',
  path: '/mlflow/runs/log-batch',
  request: message({
    run_id: requiredText(),
    metrics: repeated(message(POINT), { most: MOST_IN_BATCH }),
    params: repeated(Tag, { most: 100 }),
    tags: repeated(Tag, { most: 100 }),
  }),
  handle: async ({ tracking, now }, { run_id, metrics, params, tags }) => {
    const total = metrics.length + params.length + tags.length;
    if (total > MOST_IN_BATCH) {
      throw invalid(
        `A batch logging request can contain at most ${MOST_IN_BATCH} metrics, params and tags in total. Got ${total}.`,
      );
    }
    await logBatch(tracking, { runId: run_id, metrics: metrics.map(pointOf), params, tags, now: now() });
    return {};
  },
});

const DatasetInput = message({
  tags: repeated(message({ key: requiredText({ longest: 255 }), value: anyText({ longest: 500 }) })),
  dataset: message({
    name: requiredText({ longest: 500 }),
    digest: requiredText({ longest: 36 }),
    source_type: requiredText(),
    source: requiredText({ longest: 65_535 }),
    schema: optionalText({ longest: 1_048_575 }),
    profile: optionalText({ longest: 16_777_215 }),
  }),
});

const inputs = defineEndpoint({
  method: 'POST',
  path: '/mlflow/runs/log-inputs',
  request: message({
    run_id: requiredText(),
    datasets: repeated(DatasetInput, { most: 1000 }),
    models: repeated(message({ model_id: requiredText() }), { most: 1000 }),
  }),
  handle: async ({ tracking, now }, { run_id, datasets, models }) => {
    const modelIds = models.map(({ model_id }) => ({ modelId: model_id }));
    await logInputs(tracking, { runId: run_id, datasets, models: modelIds, now: now() });
    return {};
  },
});

const outputs = defineEndpoint({
  method: 'POST',
  path: '/mlflow/runs/outputs',
  request: message({
    run_id: requiredText(),
    models: repeated(message({ model_id: requiredText(), step: optionalInt64() }), { most: 1000 }),
  }),
  handle: async ({ tracking, now }, { run_id, models }) => {
    const written = models.map(({ model_id, step }) => ({ modelId: model_id, step: step ?? 0 }));
    await logOutputs(tracking, { runId: run_id, models: written, now: now() });
    return {};
  },
});

const logModel = defineEndpoint({
  method: 'POST',
  path: '/mlflow/runs/log-model',
  request: message({ run_id: requiredText(), model_json: requiredText() }),
  handle: async ({ tracking }, { run_id, model_json }) => {
    await logModelHistory(tracking, { runId: run_id, model: model_json });
    return {};
  },
});

const search = defineEndpoint({
  method: 'POST',
  path: '/mlflow/runs/search',
  request: message({
    experiment_ids: repeated(requiredText(), { most: 1000 }),
    filter: optionalText(),
    run_view_type: optionalEnum(VIEW_TYPES),
    max_results: optionalCount({ least: 1, most: 50_000 }),
    order_by: repeated(anyText(), { most: 20 }),
    page_token: optionalText(),
  }),
  handle: async ({ tracking, artifactRoot }, request) => {
    const { runs, next } = await searchRuns(tracking, {
      experimentIds: request.experiment_ids,
      filter: request.filter ?? '',
      view: request.run_view_type ?? 'ACTIVE_ONLY',
      orderBy: request.order_by,
      limit: request.max_results ?? 1000,
      pageToken: request.page_token,
      artifactRoot,
    });
    const messages = runs.map((run) => runMessage(run, artifactRoot));
    return { ...listed('runs', messages), ...present('next_page_token', next) };
  },
});

export const RUN_ENDPOINTS: readonly Endpoint[] = [
  create,
  update,
  get,
  move('deleted'),
  move('active'),
  logParameter,
  setTag,
  removeTag,
  batch,
  inputs,
  outputs,
  logModel,
  search,
];
