import { mkdirSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { type ProjectRig, project } from '../support/rig.ts';
import { ServerProgram } from '../support/server-program.ts';

const ROOT = join(import.meta.dirname, '../..');
const LOCKSTEP = `node ${join(ROOT, 'bin/lockstep.cjs')}`;

async function shown(rig: ProjectRig, run = 'latest') {
  return JSON.parse((await rig.lockstep(['runs', 'show', run, '--json'])).stdout);
}

const paths = (run: { artifacts: { path: string }[] }) => run.artifacts.map(({ path }) => path);

describe('lockstep log', () => {
  test('logs from the shell of a stage into its run', async () => {
    await using rig = await project({
      'pipeline.yaml': `stages:
  train:
    cmd: |
      mkdir -p made/deep
      echo hallo > made/deep/a.txt
      echo weights > weights.bin
      ${LOCKSTEP} log param lr=0.1 'name=a = b'
      ${LOCKSTEP} log metric acc=0.9 loss=nan --step 3
      ${LOCKSTEP} log metric acc=0.95 --step 4
      ${LOCKSTEP} log tag team=a
      ${LOCKSTEP} log artifact weights.bin --to deep/er
      ${LOCKSTEP} log artifact made
      ${LOCKSTEP} log model weights.bin --name net
`,
    });
    const { code, stderr } = await rig.lockstep(['repro']);
    expect([code, stderr]).toEqual([0, expect.stringContaining('1 ran')]);
    const run = await shown(rig);
    expect(run).toMatchObject({
      params: { lr: 0.1, name: 'a = b' },
      metrics: { acc: 0.95, loss: 'NaN' },
      tags: { team: 'a' },
      models: [{ name: 'net', status: 'LOGGED_MODEL_READY' }],
    });
    expect(run.series.acc).toMatchObject([
      { step: 3, value: 0.9 },
      { step: 4, value: 0.95 },
    ]);
    expect(paths(run)).toEqual(expect.arrayContaining(['deep/er/weights.bin', 'made/deep/a.txt']));
    const registered = await rig.lockstep(['models', 'register', 'latest:train', 'net', '--name', 'Net']);
    expect(registered.stdout).toContain('Net version 1');
  });

  test("finds the stage's run, too, where MLflow's client took it out of the environment", async () => {
    await using rig = await project({
      'pipeline.yaml': `stages:
  train:
    cmd: |
      unset MLFLOW_RUN_ID
      ${LOCKSTEP} log metric acc=0.9
  elsewhere:
    cmd: ${LOCKSTEP} log metric acc=0.9
    env: {MLFLOW_TRACKING_URI: 'http://127.0.0.1:9'}
`,
    });
    const { stderr } = await rig.lockstep(['repro', '-k']);
    expect(stderr).toContain('1 ran');
    expect(await shown(rig, 'latest:train')).toMatchObject({ metrics: { acc: 0.9 } });
    // A server that the stage names itself knows nothing of lockstep's runs.
    expect(stderr + (await rig.lockstep(['runs', 'log', 'latest:elsewhere'])).stdout).toContain('no run to log into');
  });

  test('outside of a run is a wrong request', async () => {
    await using rig = await project({});
    const outside = await rig.lockstep(['log', 'metric', 'a=1']);
    expect(outside.code).toBe(2);
    expect(outside.stderr).toMatch(/^error: there is no run to log into\n\nhint: a stage of/);
    const env = { MLFLOW_TRACKING_URI: 'file:///runs', MLFLOW_RUN_ID: 'x' };
    const file = await rig.lockstep(['log', 'tag', 'a=b'], { env });
    expect([file.code, file.stderr]).toEqual([2, expect.stringContaining('file:///runs, which is no server')]);
  });

  test.each([
    [['param', 'lr'], "'lr' is not of the form KEY=VALUE"],
    [['metric', 'a=much'], "the metric a needs a number, not 'much'"],
    [['metric', 'a=1', '--step', 'x'], "--step takes a whole number, not 'x'"],
    [['artifact', 'absent'], 'there is no file'],
    [['model', 'pipeline.yaml'], '--name says what the model is called'],
    [['param'], 'an argument is missing'],
  ])('%j is refused before anything is sent', async (words, message) => {
    await using rig = await project({ 'pipeline.yaml': 'stages: {}\n' });
    const env = { MLFLOW_TRACKING_URI: 'http://127.0.0.1:9', MLFLOW_RUN_ID: 'x' };
    const { code, stderr } = await rig.lockstep(['log', ...words], { env });
    expect([code, stderr]).toEqual([2, expect.stringContaining(message)]);
  });

  test('tells of a server that is away, and of one that refuses', async () => {
    await using rig = await project({});
    const away = { MLFLOW_TRACKING_URI: 'http://127.0.0.1:9', MLFLOW_RUN_ID: 'x' };
    const unreached = await rig.lockstep(['log', 'tag', 'a=b'], { env: away });
    expect([unreached.code, unreached.stderr]).toEqual([1, expect.stringContaining('cannot be reached')]);
    await using server = await ServerProgram.start(rig.root);
    const env = { MLFLOW_TRACKING_URI: `${server.address}/`, MLFLOW_RUN_ID: 'f'.repeat(32) };
    const refused = await rig.lockstep(['log', 'tag', 'a=b'], { env });
    expect([refused.code, refused.stderr]).toEqual([1, expect.stringMatching(/refuses it: Run with id=f+ not found/)]);
  });
});

describe('the client for JavaScript', () => {
  async function withScript(script: string): Promise<ProjectRig> {
    const rig = await project({
      'pipeline.yaml': 'stages:\n  train:\n    cmd: node train.mjs\n    always_changed: true\n',
      'train.mjs': `import { run } from 'lockstep';\n${script}`,
      'notes.txt': 'hallo',
    });
    mkdirSync(rig.path('node_modules'));
    symlinkSync(ROOT, rig.path('node_modules/lockstep'));
    return rig;
  }

  test('logs all that a run has, in batches, by the end of the program', async () => {
    await using rig = await withScript(`
      run.param('lr', 0.1);
      run.param('layers', [1, 2]);
      run.tag('team', 'a');
      for (let step = 0; step < 2500; step += 1) run.metric('loss', 1 / (step + 1), { step });
      run.metric('acc', NaN);
      run.artifact('notes.txt', 'deep');
      run.metric('last', 1);
    `);
    const { code, stderr } = await rig.lockstep(['repro']);
    expect([code, stderr]).toEqual([0, expect.stringContaining('1 ran')]);
    const run = await shown(rig);
    expect(run).toMatchObject({
      params: { lr: 0.1 },
      metrics: { acc: 'NaN', last: 1, loss: 1 / 2500 },
      tags: { team: 'a' },
    });
    expect(JSON.parse(run.params.layers)).toEqual([1, 2]);
    expect(run.series.loss).toHaveLength(2500);
    expect(paths(run)).toContain('deep/notes.txt');
  });

  test('has sent all when flush resolves, and sends the rest also from process.exit and a crash', async () => {
    await using rig = await withScript(`
      run.metric('flushed', 1);
      await run.flush();
      const { MLFLOW_TRACKING_URI: uri, MLFLOW_RUN_ID: id, MLFLOW_TRACKING_TOKEN: token } = process.env;
      const headers = { authorization: 'Bearer ' + token };
      const answer = await (await fetch(uri + '/api/2.0/mlflow/runs/get?run_id=' + id, { headers })).json();
      run.metric('seen', answer.run.data.metrics[0].value);
      if (process.env.CRASH) throw new Error('crash');
      process.exit(0);
    `);
    expect((await rig.lockstep(['repro'])).code).toBe(0);
    expect(await shown(rig)).toMatchObject({ status: 'FINISHED', metrics: { flushed: 1, seen: 1 } });
    expect((await rig.lockstep(['repro'], { env: { CRASH: '1' } })).code).toBe(1);
    expect(await shown(rig)).toMatchObject({ status: 'FAILED', metrics: { flushed: 1, seen: 1 } });
  });

  test('outside of a stage does nothing but say so, once', async () => {
    await using rig = await withScript(
      "run.param('a', 1);\nrun.metric('b', 2);\nawait run.flush();\nconsole.log('done');",
    );
    const { execFileSync, spawnSync } = await import('node:child_process');
    const { stdout, stderr } = spawnSync('node', ['train.mjs'], {
      cwd: rig.root,
      encoding: 'utf8',
      env: { PATH: process.env.PATH },
    });
    expect([stdout, stderr]).toEqual(['done\n', 'lockstep: not inside a stage, nothing is logged\n']);
    rig.write(
      'typed.mts',
      "import { type StageRun, run } from 'lockstep';\nconst one: StageRun = run;\none.metric('a', 1, { step: 2 });\n// @ts-expect-error a metric is a number\none.metric('a', 'b');\n",
    );
    const tsc = join(ROOT, 'node_modules/typescript/bin/tsc');
    const flags = ['--ignoreConfig', '--noEmit', '--strict', '--module', 'nodenext', '--types', ''];
    execFileSync('node', [tsc, ...flags, 'typed.mts'], { cwd: rig.root, stdio: 'inherit' });
  });
});
