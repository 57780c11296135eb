import type { IncomingMessage } from 'node:http';
import { RequestError } from '../tracking/request-error.ts';
import { pathBehind } from './artifact-routes.ts';
import type { ArtifactStore } from './artifact-store.ts';
import type { ArtifactUploads } from './artifact-uploads.ts';
import { message, readRequest, repeated, requiredInt64, requiredText } from './fields.ts';
import { artifactPath } from './raw-path.ts';
import { readJsonBody } from './read-body.ts';
import type { Route } from './route.ts';

const UPLOADS = '/mlflow-artifacts/mpu';

/** A client that sends small parts of a huge file should not make us count to infinity. */
const MOST_PARTS = 10_000;

const partNumber = requiredInt64()
  .transform(Number)
  .refine((number) => number >= 1 && number <= MOST_PARTS, { error: `A part's number is from 1 to ${MOST_PARTS}` });

const Begin = message({ path: requiredText(), num_parts: partNumber });
const Named = { path: requiredText(), upload_id: requiredText() };
const Complete = message({
  ...Named,
  parts: repeated(message({ part_number: partNumber, etag: requiredText() }), { most: MOST_PARTS }),
});

/** Uploads in several parts: clients take them for large files where they are told to. */
export function uploadRoutes(store: ArtifactStore, uploads: ArtifactUploads): readonly Route[] {
  return [
    {
      method: 'POST',
      path: `${UPLOADS}/create/*`,
      handle: async ({ incoming }) => {
        const { path, num_parts } = readRequest(Begin, await readJsonBody(incoming, UPLOADS));
        const id = uploads.begin({ path: fileIn(`${UPLOADS}/create`, incoming, path), count: num_parts });
        const parts = Array.from({ length: num_parts }, (_, i) => i + 1);
        return { upload_id: id, credentials: parts.map((number) => credentialOf(incoming, `${id}/${number}`, number)) };
      },
    },
    {
      method: 'PUT',
      path: `${UPLOADS}/parts/:upload/:number`,
      handle: async ({ incoming, outgoing }, { upload = '', number }) => {
        const etag = await uploads.putPart(upload, readRequest(partNumber, number), incoming);
        outgoing.setHeader('etag', etag);
        return {};
      },
    },
    {
      method: 'POST',
      path: `${UPLOADS}/complete/*`,
      handle: async ({ incoming }) => {
        const request = readRequest(Complete, await readJsonBody(incoming, UPLOADS));
        const path = fileIn(`${UPLOADS}/complete`, incoming, request.path);
        const parts = request.parts.map(({ part_number, etag }) => ({ number: part_number, etag }));
        await store.put(path, uploads.content({ id: request.upload_id, path, parts }));
        uploads.end(request.upload_id, path);
        return {};
      },
    },
    {
      method: 'POST',
      path: `${UPLOADS}/abort/*`,
      handle: async ({ incoming }) => {
        const request = readRequest(message(Named), await readJsonBody(incoming, UPLOADS));
        uploads.end(request.upload_id, fileIn(`${UPLOADS}/abort`, incoming, request.path));
        return {};
      },
    },
  ];
}

/** The URL names the directory, the body the file, by whatever path it has at the client. */
function fileIn(route: string, { url = '' }: IncomingMessage, path: string): string {
  const directory = pathBehind(route, url);
  const name = artifactPath(path.slice(path.lastIndexOf('/') + 1));
  if (directory === '' || name === '') throw new RequestError('INVALID_PARAMETER_VALUE', 'Invalid path');
  return `${directory}/${name}`;
}

/** Clients send parts to the bare URL, so what let them in here has to come along. */
function credentialOf({ headers }: IncomingMessage, place: string, number: number): object {
  const scheme = headers['x-forwarded-proto'] === 'https' ? 'https' : 'http';
  const { authorization } = headers;
  return {
    url: `${scheme}://${headers.host}/api/2.0${UPLOADS}/parts/${place}`,
    part_number: number,
    headers: authorization === undefined ? {} : { Authorization: authorization },
  };
}
