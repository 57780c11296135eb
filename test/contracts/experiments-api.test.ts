import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { TrackingDatabase } from '../../src/tracking/tracking-database.ts';
import { type Answer, type Client, clientOf } from './server-rig.ts';
import { databaseKinds, OPENING } from './tracking-databases.ts';

describe.each(databaseKinds())('experiments over $name', ({ open, dispose }) => {
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

  const create = async (name: string, fields: object = {}): Promise<string> =>
    (await client.post('experiments/create', { name, ...fields })).experiment_id;

  it('begin with the default one', async () => {
    const { experiment } = await client.get('experiments/get', { experiment_id: '0' });
    expect(experiment).toEqual({
      experiment_id: '0',
      name: 'Default',
      artifact_location: 'mlflow-artifacts:/0',
      lifecycle_stage: 'active',
    });
  });

  it('are created with tags and found by id and by name', async () => {
    const experiment_id = await create('first', { tags: [{ key: 'team', value: 'a' }] });
    const { experiment } = await client.get('experiments/get-by-name', { experiment_name: 'first' });
    expect(experiment).toEqual({
      experiment_id,
      name: 'first',
      artifact_location: `mlflow-artifacts:/${experiment_id}`,
      lifecycle_stage: 'active',
      creation_time: expect.any(Number),
      last_update_time: experiment.creation_time,
      tags: [{ key: 'team', value: 'a' }],
    });
    expect(await client.get('experiments/get', { experiment_id })).toEqual({ experiment });
  });

  it('have one name each, and the deleted keep theirs', async () => {
    const experiment_id = await create('taken');
    expect(await client.refusal('experiments/create', { name: 'taken' })).toBe(
      'RESOURCE_ALREADY_EXISTS: Experiment(name=taken) already exists.',
    );
    await client.post('experiments/delete', { experiment_id });
    expect(await client.refusal('experiments/create', { name: 'taken' })).toContain('already exists in deleted state');
    expect((await client.get('experiments/get-by-name', { experiment_name: 'taken' })).experiment).toMatchObject({
      lifecycle_stage: 'deleted',
    });
  });

  it.each([
    ['', "Missing value for required parameter 'name'"],
    [' ', "Invalid experiment name: ' '"],
    ['x'.repeat(501), 'exceeds the maximum length of 500 characters'],
  ])('are not called %j', async (name, message) => {
    expect(await client.refusal('experiments/create', { name })).toContain(message);
  });

  it.each([
    'file:///etc',
    '/etc',
    'relative',
    'runs:/x',
    's3://bucket/a/../../b',
    's3://bucket/%2e%2e/b',
    's3://bucket/%252e%252e/b',
    'http:///?/../../etc/',
    'http:///#/../../../etc/',
    'http://host;/../..',
    'mlflow-artifacts:/a\\..\\b',
    `s3://${'x'.repeat(2048)}`,
  ])('do not keep artifacts at %.60s', async (artifact_location) => {
    expect(await client.refusal('experiments/create', { name: 'nowhere', artifact_location })).toContain(
      'INVALID_PARAMETER_VALUE',
    );
  });

  it('keep artifacts where they were told', async () => {
    const experiment_id = await create('elsewhere', { artifact_location: 's3://bucket/root' });
    const { run } = await client.post('runs/create', { experiment_id });
    expect(run.info.artifact_uri).toBe(`s3://bucket/root/${run.info.run_id}/artifacts`);
  });

  it('are renamed while they are active', async () => {
    const experiment_id = await create('old name');
    await client.post('experiments/update', { experiment_id, new_name: 'new name' });
    expect((await client.get('experiments/get', { experiment_id })).experiment.name).toBe('new name');
    await client.post('experiments/delete', { experiment_id });
    expect(await client.refusal('experiments/update', { experiment_id, new_name: 'x' })).toContain(
      'INVALID_PARAMETER_VALUE',
    );
  });

  it('take their runs along when they are deleted and restored', async () => {
    const experiment_id = await create('with runs');
    const { run } = await client.post('runs/create', { experiment_id });
    const { run_id } = run.info;
    await client.post('experiments/delete', { experiment_id });
    expect((await client.get('runs/get', { run_id })).run.info.lifecycle_stage).toBe('deleted');
    expect(await client.refusal('runs/create', { experiment_id })).toContain("must be in the 'active' state");
    expect(await client.refusal('experiments/delete', { experiment_id })).toContain('RESOURCE_DOES_NOT_EXIST');
    await client.post('experiments/restore', { experiment_id });
    expect((await client.get('runs/get', { run_id })).run.info.lifecycle_stage).toBe('active');
  });

  it('have tags that are set, replaced and deleted', async () => {
    const experiment_id = await create('tagged');
    await client.post('experiments/set-experiment-tag', { experiment_id, key: 'k', value: 'a' });
    await client.post('experiments/set-experiment-tag', { experiment_id, key: 'k', value: 'b' });
    const tags = async () => (await client.get('experiments/get', { experiment_id })).experiment.tags;
    expect(await tags()).toEqual([{ key: 'k', value: 'b' }]);
    await client.post('experiments/delete-experiment-tag', { experiment_id, key: 'k' });
    expect(await tags()).toBeUndefined();
    expect(await client.refusal('experiments/delete-experiment-tag', { experiment_id, key: 'k' })).toContain(
      'RESOURCE_DOES_NOT_EXIST',
    );
    const long = { experiment_id, key: 'k', value: 'x'.repeat(5001) };
    expect(await client.refusal('experiments/set-experiment-tag', long)).toContain('maximum length of 5000');
  });

  it('are searched, in order and by pages', async () => {
    for (const name of ['search-B', 'search-a', 'search-c']) {
      await create(name, { tags: [{ key: 'searched', value: name.slice(-1) }] });
    }
    const names = async (request: object) => {
      const { experiments = [] } = await client.post('experiments/search', { max_results: 100, ...request });
      return experiments.map(({ name }: Answer) => name.replace('search-', ''));
    };
    const filter = "name LIKE 'search-%'";
    expect(await names({ filter })).toEqual(['c', 'a', 'B']);
    expect(await names({ filter, order_by: ['name'] })).toEqual(['B', 'a', 'c']);
    expect(await names({ filter, order_by: ['name DESC'] })).toEqual(['c', 'a', 'B']);
    expect(await names({ filter: "name ILIKE 'SEARCH-_' and tags.searched != 'B'" })).toEqual(['c', 'a']);
    expect(await names({ filter: "tags.searched = 'a' or tag.searched = 'c'" })).toEqual(['c', 'a']);
    expect(await names({ filter: `${filter} and creation_time > 0 and tags.other IS NULL` })).toHaveLength(3);
    const first = await client.post('experiments/search', { filter, max_results: 2 });
    expect(first.experiments).toHaveLength(2);
    expect(await names({ filter, page_token: first.next_page_token })).toEqual(['B']);
    expect(await client.refusal('experiments/search', { max_results: 0 })).toContain('INVALID_PARAMETER_VALUE');
    expect(await client.refusal('experiments/search', { filter: 'metrics.a > 1' })).toContain('Invalid entity type');
  });

  it('are not there', async () => {
    expect(await client.refusal('experiments/get', { experiment_id: '4711' })).toBe(
      'RESOURCE_DOES_NOT_EXIST: No Experiment with id=4711 exists',
    );
    expect(await client.refusal('experiments/get', { experiment_id: '9'.repeat(30) })).toContain('No Experiment');
    expect(await client.refusal('experiments/get-by-name', { experiment_name: 'x' })).toBe(
      "RESOURCE_DOES_NOT_EXIST: Could not find experiment with name 'x'",
    );
  });
});
