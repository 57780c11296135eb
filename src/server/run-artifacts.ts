import { rootOf } from '../tracking/logged/experiments.ts';
import { RequestError } from '../tracking/request-error.ts';
import type { ArtifactStore } from './artifact-store.ts';
import type { Services } from './endpoint.ts';
import { artifactPath, queryOf } from './raw-path.ts';
import type { Route } from './route.ts';
import { type Exchange, sendFile } from './send-file.ts';

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

interface Place {
  /** Where the artifacts of a run or a model begin. */
  readonly uri: string;
  /** Below it, as the client says it. */
  readonly path: string;
}

async function listBelow(store: ArtifactStore, { uri, path }: Place): Promise<object> {
  const checked = artifactPath(path);
  const files = await store.list(joined(rootIn(uri), checked));
  return {
    root_uri: uri,
    ...(files.length > 0 && {
      files: files.map(({ name, size }) => ({
        path: joined(checked, name),
        is_dir: size === undefined,
        ...(size !== undefined && { file_size: size }),
      })),
    }),
  };
}

async function sendBelow(store: ArtifactStore, { uri, path }: Place, exchange: Exchange): Promise<undefined> {
  const file = await store.find(joined(rootIn(uri), artifactPath(path)));
  if (file === undefined) throw new RequestError('RESOURCE_DOES_NOT_EXIST', 'No such artifact');
  await sendFile(store, file, exchange);
}

function joined(...parts: readonly string[]): string {
  return parts.filter((part) => part !== '').join('/');
}

/** Only what lies with this server is opened, never a file or an address that someone wrote into a record. */
function rootIn(uri: string): string {
  const path = /^mlflow-artifacts:(?:\/\/[^/?#]*)?\/(.*)$/.exec(uri)?.[1];
  if (path === undefined) {
    throw new RequestError('INVALID_PARAMETER_VALUE', 'These artifacts do not lie with this server');
  }
  return artifactPath(path);
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

type Fields = Readonly<Record<string, string>>;

function fieldsOf(url = ''): Fields {
  const single = Object.entries(queryOf(url)).filter(
    (entry): entry is [string, string] => typeof entry[1] === 'string',
  );
  return Object.fromEntries(single);
}

function runOf(query: Fields): string {
  return query.run_id ?? query.run_uuid ?? required(query, 'run_id');
}

function required(query: Fields, name: string): string {
  const value = query[name];
  if (value !== undefined && value !== '') return value;
  throw new RequestError(
    'INVALID_PARAMETER_VALUE',
    `Missing value for required parameter '${name}'. See the API docs for more information about request parameters.`,
  );
}
