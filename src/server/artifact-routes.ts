import { RequestError } from '../tracking/request-error.ts';
import type { ArtifactStore } from './artifact-store.ts';
import { artifactPath, decodeOnce, queryOf, rawPath } from './raw-path.ts';
import type { Route } from './route.ts';
import { sendFile } from './send-file.ts';

const FILES = '/mlflow-artifacts/artifacts';

/** What MLflow calls its artifact proxy: clients bring and fetch files here. */
export function artifactRoutes(store: ArtifactStore): readonly Route[] {
  return [
    { method: 'GET', path: FILES, handle: ({ incoming }) => listFiles(store, pathInQuery(incoming.url ?? '')) },
    {
      method: 'GET',
      path: `${FILES}/*`,
      handle: async (exchange) => {
        const file = await store.find(pathBehind(FILES, exchange.incoming.url ?? ''));
        if (file === undefined) throw new RequestError('RESOURCE_DOES_NOT_EXIST', 'No such artifact');
        await sendFile(store, file, exchange);
        return undefined;
      },
    },
    {
      method: 'PUT',
      path: `${FILES}/*`,
      handle: async ({ incoming }) => {
        const path = pathBehind(FILES, incoming.url ?? '');
        if (path === '') throw new RequestError('INVALID_PARAMETER_VALUE', 'Invalid path');
        await store.put(path, incoming);
        return {};
      },
    },
    {
      method: 'DELETE',
      path: `${FILES}/*`,
      handle: async ({ incoming }) => {
        const path = pathBehind(FILES, incoming.url ?? '');
        if (path === '') throw new RequestError('INVALID_PARAMETER_VALUE', 'Invalid path');
        // Nothing there is as good as removed, as MLflow has it.
        await store.remove(path);
        return {};
      },
    },
    { method: 'GET', path: '/mlflow-artifacts/presigned/*', handle: refuseElsewhere },
    { method: 'POST', path: '/mlflow/artifacts/presigned-upload-url', handle: refuseElsewhere },
  ];
}

/** There is no other server to send clients to; they come here when they hear this. */
async function refuseElsewhere(): Promise<never> {
  throw new RequestError(
    'NOT_IMPLEMENTED',
    'Artifacts are sent to this server and fetched from it, by no other address',
  );
}

/** What a listing shows: the names in one directory. */
async function listFiles(store: ArtifactStore, path: string): Promise<object> {
  const files = await store.list(path);
  if (files.length === 0) return {};
  return {
    files: files.map(({ name, size }) => ({
      path: name,
      is_dir: size === undefined,
      ...(size !== undefined && { file_size: size }),
    })),
  };
}

function pathInQuery(url: string): string {
  const { path = '' } = queryOf(url);
  if (typeof path !== 'string') throw new RequestError('INVALID_PARAMETER_VALUE', 'Invalid path');
  return artifactPath(path);
}

/** A plus in a path is a plus. */
export function pathBehind(prefix: string, url: string): string {
  const path = rawPath(url);
  const sent = path.slice(path.indexOf(`${prefix}/`) + prefix.length + 1);
  const decoded = decodeOnce(sent);
  if (decoded === undefined) throw new RequestError('INVALID_PARAMETER_VALUE', 'Invalid path');
  return artifactPath(decoded);
}
