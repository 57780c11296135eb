import { RequestError } from '../tracking/request-error.ts';
import type { ArtifactStore } from './artifact-store.ts';
import { artifactPath, queryOf } from './raw-path.ts';
import { type Exchange, sendFile } from './send-file.ts';

export interface Place {
  /** Where the artifacts of a run or a model begin. */
  readonly uri: string;
  /** Below it, as the client says it. */
  readonly path: string;
}

export async function listBelow(store: ArtifactStore, { uri, path }: Place): Promise<object> {
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

export async function sendBelow(store: ArtifactStore, { uri, path }: Place, exchange: Exchange): Promise<undefined> {
  const file = await store.find(joined(rootIn(uri), artifactPath(path)));
  if (file === undefined) throw new RequestError('RESOURCE_DOES_NOT_EXIST', 'No such artifact');
  await sendFile(store, file, exchange);
}

function joined(...parts: readonly string[]): string {
  return parts.filter((part) => part !== '').join('/');
}

/** Only what lies with this server is opened, never a file or an address that someone wrote into a record. */
export function rootIn(uri: string): string {
  const path = /^mlflow-artifacts:(?:\/\/[^/?#]*)?\/(.*)$/.exec(uri)?.[1];
  if (path === undefined) {
    throw new RequestError('INVALID_PARAMETER_VALUE', 'These artifacts do not lie with this server');
  }
  return artifactPath(path);
}

export type Fields = Readonly<Record<string, string>>;

export function fieldsOf(url = ''): Fields {
  const single = Object.entries(queryOf(url)).filter(
    (entry): entry is [string, string] => typeof entry[1] === 'string',
  );
  return Object.fromEntries(single);
}

export function required(query: Fields, name: string): string {
  const value = query[name];
  if (value !== undefined && value !== '') return value;
  throw new RequestError(
    'INVALID_PARAMETER_VALUE',
    `Missing value for required parameter '${name}'. See the API docs for more information about request parameters.`,
  );
}
