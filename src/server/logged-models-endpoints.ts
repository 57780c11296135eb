import { randomBytes } from 'node:crypto';
import {
  addLoggedModelParams,
  changeLoggedModel,
  createLoggedModel,
  deleteLoggedModelTag,
  findLoggedModel,
  setLoggedModelTags,
} from '../tracking/models/logged-models.ts';
import { searchLoggedModels } from '../tracking/models/search-logged-models.ts';
import { defineEndpoint, type Endpoint, type Services } from './endpoint.ts';
import {
  anyText,
  message,
  optionalBoolean,
  optionalCount,
  optionalEnum,
  optionalText,
  repeated,
  requiredText,
} from './fields.ts';
import { listed, present } from './messages.ts';
import { loggedModelMessage } from './model-messages.ts';

const STATUSES = { LOGGED_MODEL_PENDING: 1, LOGGED_MODEL_READY: 2, LOGGED_MODEL_UPLOAD_FAILED: 3 } as const;

const pair = message({ key: requiredText({ longest: 250 }), value: anyText() });
const model_id = requiredText();

async function answerWith({ tracking }: Services, id: string): Promise<object> {
  return { model: loggedModelMessage(await findLoggedModel(tracking, id)) };
}

const create = defineEndpoint({
  method: 'POST',
  path: '/mlflow/logged-models',
  request: message({
    experiment_id: requiredText(),
    name: optionalText({ longest: 500 }),
    model_type: optionalText(),
    source_run_id: optionalText(),
    params: repeated(pair),
    tags: repeated(pair),
  }),
  handle: async (services, request) => {
    const id = `m-${randomBytes(16).toString('hex')}`;
    await createLoggedModel(services.tracking, {
      id,
      experimentId: request.experiment_id,
      name: request.name,
      modelType: request.model_type,
      sourceRunId: request.source_run_id,
      params: request.params,
      tags: request.tags,
      artifactRoot: services.artifactRoot,
      now: services.now(),
    });
    return await answerWith(services, id);
  },
});

const get = defineEndpoint({
  method: 'GET',
  path: '/mlflow/logged-models/:model_id',
  request: message({ model_id }),
  handle: async (services, request) => await answerWith(services, request.model_id),
});

const finalize = defineEndpoint({
  method: 'PATCH',
  path: '/mlflow/logged-models/:model_id',
  request: message({ model_id, status: optionalEnum(STATUSES) }),
  handle: async (services, { model_id: id, status }) => {
    const now = services.now();
    if (status !== undefined) await changeLoggedModel(services.tracking, { id, now, status });
    return await answerWith(services, id);
  },
});

const remove = defineEndpoint({
  method: 'DELETE',
  path: '/mlflow/logged-models/:model_id',
  request: message({ model_id }),
  handle: async ({ tracking, now }, { model_id: id }) => {
    await changeLoggedModel(tracking, { id, now: now(), lifecycle_stage: 'deleted' });
    return {};
  },
});

const setTags = defineEndpoint({
  method: 'PATCH',
  path: '/mlflow/logged-models/:model_id/tags',
  request: message({ model_id, tags: repeated(pair) }),
  handle: async (services, { model_id: id, tags }) => {
    await setLoggedModelTags(services.tracking, { id, tags });
    return await answerWith(services, id);
  },
});

const deleteTag = defineEndpoint({
  method: 'DELETE',
  path: '/mlflow/logged-models/:model_id/tags/:tag_key',
  request: message({ model_id, tag_key: requiredText() }),
  handle: async ({ tracking }, { model_id: id, tag_key: key }) => {
    await deleteLoggedModelTag(tracking, { id, key });
    return {};
  },
});

const addParams = defineEndpoint({
  method: 'POST',
  path: '/mlflow/logged-models/:model_id/params',
  request: message({ model_id, params: repeated(pair) }),
  handle: async ({ tracking }, { model_id: id, params }) => {
    await addLoggedModelParams(tracking, { id, params });
    return {};
  },
});

const search = defineEndpoint({
  method: 'POST',
  path: '/mlflow/logged-models/search',
  request: message({
    experiment_ids: repeated(requiredText(), { most: 1000 }),
    filter: optionalText(),
    max_results: optionalCount({ least: 1, most: 1000 }),
    datasets: repeated(message({ dataset_name: requiredText(), dataset_digest: optionalText() }), { most: 100 }),
    order_by: repeated(
      message({
        field_name: requiredText(),
        ascending: optionalBoolean(),
        dataset_name: optionalText(),
        dataset_digest: optionalText(),
      }),
    ),
    page_token: optionalText(),
  }),
  handle: async ({ tracking }, request) => {
    const { models, next } = await searchLoggedModels(tracking, {
      experimentIds: request.experiment_ids,
      filter: request.filter ?? '',
      datasets: request.datasets.map(datasetOf),
      orderBy: request.order_by.map(({ field_name, ascending, ...dataset }) => ({
        field: field_name,
        ascending: ascending ?? true,
        dataset: datasetOf(dataset),
      })),
      limit: request.max_results ?? 100,
      pageToken: request.page_token,
    });
    return { ...listed('models', models.map(loggedModelMessage)), ...present('next_page_token', next) };
  },
});

function datasetOf(given: {
  readonly dataset_name?: string | undefined;
  readonly dataset_digest?: string | undefined;
}) {
  return { name: given.dataset_name || undefined, digest: given.dataset_digest || undefined };
}

// The fixed path before the one with a parameter, for the first that fits answers.
export const LOGGED_MODEL_ENDPOINTS: readonly Endpoint[] = [
  search,
  create,
  get,
  finalize,
  remove,
  setTags,
  deleteTag,
  addParams,
];
