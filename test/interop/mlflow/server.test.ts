import { describe, expect, test } from 'vitest';
import { project } from '../../support/rig.ts';
import { MLFLOW_PYTHON } from './real-mlflow.ts';
import { MlflowServer } from './real-server.ts';

describe.skipIf(MLFLOW_PYTHON === undefined)("MLflow's own server", { timeout: 120_000 }, () => {
  test('takes what lockstep log sends, and a copy of every run', async () => {
    await using server = await MlflowServer.start();
    await using rig = await project({
      'pipeline.yaml': `stages:
  train:
    cmd: |
      echo '{"acc": 0.5, "per class": [0.1, 0.2]}' > m.json
      for i in 1 2 3; do echo "{\\"key\\": \\"loss\\", \\"value\\": 0.$i, \\"step\\": $i}" >> $LOCKSTEP_METRICS; done
    params: [lr, deep.name, list]
    metrics: [{m.json: {cache: false}}]
`,
      'params.yaml': 'lr: 0.1\ndeep: {name: net}\nlist: [1, 2]\n',
      'model/weights.bin': 'weights',
    });
    rig.commit();
    const { run } = (await server.post('runs/create', { experiment_id: '0' })) as never as {
      run: { info: { run_id: string } };
    };
    const { run_id } = run.info;
    const env = { MLFLOW_TRACKING_URI: server.address, MLFLOW_RUN_ID: run_id };
    const logged = [
      ['param', 'lr=0.1'],
      ['metric', 'acc=0.9', 'odd=nan', '--step', '3'],
      ['tag', 'team=a'],
      ['artifact', 'model', '--to', 'kept'],
      ['model', 'model', '--name', 'net'],
    ];
    for (const words of logged) {
      const { code, stderr } = await rig.lockstep(['log', ...words], { env });
      expect([code, stderr]).toEqual([0, '']);
    }
    const { data, outputs } = (
      (await server.get(`runs/get?run_id=${run_id}`)) as never as { run: Record<string, object> }
    ).run;
    expect(data).toMatchObject({
      params: [{ key: 'lr', value: '0.1' }],
      metrics: expect.arrayContaining([expect.objectContaining({ key: 'acc', value: 0.9, step: 3 })]),
    });
    expect(outputs).toMatchObject({ model_outputs: [{ model_id: expect.stringMatching(/^m-/) }] });
    expect(await server.get(`artifacts/list?run_id=${run_id}&path=kept/model`)).toMatchObject({
      files: [{ path: 'kept/model/weights.bin', file_size: 7 }],
    });

    rig.write('.lockstep/config.yaml', `tracking: {uri: '${server.address}', experiment: our pipeline}\n`);
    expect((await rig.lockstep(['repro'])).code).toBe(0);
    const mirror = await rig.lockstep(['runs', 'mirror']);
    expect([mirror.code, mirror.stderr, mirror.stdout]).toEqual([0, '', `2 runs sent to ${server.address}\n`]);
    const { experiment } = (await server.get('experiments/get-by-name?experiment_name=our%20pipeline')) as never as {
      experiment: { experiment_id: string };
    };
    const found = (await server.post('runs/search', {
      experiment_ids: [experiment.experiment_id],
      filter: "attributes.run_name = 'train'",
    })) as never as { runs: { info: object; data: { params: object[]; metrics: object[]; tags: object[] } }[] };
    const [copy] = found.runs;
    expect(copy?.info).toMatchObject({ status: 'FINISHED' });
    expect(copy?.data.params).toEqual(
      expect.arrayContaining([
        { key: 'lr', value: '0.1' },
        { key: 'deep.name', value: 'net' },
        { key: 'list', value: '[1, 2]' },
      ]),
    );
    const metrics = Object.fromEntries(copy?.data.metrics.map((one) => [(one as { key: string }).key, one]) ?? []);
    expect(metrics).toMatchObject({
      acc: { value: 0.5 },
      loss: { value: 0.3, step: 3 },
      'per class_0_': { value: 0.1 },
    });
    expect(copy?.data.tags).toEqual(
      expect.arrayContaining([
        expect.objectContaining({ key: 'mlflow.parentRunId' }),
        expect.objectContaining({ key: 'mlflow.source.git.commit' }),
      ]),
    );
  });
});
