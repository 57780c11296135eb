import { findLoggedModel } from '../tracking/models/logged-models.ts';
import { findVersion } from '../tracking/models/model-versions.ts';
import { RequestError } from '../tracking/request-error.ts';
import { fieldsOf, listBelow, required, sendBelow } from './artifact-place.ts';
import type { ArtifactStore } from './artifact-store.ts';
import type { Services } from './endpoint.ts';
import type { Route } from './route.ts';

/** The artifacts of logged models and of versions, by the names of these. */
export function modelArtifactRoutes({ tracking }: Services, store: ArtifactStore): readonly Route[] {
  const uriOf = async (modelId = '') => (await findLoggedModel(tracking, modelId)).artifact_location;
  return [
    {
      method: 'GET',
      path: '/mlflow/logged-models/:model_id/artifacts/directories',
      handle: async ({ incoming }, { model_id }) => {
        const { artifact_directory_path: path = '' } = fieldsOf(incoming.url);
        return await listBelow(store, { uri: await uriOf(model_id), path });
      },
    },
    {
      method: 'GET',
      path: '/mlflow/logged-models/:model_id/artifacts/files',
      handle: async (exchange, { model_id }) => {
        const path = required(fieldsOf(exchange.incoming.url), 'artifact_file_path');
        return await sendBelow(store, { uri: await uriOf(model_id), path }, exchange);
      },
    },
    {
      method: 'GET',
      path: '/model-versions/get-artifact',
      root: true,
      handle: async (exchange) => {
        const query = fieldsOf(exchange.incoming.url);
        const number = required(query, 'version');
        if (!/^\d{1,9}$/.test(number)) throw new RequestError('INVALID_PARAMETER_VALUE', 'Invalid version');
        const version = await findVersion(tracking, { name: required(query, 'name'), version: Number(number) });
        // Where the version's content was when it was registered: its source may be any address.
        const uri = version.storage_location;
        if (uri === null) throw new RequestError('INVALID_PARAMETER_VALUE', 'This version has no artifacts.');
        return await sendBelow(store, { uri, path: required(query, 'path') }, exchange);
      },
    },
  ];
}
