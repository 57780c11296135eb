import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { TrackingDatabase } from '../../src/tracking/tracking-database.ts';
import { type Answer, type Client, clientOf } from './server-rig.ts';
import { databaseKinds, OPENING } from './tracking-databases.ts';

describe.each(databaseKinds())('runs over $name', ({ open, dispose }) => {
  let tracking: TrackingDatabase;
  let client: Client;
  let experiment: string;
  beforeAll(async () => {
    tracking = await open();
    client = clientOf(tracking);
    experiment = (await client.post('experiments/create', { name: 'runs' })).experiment_id;
  }, OPENING);
  afterAll(async () => {
    await tracking.close();
    await dispose();
  });

  const newRun = async (fields: object = {}): Promise<string> =>
    (await client.post('runs/create', { experiment_id: experiment, start_time: 5, ...fields })).run.info.run_id;
  const read = async (run_id: string): Promise<Answer> => (await client.get('runs/get', { run_id })).run;

  it('are created with a name, tags and a place for artifacts', async () => {
    const tags = [
      { key: 'mlflow.user', value: 'ada' },
      { key: '__proto__', value: 'x' },
    ];
    const { run } = await client.post('runs/create', {
      experiment_id: experiment,
      run_name: 'first',
      user_id: 'ada',
      start_time: '1700',
      tags,
    });
    const { run_id } = run.info;
    expect(run_id).toMatch(/^[0-9a-f]{32}$/);
    expect(run).toEqual({
      info: {
        run_id,
        run_uuid: run_id,
        run_name: 'first',
        experiment_id: experiment,
        user_id: 'ada',
        status: 'RUNNING',
        start_time: 1700,
        artifact_uri: `mlflow-artifacts:/${experiment}/${run_id}/artifacts`,
        lifecycle_stage: 'active',
      },
      data: { tags: expect.arrayContaining([...tags, { key: 'mlflow.runName', value: 'first' }]) },
      inputs: {},
      outputs: {},
    });
    expect(await client.get('runs/get', { run_uuid: run_id })).toEqual({ run });
  });

  it('get a name where nobody gave one, and one name only', async () => {
    expect((await read(await newRun())).info.run_name).toMatch(/^[a-z]+-[a-z]+-\d+$/);
    const tags = [{ key: 'mlflow.runName', value: 'b' }];
    expect((await read(await newRun({ tags }))).info.run_name).toBe('b');
    expect(await client.refusal('runs/create', { experiment_id: experiment, run_name: 'a', tags })).toContain(
      "INVALID_PARAMETER_VALUE: Both 'run_name' argument and 'mlflow.runName' tag are specified",
    );
  });

  it('are updated, and renamed by a field or a tag alike', async () => {
    const run_id = await newRun({ run_name: 'old' });
    const { run_info } = await client.post('runs/update', {
      run_id,
      status: 'FINISHED',
      end_time: 99,
      run_name: 'new',
    });
    expect(run_info).toMatchObject({ status: 'FINISHED', end_time: 99, run_name: 'new' });
    expect((await read(run_id)).data.tags).toContainEqual({ key: 'mlflow.runName', value: 'new' });
    await client.post('runs/set-tag', { run_id, key: 'mlflow.runName', value: 'newer' });
    expect((await read(run_id)).info.run_name).toBe('newer');
    await client.post('runs/log-metric', { run_id, key: 'late', value: 1, timestamp: 1 });
  });

  it('keep params as the text that was logged, for ever', async () => {
    const run_id = await newRun();
    const values = ['0.10', '1e5', '1', 'true', 'null', '"q"', '[1]', '', 'ü\n', 'x'.repeat(7000)];
    const params = values.map((value, i) => ({ key: `p${i}`, value }));
    await client.post('runs/log-batch', { run_id, params });
    await client.post('runs/log-batch', { run_id, params });
    expect((await read(run_id)).data.params.map(({ value }: Answer) => value)).toEqual(
      values.map((value) => value.slice(0, 6000)),
    );
    expect(await client.refusal('runs/log-parameter', { run_id, key: 'p2', value: '2' })).toBe(
      `INVALID_PARAMETER_VALUE: Changing param values is not allowed. Param with key='p2' was already logged with value='1' for run ID='${run_id}'. Attempted logging new value '2'.`,
    );
  });

  it('take all of a batch or nothing', async () => {
    const run_id = await newRun();
    await client.post('runs/log-parameter', { run_id, key: 'p', value: '1' });
    const batch = {
      run_id,
      metrics: [{ key: 'm', value: 1, timestamp: 1 }],
      params: [
        { key: 'q', value: '1' },
        { key: 'p', value: '2' },
      ],
      tags: [{ key: 't', value: '1' }],
    };
    expect(await client.refusal('runs/log-batch', batch)).toContain('Changing param values is not allowed');
    const { data } = await read(run_id);
    expect(data.params).toEqual([{ key: 'p', value: '1' }]);
    expect(data.metrics).toBeUndefined();
    expect(data.tags.map(({ key }: Answer) => key)).toEqual(['mlflow.runName']);
    const twice = {
      run_id,
      params: [
        { key: 'z', value: '1' },
        { key: 'z', value: '1' },
      ],
    };
    expect(await client.refusal('runs/log-batch', twice)).toContain(
      "Duplicate parameter keys have been submitted: ['z']",
    );
  });

  it('refuse batches over the limits and keys that are no names', async () => {
    const run_id = await newRun();
    const tags = Array.from({ length: 101 }, (_, i) => ({ key: `k${i}`, value: '' }));
    expect(await client.refusal('runs/log-batch', { run_id, tags })).toContain("'tags' holds more than the 100");
    const metrics = Array.from({ length: 1000 }, (_, i) => ({ key: 'm', value: i, timestamp: 1, step: i }));
    expect(await client.refusal('runs/log-batch', { run_id, metrics, tags: tags.slice(0, 1) })).toContain(
      'at most 1000 metrics, params and tags in total. Got 1001',
    );
    for (const key of ['../x', 'a//b', '/a', '.', 'a?', 'x'.repeat(251)]) {
      const refusal = await client.refusal('runs/log-metric', { run_id, key, value: 1, timestamp: 1 });
      expect(refusal).toContain('INVALID_PARAMETER_VALUE');
    }
    await client.post('runs/log-metric', { run_id, key: 'größe/a b:c-d.e_f', value: 1, timestamp: 1 });
    expect(await client.refusal('runs/log-metric', { run_id, key: 'm', value: true, timestamp: 1 })).toContain(
      "Invalid value true for parameter 'value' supplied:  Hint: Value was of type 'bool'",
    );
    expect(await client.refusal('runs/log-metric', { run_id, key: 'm', value: 1, timestamp: -1 })).toContain(
      'must not be negative',
    );
  });

  it('give back the latest point by step, then time, then value', async () => {
    const run_id = await newRun();
    const point = (key: string, value: number | string, [step, timestamp]: readonly number[]) => ({
      ...{ key, value, step, timestamp },
    });
    const first = [point('a', 1, [5, 1]), point('a', 2, [4, 9]), point('b', 'NaN', [1, 1]), point('c', 3, [1, 1])];
    await client.post('runs/log-batch', { run_id, metrics: first });
    const second = [
      point('a', 3, [5, 1]),
      point('b', 0.5, [1, 1]),
      point('c', 2, [1, 1]),
      point('d', '-Infinity', [0, 0]),
    ];
    await client.post('runs/log-batch', { run_id, metrics: second });
    expect((await read(run_id)).data.metrics).toEqual([
      point('a', 3, [5, 1]),
      point('b', 0.5, [1, 1]),
      point('c', 3, [1, 1]),
      point('d', '-Infinity', [0, 0]),
    ]);
  });

  it('keep series in order, each point once and exact, and page through them', async () => {
    const run_id = await newRun();
    const values = [0.1 + 0.2, 5e-324, 1.7976931348623157e308, -0.1, 'NaN', 'Infinity'];
    const metrics = values.map((value, i) => ({ key: 'm', value, step: 1 - i, timestamp: 10 - i }));
    await client.post('runs/log-batch', { run_id, metrics: [...metrics, ...metrics] });
    await client.post('runs/log-batch', { run_id, metrics });
    const history = await client.get('metrics/get-history', { run_id, metric_key: 'm' });
    expect(history.metrics).toEqual(metrics.toReversed());
    const paged: Answer[] = [];
    let page_token: string | undefined;
    do {
      const page = await client.get('metrics/get-history', { run_id, metric_key: 'm', max_results: '4', page_token });
      paged.push(...page.metrics);
      page_token = page.next_page_token;
    } while (page_token !== undefined);
    expect(paged).toEqual(history.metrics);
    const lost = { run_id, metric_key: 'm', page_token: 'nonsense', max_results: 1 };
    expect(await client.refusal('metrics/get-history', lost)).toContain('Invalid page token');
  });

  it('lose no digit of large steps and times', async () => {
    const run_id = await newRun();
    const step = '9007199254740993';
    await client.post('runs/log-metric', { run_id, key: 'm', value: 1, timestamp: '9007199254740995', step });
    const { metrics } = await client.get('metrics/get-history', { run_id, metric_key: 'm' });
    expect(metrics).toEqual([{ key: 'm', value: 1, timestamp: '9007199254740995', step }]);
  });

  it('take many points at once from many requests, and refuse only those that are wrong', async () => {
    const run_id = await newRun();
    const requests = Array.from({ length: 50 }, (_, i) =>
      client.post('runs/log-metric', { run_id, key: `k${i % 3}`, value: i, timestamp: i, step: i }),
    );
    const missing = client.refusal('runs/log-metric', { run_id: 'nobody', key: 'm', value: 1, timestamp: 1 });
    await Promise.all(requests);
    expect(await missing).toBe('RESOURCE_DOES_NOT_EXIST: Run with id=nobody not found');
    const { metrics } = await client.get('metrics/get-history', { run_id, metric_key: 'k0' });
    expect(metrics).toHaveLength(17);
    expect((await read(run_id)).data.metrics.map(({ value }: Answer) => value)).toEqual([48, 49, 47]);
  });

  it('sample long series, with first and last', async () => {
    const runs = [await newRun(), await newRun()].sort();
    for (const run_id of runs) {
      const metrics = Array.from({ length: 1000 }, (_, i) => ({ key: 'm', value: i, step: i, timestamp: 1 }));
      await client.post('runs/log-batch', { run_id, metrics });
    }
    const request = { run_ids: runs, metric_key: 'm', max_results: 11 };
    const { metrics } = await client.get('metrics/get-history-bulk-interval', request);
    const steps = metrics.filter(({ run_id }: Answer) => run_id === runs[1]).map(({ step }: Answer) => step);
    expect(metrics).toHaveLength(22);
    expect(steps).toEqual([0, 100, 200, 300, 400, 500, 600, 700, 800, 900, 999]);
    const narrow = await client.get('metrics/get-history-bulk-interval', { ...request, start_step: 5, end_step: 7 });
    expect(narrow.metrics.map(({ step }: Answer) => step)).toEqual([5, 6, 7, 5, 6, 7]);
    expect(await client.refusal('metrics/get-history-bulk-interval', { ...request, end_step: 7 })).toContain('both');
    const bulk = await client.get('metrics/get-history-bulk', { run_id: runs, metric_key: 'm', max_results: 1500 });
    expect(bulk.metrics).toHaveLength(1500);
    expect(bulk.metrics[1499]).toEqual({ key: 'm', value: 499, step: 499, timestamp: 1, run_id: runs[1] });
  });

  it('lose tags one by one', async () => {
    const run_id = await newRun();
    await client.post('runs/set-tag', { run_id, key: 't', value: '' });
    await client.post('runs/set-tag', { run_id, key: 't', value: 'x'.repeat(9000) });
    expect((await read(run_id)).data.tags).toContainEqual({ key: 't', value: 'x'.repeat(8000) });
    await client.post('runs/delete-tag', { run_id, key: 't' });
    expect(await client.refusal('runs/delete-tag', { run_id, key: 't' })).toContain('RESOURCE_DOES_NOT_EXIST');
  });

  it('are deleted and restored as often as one likes, and closed to writers meanwhile', async () => {
    const run_id = await newRun();
    await client.post('runs/delete', { run_id });
    await client.post('runs/delete', { run_id });
    const refused = `INVALID_PARAMETER_VALUE: The run ${run_id} must be in the 'active' state. Current state is deleted.`;
    const metric = { run_id, key: 'm', value: 1, timestamp: 1 };
    expect(await client.refusal('runs/log-metric', metric)).toBe(refused);
    expect(await client.refusal('runs/set-tag', { run_id, key: 'm', value: '' })).toBe(refused);
    expect((await read(run_id)).info.lifecycle_stage).toBe('deleted');
    await client.post('runs/restore', { run_id });
    await client.post('runs/log-metric', metric);
  });

  it('have inputs and outputs, each as it was said first', async () => {
    const run_id = await newRun();
    const dataset = { name: 'iris', digest: 'abc', source_type: 'local', source: '{}', schema: '{}' };
    const input = { dataset, tags: [{ key: 'mlflow.data.context', value: 'training' }] };
    await client.post('runs/log-inputs', { run_id, datasets: [input], models: [{ model_id: 'm-1' }] });
    const again = { dataset: { ...dataset, source: 'other' }, tags: [{ key: 'mlflow.data.context', value: 'eval' }] };
    await client.post('runs/log-inputs', { run_id, datasets: [again] });
    await client.post('runs/outputs', { run_id, models: [{ model_id: 'm-1', step: 3 }, { model_id: 'm-2' }] });
    const { inputs, outputs } = await read(run_id);
    expect(inputs).toEqual({ dataset_inputs: [input], model_inputs: [{ model_id: 'm-1' }] });
    expect(outputs).toEqual({
      model_outputs: [
        { model_id: 'm-1', step: 3 },
        { model_id: 'm-2', step: 0 },
      ],
    });
    const { dataset_summaries } = await client.post('experiments/search-datasets', { experiment_ids: [experiment] });
    expect(dataset_summaries).toEqual([
      { experiment_id: experiment, name: 'iris', digest: 'abc', context: 'training' },
    ]);
    const long = { dataset: { ...dataset, digest: 'x'.repeat(37) } };
    expect(await client.refusal('runs/log-inputs', { run_id, datasets: [long] })).toContain(
      "'datasets[0].dataset.digest' exceeds the maximum length of 36 characters",
    );
  });

  it('keep the points that measure a model for that model', async () => {
    const run_id = await newRun();
    const point = { run_id, key: 'auc', value: 0.9, timestamp: 1, model_id: 'm-7', dataset_name: 'd' };
    await client.post('runs/log-metric', point);
    const rows = await tracking.db
      .selectFrom('logged_model_metrics')
      .selectAll()
      .where('model_id', '=', 'm-7')
      .execute();
    expect(rows).toMatchObject([{ run_id, key: 'auc', value: 0.9, dataset_name: 'd', dataset_digest: '' }]);
  });

  it('of a stage keep what the pipeline declares, and beside it what the script logs; the exit code ends them', async () => {
    const run_id = 'abcd'.repeat(8);
    const { run } = await tracking.db
      .insertInto('runs')
      .values({ run_id, experiment_id: 0, stage: 'train', file: 'pipeline.yaml', status: 'RUNNING', start_time: 5 })
      .returning('run')
      .executeTakeFirstOrThrow();
    const declared = { lr: '0.1', depth: '4', name: '"net"' };
    const rows = Object.entries(declared).map(([key, value], position) => ({ run, key, value, position }));
    await tracking.db.insertInto('params').values(rows).execute();
    const log = (key: string, value: string) => client.post('runs/log-parameter', { run_id, key, value });
    await log('lr', '0.2');
    await log('lr', '0.2');
    await log('depth', '4.0');
    await log('name', 'net');
    await log('own', 'x');
    expect(await client.refusal('runs/log-parameter', { run_id, key: 'lr', value: '0.3' })).toContain("value='0.2'");
    expect(await client.refusal('runs/log-parameter', { run_id, key: 'own', value: 'y' })).toContain("value='x'");
    expect((await read(run_id)).data.params).toEqual([
      { key: 'depth', value: '4' },
      { key: 'lr', value: '0.1' },
      { key: 'name', value: 'net' },
      { key: 'own', value: 'x' },
    ]);
    const different = await tracking.db.selectFrom('logged_params').selectAll().where('run', '=', run).execute();
    expect(different).toEqual([{ run, key: 'lr', value: '0.2' }]);
    const { run_info } = await client.post('runs/update', { run_id, status: 'FAILED', end_time: 9 });
    expect([run_info.status, run_info.end_time]).toEqual(['RUNNING', undefined]);
  });

  it('keep a list of the models that older clients log', async () => {
    const run_id = await newRun();
    const model = { artifact_path: 'model', flavors: { sklearn: {} }, utc_time_created: 'now', run_id };
    await client.post('runs/log-model', { run_id, model_json: JSON.stringify(model) });
    await client.post('runs/log-model', { run_id, model_json: JSON.stringify(model) });
    const { tags } = (await read(run_id)).data;
    expect(JSON.parse(tags.find(({ key }: Answer) => key === 'mlflow.log-model.history').value)).toEqual([
      model,
      model,
    ]);
    expect(await client.refusal('runs/log-model', { run_id, model_json: '{}' })).toContain('mandatory fields');
    expect(await client.refusal('runs/log-model', { run_id, model_json: '{' })).toContain('not valid JSON');
  });

  it('are not there for requests that name none', async () => {
    expect(await client.refusal('runs/get', {})).toContain("Missing value for required parameter 'run_id'");
    expect(await client.refusal('runs/get', { run_id: 'x' })).toBe('RESOURCE_DOES_NOT_EXIST: Run with id=x not found');
    expect(await client.refusal('runs/create', { experiment_id: '4711' })).toContain(
      'No Experiment with id=4711 exists',
    );
    expect(await client.refusal('runs/create', { experiment_id: 'x' })).toContain('INVALID_PARAMETER_VALUE');
  });
});
