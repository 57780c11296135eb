import {
  createExperiment,
  deleteExperimentTag,
  findExperiment,
  findExperimentByName,
  moveExperiment,
  renameExperiment,
  setExperimentTag,
  withTags,
} from '../tracking/logged/experiments.ts';
import { searchDatasets } from '../tracking/logged/inputs.ts';
import { searchExperiments } from '../tracking/search/search-experiments.ts';
import { defineEndpoint, type Endpoint, type Services } from './endpoint.ts';
import {
  anyText,
  message,
  optionalCount,
  optionalEnum,
  optionalText,
  repeated,
  requiredText,
  VIEW_TYPES,
} from './fields.ts';
import { experimentMessage, listed, present } from './messages.ts';

const OneExperiment = message({ experiment_id: requiredText() });

const SearchExperiments = message({
  max_results: optionalCount({ least: 1, most: 50_000 }),
  page_token: optionalText(),
  filter: optionalText(),
  order_by: repeated(anyText()),
  view_type: optionalEnum(VIEW_TYPES),
});

const MOST_EXPERIMENTS = 1000;

const search = (method: 'GET' | 'POST') =>
  defineEndpoint({
    method,
    path: '/mlflow/experiments/search',
    request: SearchExperiments,
    handle: async ({ tracking, artifactRoot }, request) => {
      const { experiments, next } = await searchExperiments(tracking, {
        filter: request.filter ?? '',
        view: request.view_type ?? 'ACTIVE_ONLY',
        orderBy: request.order_by,
        limit: request.max_results ?? MOST_EXPERIMENTS,
        pageToken: request.page_token,
      });
      const messages = experiments.map((experiment) => experimentMessage(experiment, artifactRoot));
      return { ...listed('experiments', messages), ...present('next_page_token', next) };
    },
  });

const create = defineEndpoint({
  method: 'POST',
  path: '/mlflow/experiments/create',
  request: message({
    name: requiredText(),
    artifact_location: optionalText(),
    tags: repeated(message({ key: requiredText(), value: anyText() })),
  }),
  handle: async ({ tracking, artifactRoot, now }, { name, artifact_location, tags }) => {
    const given = { name, artifactLocation: artifact_location, tags, artifactRoot, now: now() };
    return { experiment_id: String(await createExperiment(tracking, given)) };
  },
});

type Found = Awaited<ReturnType<typeof findExperiment>>;

async function answerWith({ tracking, artifactRoot }: Services, found: Found): Promise<object> {
  const experiments = await withTags(tracking, [found]);
  return { experiment: experimentMessage(experiments[0] ?? { ...found, tags: [] }, artifactRoot) };
}

const get = defineEndpoint({
  method: 'GET',
  path: '/mlflow/experiments/get',
  request: OneExperiment,
  handle: async (services, request) =>
    await answerWith(services, await findExperiment(services.tracking.db, request.experiment_id)),
});

const getByName = defineEndpoint({
  method: 'GET',
  path: '/mlflow/experiments/get-by-name',
  request: message({ experiment_name: requiredText() }),
  handle: async (services, request) =>
    await answerWith(services, await findExperimentByName(services.tracking.db, request.experiment_name)),
});

const move = (to: 'active' | 'deleted') =>
  defineEndpoint({
    method: 'POST',
    path: to === 'deleted' ? '/mlflow/experiments/delete' : '/mlflow/experiments/restore',
    request: OneExperiment,
    handle: async ({ tracking, now }, { experiment_id }) => {
      await moveExperiment(tracking, { id: experiment_id, to, now: now() });
      return {};
    },
  });

const update = defineEndpoint({
  method: 'POST',
  path: '/mlflow/experiments/update',
  request: message({ experiment_id: requiredText(), new_name: requiredText() }),
  handle: async ({ tracking, now }, { experiment_id, new_name }) => {
    await renameExperiment(tracking, { id: experiment_id, name: new_name, now: now() });
    return {};
  },
});

const setTag = defineEndpoint({
  method: 'POST',
  path: '/mlflow/experiments/set-experiment-tag',
  request: message({ experiment_id: requiredText(), key: requiredText(), value: anyText() }),
  handle: async ({ tracking, now }, { experiment_id, key, value }) => {
    await setExperimentTag(tracking, { id: experiment_id, tag: { key, value }, now: now() });
    return {};
  },
});

const deleteTag = defineEndpoint({
  method: 'POST',
  path: '/mlflow/experiments/delete-experiment-tag',
  request: message({ experiment_id: requiredText(), key: requiredText() }),
  handle: async ({ tracking, now }, { experiment_id, key }) => {
    await deleteExperimentTag(tracking, { id: experiment_id, key, now: now() });
    return {};
  },
});

const datasets = defineEndpoint({
  method: 'POST',
  path: '/mlflow/experiments/search-datasets',
  request: message({ experiment_ids: repeated(requiredText(), { most: 20 }) }),
  handle: async ({ tracking }, { experiment_ids }) => {
    const summaries = await searchDatasets(tracking, experiment_ids);
    const messages = summaries.map(({ experiment_id, name, digest, context }) => ({
      experiment_id: String(experiment_id),
      name,
      digest,
      ...present('context', context),
    }));
    return listed('dataset_summaries', messages);
  },
});

export const EXPERIMENT_ENDPOINTS: readonly Endpoint[] = [
  search('POST'),
  search('GET'),
  create,
  get,
  getByName,
  move('deleted'),
  move('active'),
  update,
  setTag,
  deleteTag,
  datasets,
];
