import { describe, expect, test } from 'vitest';
import { POSTGRES_BIN, PostgresProgram } from '../../support/postgres-program.ts';
import { project } from '../../support/rig.ts';
import { ServerProgram } from '../../support/server-program.ts';
import { askMlflow, MLFLOW_PYTHON, MLFLOW2_PYTHON } from './real-mlflow.ts';

describe.skipIf(MLFLOW2_PYTHON === undefined)('the client of MLflow 2', { timeout: 120_000 }, () => {
  test('logs a run, finds it and fetches its artifacts; lockstep lists it', () => logsARun(MLFLOW2_PYTHON));

  test('logs a model into its run, registers it and loads it by all its names', async () => {
    await using rig = await project({});
    await using server = await ServerProgram.start(rig.root);
    expect(await askMlflow('models_2.py', { address: server.address, python: MLFLOW2_PYTHON })).toEqual({
      uri: true,
      history: ['model'],
      files: ['model/MLmodel', 'model/conda.yaml'],
      predictions: [42, 42, 42, 42],
      version: [true, '1'],
    });
    expect(await server.stop()).toEqual({ code: 0, stderr: '' });
  });
});

describe.skipIf(MLFLOW_PYTHON === undefined)("MLflow's own client", { timeout: 120_000 }, () => {
  test('logs a run, finds it and fetches its artifacts; lockstep lists it', () => logsARun(MLFLOW_PYTHON));

  test('logs a model, registers it, moves it through the stages and loads it by all its names', async () => {
    await using rig = await project({});
    await using server = await ServerProgram.start(rig.root);
    expect(await askMlflow('models.py', server)).toEqual(MODELS);
  });

  test.skipIf(POSTGRES_BIN === undefined)('does all of that with PostgreSQL behind the server', async () => {
    await using rig = await project({});
    await using postgres = await PostgresProgram.start();
    await using server = await ServerProgram.start(rig.root, '--backend', postgres.address);
    const { run_id, ...found } = (await askMlflow('tracking.py', server)) as Record<string, unknown>;
    expect(found).toEqual(TRACKED);
    expect(await askMlflow('models.py', server)).toEqual(MODELS);
    expect(await server.stop()).toEqual({ code: 0, stderr: '' });
  });

  test('sends a large file in parts, with a token where one is needed', async () => {
    await using rig = await project({});
    const { stdout } = await rig.lockstep(['server', 'token', 'add', 'laptop']);
    await using server = await ServerProgram.start(rig.root);
    const env = {
      MLFLOW_TRACKING_TOKEN: stdout.trim(),
      MLFLOW_ENABLE_PROXY_MULTIPART_UPLOAD: 'true',
      MLFLOW_MULTIPART_UPLOAD_MINIMUM_FILE_SIZE: '1000',
      MLFLOW_MULTIPART_UPLOAD_CHUNK_SIZE: String(6 * 2 ** 20),
    };
    expect(await askMlflow('large.py', { address: server.address, env })).toEqual({ same: true, parts: 3 });
  });

  test('comes in with a token, as MLFLOW_TRACKING_TOKEN or as a password', async () => {
    await using rig = await project({});
    const { stdout } = await rig.lockstep(['server', 'token', 'add', 'laptop']);
    const token = stdout.trim();
    await using server = await ServerProgram.start(rig.root);
    const { address } = server;
    await expect(askMlflow('experiments.py', { address })).rejects.toThrow(/UNAUTHENTICATED|valid access token/);
    expect(await askMlflow('experiments.py', { address, env: { MLFLOW_TRACKING_TOKEN: token } })).toEqual(['Default']);
    const env = { MLFLOW_TRACKING_USERNAME: 'me', MLFLOW_TRACKING_PASSWORD: token };
    expect(await askMlflow('experiments.py', { address, env })).toEqual(['Default']);
  });
});

/** What tracking.py finds. */
const TRACKED = {
  status: 'FINISHED',
  metrics: {
    acc: '0.30000000000000004',
    nan: 'nan',
    inf: expect.stringMatching(/^inf$|^1\.797/),
    big: '1.7976931348623157e+308',
    loss: '0.001',
  },
  params: { lr: '0.1', depth: '4', name: 'é', p: 'v' },
  tags: { team: 'a', stage: 'train', a: '1', t: 'w' },
  history: [
    [1, 0.5],
    [2, 0.1 + 0.2],
  ],
  'long history': 1000,
  artifacts: [
    ['d.json', false, 12],
    ['dir', true, null],
    ['empty.txt', false, 0],
    ['sub', true, null],
    ['table.json', false, expect.any(Number)],
  ],
  search: true,
  children: ['child'],
  downloaded: ['d.json', 'dir/a+b ü 100%.txt', 'empty.txt', 'sub/f.bin', 'table.json'],
  same: true,
  one: 'hallo',
  refusals: [
    'INVALID_PARAMETER_VALUE',
    'RESOURCE_DOES_NOT_EXIST',
    'RESOURCE_ALREADY_EXISTS',
    'INVALID_PARAMETER_VALUE',
  ],
  ended: 'FAILED',
  deleted: 'deleted',
  experiments: ['Default', 'churn 2'],
  active: ['Default', 'churn 2'],
};

/** What models.py finds. */
const MODELS = {
  model: true,
  predictions: [10, 10, 10, 10, 10, 10],
  copy: ['Copy', expect.anything(), 10],
  versions: [
    ['1', 'Archived', ['champion'], { checked: 'yes' }],
    ['2', 'Production', [], {}],
  ],
  models: ['Copy', 'Line'],
  run: true,
  left: ['Line'],
  refusal: 'RESOURCE_DOES_NOT_EXIST',
  attack: 'INVALID_PARAMETER_VALUE',
};

async function logsARun(python: string | undefined): Promise<void> {
  await using rig = await project({});
  await using server = await ServerProgram.start(rig.root);
  const { address } = server;
  const { run_id, ...found } = (await askMlflow('tracking.py', { address, python })) as Record<string, unknown>;
  expect(found).toEqual(TRACKED);
  const { code, stdout } = await rig.lockstep(['runs', 'list', '--all', '--json']);
  expect(code).toBe(0);
  const { runs } = JSON.parse(stdout) as { runs: { id: string; status: string; params: object; metrics: object }[] };
  expect(runs).toHaveLength(2);
  expect(runs.find(({ id }) => id === run_id)).toMatchObject({ status: 'FAILED' });
  expect(await server.stop()).toEqual({ code: 0, stderr: '' });
}
