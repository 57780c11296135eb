import { sql } from 'kysely';
import { groupBy } from '../tracking/group-by.ts';
import { findVersion, historyOf, latestVersions } from '../tracking/models/model-versions.ts';
import {
  aliased,
  createRegistered,
  deleteAlias,
  deleteRegistered,
  deleteRegisteredTag,
  describeRegistered,
  findRegistered,
  type RegisteredHead,
  renameRegistered,
  setAlias,
  setRegisteredTag,
} from '../tracking/models/registered-models.ts';
import { searchRegistered } from '../tracking/models/search-registry.ts';
import { RequestError } from '../tracking/request-error.ts';
import { isAnyOf } from '../tracking/statements.ts';
import type { TrackingDatabase } from '../tracking/tracking-database.ts';
import { defineEndpoint, type Endpoint, type Services } from './endpoint.ts';
import { anyText, message, optionalCount, optionalText, repeated, requiredText } from './fields.ts';
import { listed, present } from './messages.ts';
import { registeredMessage, versionMessage } from './model-messages.ts';

const tag = { key: requiredText({ longest: 250 }), value: anyText({ longest: 100_000 }) };
const name = requiredText({ longest: 256 });

async function messagesOf(tracking: TrackingDatabase, models: readonly RegisteredHead[]): Promise<readonly object[]> {
  if (models.length === 0) return [];
  const { db, dialect } = tracking;
  const names = models.map((model) => model.name);
  const ofThese = isAnyOf(dialect, sql.ref('name'), names);
  const tags = await db.selectFrom('registered_model_tags').selectAll().where(ofThese).orderBy('key').execute();
  const aliases = await db.selectFrom('registered_model_aliases').selectAll().where(ofThese).orderBy('alias').execute();
  const latest = await latestVersions(tracking, { names, stages: [] });
  const nameOf = (row: { readonly name: string }) => row.name;
  const parts = { tags: groupBy(tags, nameOf), aliases: groupBy(aliases, nameOf), latest: groupBy(latest, nameOf) };
  return models.map((model) =>
    registeredMessage(model, {
      tags: parts.tags.get(model.name) ?? [],
      aliases: parts.aliases.get(model.name) ?? [],
      latest: parts.latest.get(model.name) ?? [],
    }),
  );
}

async function answerWith({ tracking }: Services, of: string): Promise<object> {
  const [registered_model] = await messagesOf(tracking, [await findRegistered(tracking.db, of)]);
  return { registered_model };
}

const create = defineEndpoint({
  method: 'POST',
  path: '/mlflow/registered-models/create',
  request: message({ name, tags: repeated(message(tag)), description: optionalText() }),
  handle: async (services, request) => {
    const { description, tags } = request;
    await createRegistered(services.tracking, { name: request.name, description, tags, now: services.now() });
    return await answerWith(services, request.name);
  },
});

const rename = defineEndpoint({
  method: 'POST',
  path: '/mlflow/registered-models/rename',
  request: message({ name, new_name: requiredText({ longest: 256 }) }),
  handle: async (services, request) => {
    await renameRegistered(services.tracking, { name: request.name, to: request.new_name, now: services.now() });
    return await answerWith(services, request.new_name);
  },
});

const update = defineEndpoint({
  method: 'PATCH',
  path: '/mlflow/registered-models/update',
  request: message({ name, description: optionalText() }),
  handle: async (services, request) => {
    const { description } = request;
    await describeRegistered(services.tracking, { name: request.name, description, now: services.now() });
    return await answerWith(services, request.name);
  },
});

const remove = defineEndpoint({
  method: 'DELETE',
  path: '/mlflow/registered-models/delete',
  request: message({ name }),
  handle: async ({ tracking }, request) => {
    await deleteRegistered(tracking, request.name);
    return {};
  },
});

const get = defineEndpoint({
  method: 'GET',
  path: '/mlflow/registered-models/get',
  request: message({ name }),
  handle: async (services, request) => await answerWith(services, request.name),
});

const search = defineEndpoint({
  method: 'GET',
  path: '/mlflow/registered-models/search',
  request: message({
    filter: optionalText(),
    max_results: optionalCount({ least: 1, most: 1000 }),
    order_by: repeated(anyText()),
    page_token: optionalText(),
  }),
  handle: async ({ tracking }, request) => {
    const { models, next } = await searchRegistered(tracking, {
      filter: request.filter ?? '',
      orderBy: request.order_by,
      limit: request.max_results ?? 100,
      pageToken: request.page_token,
    });
    return { ...listed('registered_models', await messagesOf(tracking, models)), ...present('next_page_token', next) };
  },
});

const latest = (method: 'GET' | 'POST') =>
  defineEndpoint({
    method,
    path: '/mlflow/registered-models/get-latest-versions',
    request: message({ name, stages: repeated(requiredText()) }),
    handle: async ({ tracking }, { name: of, stages }) => {
      await findRegistered(tracking.db, of);
      const versions = await latestVersions(tracking, { names: [of], stages });
      return listed('model_versions', versions.map(versionMessage));
    },
  });

const setTag = defineEndpoint({
  method: 'POST',
  path: '/mlflow/registered-models/set-tag',
  request: message({ name, ...tag }),
  handle: async ({ tracking }, { name: of, key, value }) => {
    await setRegisteredTag(tracking, { name: of, tag: { key, value } });
    return {};
  },
});

const deleteTag = defineEndpoint({
  method: 'DELETE',
  path: '/mlflow/registered-models/delete-tag',
  request: message({ name, key: requiredText() }),
  handle: async ({ tracking }, { name: of, key }) => {
    await deleteRegisteredTag(tracking, { name: of, key });
    return {};
  },
});

const putAlias = defineEndpoint({
  method: 'POST',
  path: '/mlflow/registered-models/alias',
  request: message({ name, alias: requiredText(), version: requiredText() }),
  handle: async ({ tracking, now, who }, { name: of, alias, version }) => {
    await setAlias(tracking, { name: of, alias, version, now: now(), who });
    return {};
  },
});

const removeAlias = defineEndpoint({
  method: 'DELETE',
  path: '/mlflow/registered-models/alias',
  request: message({ name, alias: requiredText() }),
  handle: async ({ tracking, now, who }, { name: of, alias }) => {
    await deleteAlias(tracking, { name: of, alias, now: now(), who });
    return {};
  },
});

const getAlias = defineEndpoint({
  method: 'GET',
  path: '/mlflow/registered-models/alias',
  request: message({ name, alias: requiredText() }),
  handle: async ({ tracking }, { name: of, alias }) => {
    await findRegistered(tracking.db, of);
    if (alias === 'latest') {
      const [newest] = [...(await latestVersions(tracking, { names: [of], stages: [] }))].sort(
        (a, b) => b.version - a.version,
      );
      if (newest !== undefined) return { model_version: versionMessage(newest) };
    }
    const version = await aliased(tracking.db, { name: of, alias });
    if (version === undefined) {
      throw new RequestError('INVALID_PARAMETER_VALUE', `Registered model alias ${alias} not found.`);
    }
    return { model_version: versionMessage(await findVersion(tracking, { name: of, version })) };
  },
});

/** Not MLflow's: which version was in which stage, and which alias meant which version, when. */
const history = defineEndpoint({
  method: 'GET',
  path: '/mlflow/registered-models/history',
  request: message({ name }),
  handle: async ({ tracking }, request) => {
    const entries = await historyOf(tracking, request.name);
    return listed(
      'history',
      entries.map(({ version, what, was, now, time, who }) => ({
        version: String(version),
        what,
        ...present('was', was),
        ...present('now', now),
        timestamp: time,
        ...present('who', who),
      })),
    );
  },
});

export const REGISTRY_ENDPOINTS: readonly Endpoint[] = [
  create,
  rename,
  update,
  remove,
  get,
  search,
  latest('POST'),
  latest('GET'),
  setTag,
  deleteTag,
  putAlias,
  removeAlias,
  getAlias,
  history,
];
