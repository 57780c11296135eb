import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createVersion, deleteVersion } from '../../src/tracking/models/model-versions.ts';
import { type NewProvenance, provenancesOf } from '../../src/tracking/models/provenance.ts';
import type { Bump } from '../../src/tracking/models/semantic-version.ts';
import type { TrackingDatabase } from '../../src/tracking/tracking-database.ts';
import { type Answer, type Client, clientOf } from './server-rig.ts';
import { databaseKinds, OPENING } from './tracking-databases.ts';

const MODEL = { run: 'r', name: 'train', command: null, code: [], data: [], params: [] };

function provenance(bump: Bump | null): NewProvenance {
  return {
    runId: 'r',
    bump,
    proposed: bump,
    reasons: bump === null ? [] : [{ bump, what: 'code', step: 'train', detail: "it's ü" }],
    lineage: { model: MODEL, before: [], after: [] },
    files: [],
  };
}

describe.each(databaseKinds())('provenance of versions over $name', ({ open, dispose }) => {
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

  const register = (name: string, bump: Bump | null) =>
    createVersion(tracking, {
      ...{ name, source: 's3://bucket/model', runId: undefined, runLink: undefined, modelId: undefined },
      ...{ description: undefined, tags: [], artifactRoot: 'mlflow-artifacts:', now: 1 },
      provenance: provenance(bump),
    });
  const versions = async (name: string) =>
    (await provenancesOf(tracking.db, name)).map((one) => `${one.version} ${one.semanticVersion}`);

  it('counts semantic versions on, goes with a new name, and goes away with its version', async () => {
    await client.post('registered-models/create', { name: 'a' });
    await register('a', null);
    await client.post('model-versions/create', { name: 'a', source: 's3://bucket/model' });
    await register('a', 'minor');
    await register('a', 'patch');
    expect(await versions('a')).toEqual(['4 1.1.1', '3 1.1.0', '1 1.0.0']);
    expect((await provenancesOf(tracking.db, 'a'))[0]).toMatchObject(provenance('patch'));
    const { model_version } = await client.get('model-versions/get', { name: 'a', version: '3' });
    expect(model_version.tags).toEqual([{ key: 'lockstep.version', value: '1.1.0' }]);
    await client.post('registered-models/rename', { name: 'a', new_name: 'b' });
    await deleteVersion(tracking, { name: 'b', version: 4, now: 2 });
    expect([await versions('a'), await versions('b')]).toEqual([[], ['3 1.1.0', '1 1.0.0']]);
    await client.ask('DELETE', 'registered-models/delete', { name: 'b' });
    expect(await versions('b')).toEqual([]);
  });

  it('is of two at the same time not the same version', async () => {
    await client.post('registered-models/create', { name: 'c' });
    await register('c', null);
    await Promise.all([register('c', 'minor'), register('c', 'minor')]);
    expect(await versions('c')).toEqual(['3 1.2.0', '2 1.1.0', '1 1.0.0']);
  });

  it('knows by the token who moved a version or an alias', async () => {
    await client.post('registered-models/create', { name: 'd' });
    await register('d', null);
    const { post, ask } = clientOf(tracking, { who: 'ci' });
    await post('model-versions/transition-stage', { name: 'd', version: '1', stage: 'Staging' });
    await post('registered-models/alias', { name: 'd', alias: 'x', version: '1' });
    await ask('DELETE', 'registered-models/alias', { name: 'd', alias: 'x' });
    const { history } = await client.get('registered-models/history', { name: 'd' });
    expect(history.map(({ who }: Answer) => who)).toEqual(['ci', 'ci', 'ci']);
  });
});
