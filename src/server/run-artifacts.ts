import { rootOf } from '../tracking/logged/experiments.ts';
import { RequestError } from '../tracking/request-error.ts';
import { type Fields, fieldsOf, listBelow, required, rootIn, sendBelow } from './artifact-place.ts';
import type { ArtifactStore } from './artifact-store.ts';
import type { Services } from './endpoint.ts';
import { artifactPath } from './raw-path.ts';
import type { Route } from './route.ts';

/** What the web page and clients in other languages ask of the artifacts of a run. */
export function runArtifactRoutes(services: Services, store: ArtifactStore): readonly Route[] {
  return [
    {
      method: 'GET',
      path: '/mlflow/artifacts/list',
      handle: async ({ incoming }) => {
        const query = fieldsOf(incoming.url);
        const uri = await artifactUriOfRun(services, runOf(query));
        return await listBelow(store, { uri, path: query.path ?? '' });
      },
    },
    {
      method: 'GET',
      path: '/get-artifact',
      root: true,
      handle: async (exchange) => {
        const query = fieldsOf(exchange.incoming.url);
        const uri = await artifactUriOfRun(services, runOf(query));
        return await sendBelow(store, { uri, path: required(query, 'path') }, exchange);
      },
    },
    {
      method: 'POST',
      path: '/mlflow/upload-artifact',
      handle: async ({ incoming }) => {
        const query = fieldsOf(incoming.url);
        const uri = await artifactUriOfRun(services, runOf(query));
        const path = artifactPath(required(query, 'path'));
        if (path === '') throw new RequestError('INVALID_PARAMETER_VALUE', 'Invalid path');
        await store.put(`${rootIn(uri)}/${path}`, atMost(incoming, LARGEST_UPLOAD));
        return {};
      },
    },
  ];
}

const LARGEST_UPLOAD = 10 * 2 ** 20;

async function* atMost(content: AsyncIterable<Uint8Array>, limit: number): AsyncGenerator<Uint8Array> {
  let size = 0;
  for await (const chunk of content) {
    size += chunk.length;
    if (size > limit)
      throw new RequestError('INVALID_PARAMETER_VALUE', `Artifacts sent this way have at most ${limit} bytes`);
    yield chunk;
  }
}

async function artifactUriOfRun({ tracking, artifactRoot }: Services, runId: string): Promise<string> {
  const run = await tracking.db
    .selectFrom('runs')
    .innerJoin('experiments', 'experiments.experiment_id', 'runs.experiment_id')
    .where('run_id', '=', runId)
    .select(['runs.experiment_id', 'artifact_uri', 'artifact_location'])
    .executeTakeFirst();
  if (run === undefined) throw new RequestError('RESOURCE_DOES_NOT_EXIST', `Run with id=${runId} not found`);
  return run.artifact_uri ?? `${rootOf(run, artifactRoot)}/${runId}/artifacts`;
}

function runOf(query: Fields): string {
  return query.run_id ?? query.run_uuid ?? required(query, 'run_id');
}
