import { type Purged, purgeRows } from '../tracking/logged/purge.ts';
import { rootIn } from './artifact-place.ts';
import type { ArtifactStore } from './artifact-store.ts';
import { defineEndpoint, type Endpoint, type Services } from './endpoint.ts';
import { message, requiredText } from './fields.ts';

/** Removes what was deleted, with its artifacts, for good; what a registered version rests on is refused. */
export async function purge(
  { tracking, artifactRoot }: Pick<Services, 'tracking' | 'artifactRoot'>,
  artifacts: ArtifactStore,
  what: Purged,
): Promise<void> {
  const unnamed = await tracking.write(async (trx) => {
    const digests: string[] = [];
    for (const uri of await purgeRows(trx, what, artifactRoot)) {
      // What lies in a store of somebody else's is not ours to remove.
      if (uri.startsWith('mlflow-artifacts:')) digests.push(...(await artifacts.forget(trx, rootIn(uri))));
    }
    return digests;
  });
  await artifacts.drop(unnamed);
}

/** Not MLflow's: its clients can delete, but only what can be restored. These need a token with the scope admin. */
export function purgeEndpoints(artifacts: ArtifactStore): readonly Endpoint[] {
  return [
    defineEndpoint({
      method: 'POST',
      path: '/mlflow/runs/purge',
      request: message({ run_id: requiredText() }),
      handle: async (services, { run_id: id }) => {
        await purge(services, artifacts, { kind: 'run', id });
        return {};
      },
    }),
    defineEndpoint({
      method: 'POST',
      path: '/mlflow/experiments/purge',
      request: message({ experiment_id: requiredText() }),
      handle: async (services, { experiment_id: id }) => {
        await purge(services, artifacts, { kind: 'experiment', id });
        return {};
      },
    }),
    defineEndpoint({
      method: 'POST',
      path: '/mlflow/logged-models/:model_id/purge',
      request: message({ model_id: requiredText() }),
      handle: async (services, { model_id: id }) => {
        await purge(services, artifacts, { kind: 'model', id });
        return {};
      },
    }),
  ];
}
