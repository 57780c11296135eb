import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { listDeleted, purgeRows } from '../../src/tracking/logged/purge.ts';
import type { TrackingDatabase } from '../../src/tracking/tracking-database.ts';
import { type Client, clientOf } from './server-rig.ts';
import { databaseKinds, OPENING } from './tracking-databases.ts';

describe.each(databaseKinds())('what was deleted, in $name,', ({ open, dispose }) => {
  let tracking: TrackingDatabase;
  let client: Client;
  beforeAll(async () => {
    tracking = await open();
    client = clientOf(tracking);
  }, OPENING);
  afterAll(async () => {
    await tracking.close();
    await dispose();
  });

  test('goes in an order in which all of it can go, and gives the places of its artifacts', async () => {
    const { experiment_id } = await client.post('experiments/create', { name: 'gone' });
    const { run } = await client.post('runs/create', { experiment_id });
    const { run_id } = run.info;
    const model = (await client.post('logged-models', { experiment_id, source_run_id: run_id, name: 'net' })).model;
    const { model_id } = model.info;
    const metrics = [{ key: 'm', value: 1, timestamp: 1, model_id, dataset_name: 'd', dataset_digest: 'x' }];
    await client.post('runs/log-batch', { run_id, metrics, params: [{ key: 'p', value: 'v' }] });
    await client.post('runs/outputs', { run_id, models: [{ model_id, step: 0 }] });
    expect(await listDeleted(tracking, Number.MAX_SAFE_INTEGER)).toEqual([]);
    await client.post('experiments/delete', { experiment_id });
    expect(await listDeleted(tracking, 1)).toEqual([]);
    const deleted = await listDeleted(tracking, Number.MAX_SAFE_INTEGER);
    expect(deleted).toEqual([
      { kind: 'model', id: model_id },
      { kind: 'run', id: run_id },
      { kind: 'experiment', id: experiment_id },
    ]);
    const places: string[] = [];
    for (const what of deleted) {
      places.push(...(await tracking.write((trx) => purgeRows(trx, what, 'mlflow-artifacts:'))));
    }
    expect(places).toEqual([model.info.artifact_uri, run.info.artifact_uri]);
    expect(await listDeleted(tracking, Number.MAX_SAFE_INTEGER)).toEqual([]);
    for (const table of ['runs', 'metrics', 'params', 'logged_models', 'logged_model_metrics'] as const) {
      expect([table, await tracking.db.selectFrom(table).selectAll().execute()]).toEqual([table, []]);
    }
  });
});
