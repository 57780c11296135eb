import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { isPinnedArtifact } from '../../src/server/pinned-artifacts.ts';
import type { TrackingDatabase } from '../../src/tracking/tracking-database.ts';
import { type Answer, type Client, clientOf } from './server-rig.ts';
import { databaseKinds, OPENING } from './tracking-databases.ts';

describe.each(databaseKinds())('models over $name', ({ open, dispose }) => {
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

  const run = async (): Promise<string> =>
    (await client.post('runs/create', { experiment_id: '0', start_time: 1 })).run.info.run_id;
  const logged = async (fields: object = {}): Promise<Answer> =>
    (await client.post('logged-models', { experiment_id: '0', name: 'model', ...fields })).model;
  let names = 0;
  /** A registered model with so many versions. */
  const registered = async (versions: number): Promise<string> => {
    names += 1;
    const name = `registered-${names}`;
    await client.post('registered-models/create', { name });
    for (let i = 0; i < versions; i += 1) {
      await client.post('model-versions/create', { name, source: 's3://bucket/model' });
    }
    return name;
  };
  const stages = async (name: string): Promise<readonly string[]> => {
    const { model_versions: versions = [] } = await client.get('model-versions/search', {
      filter: `name = '${name}'`,
      order_by: ['version_number ASC'],
    });
    return versions.map((version: Answer) => version.current_stage);
  };

  it('are logged as pending, and carry tags, params and the metrics of their runs', async () => {
    const source_run_id = await run();
    const model = await logged({ source_run_id, params: [{ key: 'a', value: '1' }], tags: [{ key: 't', value: 'x' }] });
    expect(model.info).toMatchObject({
      model_id: expect.stringMatching(/^m-[0-9a-f]{32}$/),
      experiment_id: '0',
      artifact_uri: `mlflow-artifacts:/0/models/${model.info.model_id}/artifacts`,
      status: 'LOGGED_MODEL_PENDING',
      source_run_id,
      tags: [{ key: 't', value: 'x' }],
    });
    const { model_id } = model.info;
    const point = { key: 'm', value: 2.5, timestamp: 1, step: 3, model_id };
    await client.post('runs/log-metric', { run_id: source_run_id, ...point });
    const found = (await client.post('logged-models/search', { experiment_ids: ['0'], filter: 'metrics.m > 2' }))
      .models;
    expect(found).toMatchObject([{ info: { model_id }, data: { params: [{ key: 'a', value: '1' }] } }]);
    expect(found[0].data.metrics).toMatchObject([{ key: 'm', value: 2.5, run_id: source_run_id }]);
    const other = { experiment_ids: ['0'], filter: "name = 'other'" };
    expect(await client.post('logged-models/search', other)).toEqual({});
  });

  it('are found by what was measured on which data set, and ordered by it', async () => {
    const { experiment_id } = await client.post('experiments/create', { name: 'measured' });
    const run_id = (await client.post('runs/create', { experiment_id, start_time: 1 })).run.info.run_id;
    const measured = async (name: string, points: Readonly<Record<string, number | string>>) => {
      const { model_id } = (await logged({ experiment_id, name })).info;
      const metrics = Object.entries(points).map(([on, value], i) => {
        const [dataset_name, dataset_digest] = on.split('@');
        return { key: 'acc', value, timestamp: 1 + i, model_id, dataset_name, dataset_digest };
      });
      await client.post('runs/log-batch', { run_id, metrics });
    };
    await measured('one', { 'train@1': 0.9, 'test@1': 0.3 });
    await measured('two', { 'train@1': 0.5, 'test@2': 0.6 });
    await measured('three', { 'other@1': 'NaN' });
    const found = async (request: object): Promise<readonly string[]> => {
      const { models = [] } = await client.post('logged-models/search', {
        experiment_ids: [experiment_id],
        ...request,
      });
      return models.map(({ info }: Answer) => info.name);
    };
    const on = (dataset_name: string, dataset_digest?: string) => ({ dataset_name, dataset_digest });
    const order_by = [{ field_name: 'name' }];
    expect(await found({ order_by, datasets: [on('test')] })).toEqual(['one', 'two']);
    expect(await found({ order_by, datasets: [on('test', '2'), on('other')] })).toEqual(['three', 'two']);
    expect(await found({ datasets: [on('test')], filter: 'metrics.acc > 0.5' })).toEqual(['two']);
    expect(await found({ datasets: [on('nothing')], filter: 'metrics.acc > 0' })).toEqual([]);
    expect(await found({ filter: 'metrics.acc = 0' })).toEqual([]);
    const by = (dataset: object) => ({ order_by: [{ field_name: 'metrics.acc', ascending: false, ...dataset }] });
    expect((await found(by(on('train')))).slice(0, 2)).toEqual(['one', 'two']);
    expect((await found(by(on('test')))).slice(0, 2)).toEqual(['two', 'one']);
    expect(
      await client.refusal('logged-models/search', { experiment_ids: ['0'], order_by: [{ field_name: 'params.a' }] }),
    ).toContain('Only metrics are supported');
  });

  it('are refused under names that are paths', async () => {
    for (const name of ['a/b', 'a:b', 'a%b', 'a.b']) {
      expect(await client.refusal('logged-models', { experiment_id: '0', name })).toContain('Invalid model name');
    }
    expect(await client.refusal('registered-models/create', { name: 'a/b' })).toContain('path separators');
    expect(await client.refusal('registered-models/create', { name: 'a%2fb' })).toContain('path separators');
    expect(await client.refusal('registered-models/create', { name: '..' })).toContain('path separators');
  });

  it('have one name each, with versions that are counted and never given twice', async () => {
    const name = await registered(2);
    expect(await client.refusal('registered-models/create', { name })).toBe(
      `RESOURCE_ALREADY_EXISTS: Registered Model (name=${name}) already exists.`,
    );
    await remove('model-versions/delete', { name, version: '2' });
    expect(await client.refusal('model-versions/get', { name, version: '2' })).toBe(
      `RESOURCE_DOES_NOT_EXIST: Model Version (name=${name}, version=2) not found`,
    );
    const { model_version } = await client.post('model-versions/create', { name, source: 's3://bucket/model' });
    expect(model_version).toMatchObject({ version: '3', current_stage: 'None', status: 'READY' });
  });

  const remove = async (path: string, request: object): Promise<Answer> => await client.ask('DELETE', path, request);

  it('go from stage to stage, and what was there goes to Archived if that is wished for', async () => {
    const name = await registered(3);
    const move = (version: string, stage: string, archive_existing_versions: boolean) =>
      client.post('model-versions/transition-stage', { name, version, stage, archive_existing_versions });
    await move('1', 'production', false);
    await move('2', 'Staging', false);
    await move('3', 'Production', true);
    expect(await stages(name)).toEqual(['Archived', 'Staging', 'Production']);
    const wrong = { name, version: '1', stage: 'Live', archive_existing_versions: false };
    expect(await client.refusal('model-versions/transition-stage', wrong)).toContain(
      'None, Staging, Production, Archived',
    );
    const { model_versions } = await client.post('registered-models/get-latest-versions', {
      name,
      stages: ['Production'],
    });
    expect(model_versions.map((one: Answer) => one.version)).toEqual(['3']);
  });

  it('keep every change of a stage and an alias', async () => {
    const name = await registered(2);
    await client.post('model-versions/transition-stage', { name, version: '1', stage: 'Staging' });
    await client.post('registered-models/alias', { name, alias: 'champion', version: '1' });
    await client.post('registered-models/alias', { name, alias: 'champion', version: '2' });
    await remove('registered-models/alias', { name, alias: 'champion' });
    const { history } = await client.get('registered-models/history', { name });
    expect(history.map(({ timestamp: _, ...entry }: Answer) => entry)).toEqual([
      { version: '1', what: 'stage', was: 'None', now: 'Staging' },
      { version: '1', what: 'alias:champion', now: '1' },
      { version: '2', what: 'alias:champion', was: '1', now: '2' },
      { version: '2', what: 'alias:champion', was: '2' },
    ]);
  });

  it('are found by alias, and one that is not there is a wrong parameter', async () => {
    const name = await registered(2);
    await client.post('registered-models/alias', { name, alias: 'champion', version: '1' });
    const found = await client.get('registered-models/alias', { name, alias: 'champion' });
    expect(found.model_version).toMatchObject({ version: '1', aliases: ['champion'] });
    expect(await client.ask('GET', 'registered-models/alias', { name, alias: 'none' }).catch(String)).toContain(
      'Registered model alias none not found.',
    );
    for (const alias of ['latest', 'v1', 'a b']) {
      const request = { name, alias, version: '1' };
      expect(await client.refusal('registered-models/alias', request)).toContain('Invalid alias name');
    }
  });

  it('take their names along when they are renamed', async () => {
    const name = await registered(1);
    await client.post('registered-models/alias', { name, alias: 'champion', version: '1' });
    await client.post('registered-models/rename', { name, new_name: `${name}-new` });
    expect(await client.refusal('registered-models/get', { name })).toContain('not found');
    const { registered_model } = await client.get('registered-models/get', { name: `${name}-new` });
    expect(registered_model).toMatchObject({ aliases: [{ alias: 'champion', version: '1' }] });
    expect(registered_model.latest_versions).toHaveLength(1);
  });

  it('leave prompts out unless they are asked for', async () => {
    const name = await registered(0);
    const tags = [{ key: 'mlflow.prompt.is_prompt', value: 'true' }];
    await client.post('registered-models/create', { name: `${name}-prompt`, tags });
    await client.post('model-versions/create', { name: `${name}-prompt`, source: 'dummy-source', tags });
    const search = async (filter: string): Promise<readonly string[]> => {
      const { registered_models: models = [] } = await client.get('registered-models/search', { filter });
      return models.map((model: Answer) => model.name).filter((one: string) => one.startsWith(name));
    };
    expect(await search('')).toEqual([name]);
    expect(await search("tag.`mlflow.prompt.is_prompt` != 'true'")).toEqual([name]);
    expect(await search("tags.`mlflow.prompt.is_prompt` = 'true'")).toEqual([`${name}-prompt`]);
  });

  it('say where their content is, which may not change from then on', async () => {
    const name = await registered(0);
    const source_run_id = await run();
    const { model_id, artifact_uri } = (await logged({ source_run_id })).info;
    const source = `models:/${model_id}`;
    const { model_version } = await client.post('model-versions/create', { name, source, model_id });
    expect(model_version).toMatchObject({ run_id: source_run_id, model_id, source });
    expect(await client.get('model-versions/get-download-uri', { name, version: '1' })).toEqual({ artifact_uri });
    const { model } = await client.ask('GET', 'logged-models/:model_id', { model_id });
    const noted = { key: 'mlflow.modelVersions', value: `[{"name":"${name}","version":"1"}]` };
    expect(model.info.tags).toEqual([noted]);
    const path = artifact_uri.replace('mlflow-artifacts:/', '');
    const pinned = (one: string) => tracking.write((trx) => isPinnedArtifact(trx, one));
    expect(await pinned(path)).toBe(true);
    expect(await pinned(`${path}/MLmodel`)).toBe(true);
    expect(await pinned(path.slice(0, path.lastIndexOf('/')))).toBe(true);
    expect(await pinned(`${path}-2/MLmodel`)).toBe(false);
    await remove('model-versions/delete', { name, version: '1' });
    expect(await pinned(`${path}/MLmodel`)).toBe(false);
    const copy = await client.refusal('model-versions/create', { name, source, model_id: 'm-0' });
    expect(copy).toContain('another model');
  });

  it('of a run lie inside of its artifacts', async () => {
    const name = await registered(0);
    const [run_id, other] = [await run(), await run()];
    const create = (source: string, of: string) => client.post('model-versions/create', { name, source, run_id: of });
    await create(`runs:/${run_id}/model`, run_id);
    const { artifact_uri } = await client.get('model-versions/get-download-uri', { name, version: '1' });
    expect(artifact_uri).toBe(`mlflow-artifacts:/0/${run_id}/artifacts/model`);
    await create(artifact_uri, run_id);
    await expect(create(`runs:/${run_id}/model`, other)).rejects.toThrow('its run is not');
    await expect(create(artifact_uri, other)).rejects.toThrow('not inside of the artifacts');
  });

  it.each([
    'file:///etc',
    '/etc',
    '//proc/self/root',
    'file:',
    'file://host/../../../../',
    'mlflow-artifacts://h:1/../../',
    'mlflow-artifacts:/0/x/artifacts/../../../etc',
    '..%2f..%2f',
    '%252e%252e%252fetc',
    's3://bucket/a%00',
    's3://b/a/../../c',
    'models:/../../etc',
    'http://host#/../../',
    'http:///?/../../etc',
    'http://host;/../..',
    'a\\..\\b',
    'model',
  ])('are not taken from %j', async (source) => {
    const name = await registered(0);
    expect(await client.refusal('model-versions/create', { name, source })).toMatch(/^INVALID_PARAMETER_VALUE/);
    const prompt = { name, source, tags: [{ key: 'mlflow.prompt.is_prompt', value: 'true' }] };
    const refusal = await client.refusal('model-versions/create', prompt);
    if (source !== 'model') expect(refusal).toMatch(/^INVALID_PARAMETER_VALUE/);
  });
});
