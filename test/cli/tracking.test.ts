import { describe, expect, test } from 'vitest';
import { openTracking } from '../../src/tracking/open-tracking.ts';
import { clientOf } from '../contracts/server-rig.ts';
import { workspace } from '../faults/support.ts';
import { type ProjectRig, project } from '../support/rig.ts';

/** What scripts of the tests begin with: MLflow's REST API, as its clients speak it. */
const CLIENT = `
const { MLFLOW_TRACKING_URI: uri, MLFLOW_RUN_ID: run_id, MLFLOW_TRACKING_TOKEN: token } = process.env;
const headers = { authorization: 'Bearer ' + token, 'content-type': 'application/json' };
async function post(path, body) {
  const answer = await fetch(uri + '/api/2.0/mlflow/' + path, { method: 'POST', headers, body: JSON.stringify(body) });
  if (!answer.ok) throw new Error(path + ': ' + await answer.text());
  return await answer.json();
}
async function get(path) {
  const answer = await fetch(uri + '/api/2.0/mlflow/' + path, { headers });
  if (!answer.ok) throw new Error(path + ': ' + await answer.text());
  return await answer.json();
}
`;

const script = (body: string) => `${CLIENT}\n${body}\n`;

async function shown(rig: ProjectRig, run = 'latest') {
  const { stdout, stderr } = await rig.lockstep(['runs', 'show', run, '--json']);
  expect(stderr).toBe('');
  return JSON.parse(stdout);
}

describe('what a stage logs while it runs', () => {
  test('is in its run, also after the run has ended, with what repro recorded', async () => {
    await using rig = await project({
      'pipeline.yaml': 'stages:\n  train:\n    cmd: node train.mjs\n    params: [lr, depth, seed]\n    outs: [model]\n',
      'params.yaml': 'lr: 0.1\ndepth: 4\nseed: 1\n',
      'train.mjs': script(`
        import { writeFileSync } from 'node:fs';
        const { run } = await get('runs/get?run_id=' + run_id);
        if (run.info.status !== 'RUNNING') throw new Error('status ' + run.info.status);
        await post('runs/log-batch', {
          run_id,
          metrics: [0, 1, 2].map((step) => ({ key: 'loss', value: 1 / (step + 1), step, timestamp: 1 })),
          params: [{ key: 'lr', value: '0.2' }, { key: 'depth', value: '4' }, { key: 'layers', value: '3' }],
          tags: [{ key: 'team', value: 'a' }],
        });
        await fetch(uri + '/api/2.0/mlflow-artifacts/artifacts' + run.info.artifact_uri.replace('mlflow-artifacts:', '') + '/plots/a.txt', {
          method: 'PUT', headers: { authorization: headers.authorization }, body: 'hallo',
        });
        await post('runs/update', { run_id, status: 'FAILED', end_time: 5 });
        writeFileSync('model', 'x');
      `),
    });
    const { code, stderr } = await rig.lockstep(['repro']);
    expect([code, stderr]).toEqual([0, expect.stringContaining('train')]);
    const run = await shown(rig);
    expect(run).toMatchObject({
      status: 'FINISHED',
      params: { lr: 0.1, depth: 4, seed: 1, layers: 3 },
      metrics: { loss: 1 / 3 },
      tags: { team: 'a', 'lockstep.attempt': '1' },
      paramDifferences: [{ key: 'lr', declared: 0.1, logged: 0.2 }],
    });
    expect(run.endTime).toBeGreaterThan(5);
    expect(run.series.loss).toHaveLength(3);
    expect(run.artifacts).toContainEqual({
      path: 'plots/a.txt',
      digest: expect.stringMatching(/^sha256:/),
      size: 5,
      kind: 'logged',
      stored: true,
    });
    expect(run.artifacts.map(({ path }: { path: string }) => path)).toContain('outs/model');
    const text = (await rig.lockstep(['runs', 'show', 'latest'])).stdout;
    expect(text).toContain('params that the script logged with another value\n  lr  declared 0.1, logged 0.2\n');
    expect(text).toContain('plots/a.txt');
    expect((await rig.lockstep(['repro'])).stderr).toContain('up to date');
  });

  test('lands in the run of each of several stages at once', async () => {
    const stages = Array.from({ length: 24 }, (_, i) => `  s${i}:\n    cmd: node log.mjs ${i}\n    outs: [out${i}]\n`);
    await using rig = await project({
      'pipeline.yaml': `stages:\n${stages.join('')}`,
      'log.mjs': script(`
        import { writeFileSync } from 'node:fs';
        const number = Number(process.argv[2]);
        await post('runs/log-metric', { run_id, key: 'number', value: number, timestamp: 1 });
        writeFileSync('out' + number, '');
      `),
    });
    expect((await rig.lockstep(['repro', '-j', '4'])).code).toBe(0);
    const { runs } = JSON.parse((await rig.lockstep(['runs', 'list', '--json'])).stdout);
    expect(runs).toHaveLength(24);
    for (const { stage, status, metrics } of runs) {
      expect([status, `s${metrics.number}`]).toEqual(['FINISHED', stage]);
    }
  });

  test('finds its run also where a second process starts the stages', async () => {
    const stages = Array.from({ length: 40 }, (_, i) => `  s${i}:\n    cmd: node log.mjs ${i}\n    outs: [out${i}]\n`);
    await using space = workspace({
      'pipeline.yaml': `stages:\n${stages.join('')}`,
      'log.mjs': script(`
        import { writeFileSync } from 'node:fs';
        const number = Number(process.argv[2]);
        await post('runs/log-metric', { run_id, key: 'number', value: number, timestamp: 1 });
        writeFileSync('out' + number, '');
      `),
    });
    expect((await space.repro('-j', '4')).ran).toHaveLength(40);
    const { runs } = JSON.parse((await space.run('runs', 'list', '--json')).stdout);
    expect(
      runs.map(({ stage, metrics }: { stage: string; metrics: { number: number } }) => [stage, `s${metrics.number}`]),
    ).toEqual(runs.map(({ stage }: { stage: string }) => [stage, stage]));
  });

  test('reaches its server past a proxy', async () => {
    await using rig = await project({
      'pipeline.yaml': 'stages:\n  a:\n    cmd: echo "$no_proxy $NO_PROXY" > out\n    outs: [out]\n',
    });
    const cases = [
      [{}, ' '],
      [{ HTTP_PROXY: 'http://proxy' }, '127.0.0.1 127.0.0.1'],
      [{ http_proxy: 'http://proxy', NO_PROXY: 'a.org' }, 'a.org,127.0.0.1 a.org,127.0.0.1'],
    ] as const;
    for (const [env, expected] of cases) {
      expect((await rig.lockstep(['repro', '--force'], { env })).code).toBe(0);
      expect(rig.read('out')).toBe(`${expected}\n`);
    }
  });

  test('stays where the stage fails, and the exit code decides over the status', async () => {
    await using rig = await project({
      'pipeline.yaml': 'stages:\n  a:\n    cmd: node a.mjs\n',
      'a.mjs': script(`
        await post('runs/log-parameter', { run_id, key: 'p', value: 'v' });
        await post('runs/update', { run_id, status: 'FINISHED' });
        process.exit(3);
      `),
    });
    expect((await rig.lockstep(['repro'])).code).toBe(1);
    expect(await shown(rig)).toMatchObject({ status: 'FAILED', params: { p: 'v' } });
  });

  test('goes where the stage itself declares, and nowhere else where the shell has exported a server', async () => {
    const print = `node -e 'console.log(JSON.stringify(Object.entries(process.env).filter(([k]) => k.startsWith("MLFLOW_"))))'`;
    await using rig = await project({
      'pipeline.yaml': `stages:
  own:
    cmd: ${print} > own.json
    env: {MLFLOW_TRACKING_URI: http://elsewhere}
    outs: [own.json]
  ours:
    cmd: ${print} > ours.json
    outs: [ours.json]
`,
    });
    const env = { MLFLOW_TRACKING_URI: 'http://exported', MLFLOW_TRACKING_USERNAME: 'me', MLFLOW_X: 'x' };
    expect((await rig.lockstep(['repro'], { env })).code).toBe(0);
    const variables = (file: string) => Object.fromEntries(JSON.parse(rig.read(file)));
    expect(variables('own.json')).toEqual({ ...env, MLFLOW_TRACKING_URI: 'http://elsewhere' });
    expect(variables('ours.json')).toEqual({
      MLFLOW_TRACKING_URI: expect.stringMatching(/^http:\/\/127\.0\.0\.1:\d+$/),
      MLFLOW_RUN_ID: expect.stringMatching(/^[0-9a-f]{32}$/),
      MLFLOW_EXPERIMENT_ID: '0',
      MLFLOW_TRACKING_TOKEN: expect.stringMatching(/^[0-9a-f]{32}\./),
      MLFLOW_X: 'x',
    });
  });

  test('needs the token of a stage of this very repro', async () => {
    await using rig = await project({
      'pipeline.yaml': 'stages:\n  a:\n    cmd: node a.mjs > answers\n    outs: [answers]\n',
      'a.mjs': script(`
        const statuses = [];
        for (const authorization of ['', 'Bearer nothing', 'Bearer ' + '0'.repeat(32) + token.slice(32), headers.authorization]) {
          const answer = await fetch(uri + '/api/2.0/mlflow/runs/get?run_id=' + run_id, { headers: { authorization } });
          statuses.push(answer.status);
        }
        console.log(statuses.join(' '));
      `),
    });
    expect((await rig.lockstep(['repro'])).code).toBe(0);
    expect(rig.read('answers').trim()).toBe('401 401 401 200');
  });

  test('goes with a script that chooses an experiment to that experiment', async () => {
    await using rig = await project({
      'pipeline.yaml': 'stages:\n  a:\n    cmd: node a.mjs > answers\n    outs: [answers]\n',
      'a.mjs': script(`
        const { experiment_id } = await post('experiments/create', { name: 'churn' });
        await get('experiments/get?experiment_id=' + experiment_id);
        const { run } = await get('runs/get?run_id=' + run_id);
        console.log(run.info.experiment_id === experiment_id);
      `),
    });
    expect((await rig.lockstep(['repro'])).code).toBe(0);
    expect(rig.read('answers').trim()).toBe('true');
    expect(await shown(rig)).toMatchObject({ stage: 'a', status: 'FINISHED' });
  });

  test('is in the runs of a sweep', async () => {
    await using rig = await project({
      'pipeline.yaml': 'stages:\n  train:\n    cmd: node train.mjs\n    params: [lr]\n    outs: [model]\n',
      'params.yaml': 'lr: 1\n',
      'train.mjs': script(`
        import { readFileSync, writeFileSync } from 'node:fs';
        const lr = Number(readFileSync('params.yaml', 'utf8').split(': ')[1]);
        await post('runs/log-metric', { run_id, key: 'score', value: lr * 10, timestamp: 1 });
        await post('runs/set-tag', { run_id, key: 'team', value: 'a' });
        writeFileSync('model', String(lr));
      `),
    });
    rig.commit();
    const { code, stdout } = await rig.lockstep(['sweep', '-S', 'lr=2,3', '-j', '2', '--metric', 'score', '--json']);
    expect(code).toBe(0);
    const { configurations } = JSON.parse(stdout);
    expect(configurations.map(({ metrics }: { metrics: object }) => metrics)).toEqual([{ score: 20 }, { score: 30 }]);
    const { runs } = JSON.parse((await rig.lockstep(['runs', 'list', '--json', '--stage', 'train'])).stdout);
    expect(runs).toHaveLength(2);
    for (const { id } of runs) expect(await shown(rig, id)).toMatchObject({ tags: { team: 'a' }, status: 'FINISHED' });
  });
});

test('what a stage took in stands among the datasets of its run, with the digest of the lockfile', async () => {
  await using rig = await project({
    'pipeline.yaml': 'stages:\n  train:\n    cmd: node train.mjs\n    deps: [train.mjs, data.csv]\n    outs: [model]\n',
    'data.csv': 'a,b\n1,2\n',
    'train.mjs': "import { writeFileSync } from 'node:fs'; writeFileSync('model', 'x');\n",
  });
  expect((await rig.lockstep(['repro'])).code).toBe(0);
  const { id, data } = await shown(rig, 'latest:train');
  const tracking = await openTracking(rig.path('.lockstep/lockstep.db'));
  const { run } = await clientOf(tracking).get('runs/get', { run_id: id });
  await tracking.close();
  const { digest } = data.find(({ path }: { path: string }) => path === 'data.csv');
  expect(rig.read('pipeline.lock')).toContain(digest);
  expect(run.inputs.dataset_inputs).toContainEqual({
    dataset: { name: 'data.csv', digest, source_type: 'local', source: '{"uri":"data.csv"}' },
    tags: [{ key: 'mlflow.data.context', value: 'dep' }],
  });
  expect(run.inputs.dataset_inputs).toHaveLength(data.length);
});
