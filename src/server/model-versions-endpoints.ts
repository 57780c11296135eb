import {
  createVersion,
  deleteVersion,
  deleteVersionTag,
  describeVersion,
  findVersion,
  moveVersion,
  setVersionTag,
} from '../tracking/models/model-versions.ts';
import { versionNumber } from '../tracking/models/registered-models.ts';
import { searchVersions } from '../tracking/models/search-registry.ts';
import { RequestError } from '../tracking/request-error.ts';
import { defineEndpoint, type Endpoint, type Services } from './endpoint.ts';
import { anyText, message, optionalBoolean, optionalCount, optionalText, repeated, requiredText } from './fields.ts';
import { listed, present } from './messages.ts';
import { versionMessage } from './model-messages.ts';

const tag = { key: requiredText({ longest: 250 }), value: anyText({ longest: 100_000 }) };
const one = { name: requiredText({ longest: 256 }), version: requiredText() };

interface Named {
  readonly name: string;
  readonly version: string;
}

function versionOf({ name, version }: Named) {
  return { name, version: versionNumber(name, version) };
}

async function answerWith({ tracking }: Services, named: Named): Promise<object> {
  return { model_version: versionMessage(await findVersion(tracking, versionOf(named))) };
}

const create = defineEndpoint({
  method: 'POST',
  path: '/mlflow/model-versions/create',
  request: message({
    name: requiredText({ longest: 256 }),
    source: requiredText({ longest: 2048 }),
    run_id: optionalText(),
    run_link: optionalText(),
    model_id: optionalText(),
    description: optionalText(),
    tags: repeated(message(tag)),
  }),
  handle: async (services, request) => {
    const { name, source, description, tags } = request;
    const version = await createVersion(services.tracking, {
      name,
      source,
      runId: request.run_id || undefined,
      runLink: request.run_link || undefined,
      modelId: request.model_id || undefined,
      description,
      tags,
      artifactRoot: services.artifactRoot,
      now: services.now(),
    });
    return await answerWith(services, { name, version: String(version) });
  },
});

const get = defineEndpoint({
  method: 'GET',
  path: '/mlflow/model-versions/get',
  request: message(one),
  handle: answerWith,
});

const update = defineEndpoint({
  method: 'PATCH',
  path: '/mlflow/model-versions/update',
  request: message({ ...one, description: optionalText() }),
  handle: async (services, request) => {
    const { description } = request;
    await describeVersion(services.tracking, { ...versionOf(request), description, now: services.now() });
    return await answerWith(services, request);
  },
});

const transition = defineEndpoint({
  method: 'POST',
  path: '/mlflow/model-versions/transition-stage',
  request: message({ ...one, stage: requiredText(), archive_existing_versions: optionalBoolean() }),
  handle: async (services, request) => {
    await moveVersion(services.tracking, {
      ...versionOf(request),
      stage: request.stage,
      archiveExisting: request.archive_existing_versions ?? false,
      now: services.now(),
      who: services.who,
    });
    return await answerWith(services, request);
  },
});

const remove = defineEndpoint({
  method: 'DELETE',
  path: '/mlflow/model-versions/delete',
  request: message(one),
  handle: async ({ tracking, now }, request) => {
    await deleteVersion(tracking, { ...versionOf(request), now: now() });
    return {};
  },
});

const search = defineEndpoint({
  method: 'GET',
  path: '/mlflow/model-versions/search',
  request: message({
    filter: optionalText(),
    max_results: optionalCount({ least: 1, most: 200_000 }),
    order_by: repeated(anyText()),
    page_token: optionalText(),
  }),
  handle: async ({ tracking }, request) => {
    const { versions, next } = await searchVersions(tracking, {
      filter: request.filter ?? '',
      orderBy: request.order_by,
      limit: request.max_results ?? 10_000,
      pageToken: request.page_token,
    });
    return { ...listed('model_versions', versions.map(versionMessage)), ...present('next_page_token', next) };
  },
});

const downloadUri = defineEndpoint({
  method: 'GET',
  path: '/mlflow/model-versions/get-download-uri',
  request: message(one),
  handle: async ({ tracking }, request) => {
    const version = await findVersion(tracking, versionOf(request));
    if (version.storage_location !== null) return { artifact_uri: version.storage_location };
    throw new RequestError('INVALID_PARAMETER_VALUE', 'This version has no artifacts.');
  },
});

const setTag = defineEndpoint({
  method: 'POST',
  path: '/mlflow/model-versions/set-tag',
  request: message({ ...one, ...tag }),
  handle: async ({ tracking }, { key, value, ...named }) => {
    await setVersionTag(tracking, { ...versionOf(named), tag: { key, value } });
    return {};
  },
});

const deleteTag = defineEndpoint({
  method: 'DELETE',
  path: '/mlflow/model-versions/delete-tag',
  request: message({ ...one, key: requiredText() }),
  handle: async ({ tracking }, { key, ...named }) => {
    await deleteVersionTag(tracking, { ...versionOf(named), key });
    return {};
  },
});

export const MODEL_VERSION_ENDPOINTS: readonly Endpoint[] = [
  create,
  get,
  update,
  transition,
  remove,
  search,
  downloadUri,
  setTag,
  deleteTag,
];
