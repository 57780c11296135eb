import { copyFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { workspace } from '../../faults/support.ts';
import { type ProjectRig, project } from '../../support/rig.ts';
import { MLFLOW_PYTHON } from './real-mlflow.ts';

const SCRIPT = join(import.meta.dirname, 'stage.py');
const QUIET = { MLFLOW_DISABLE_TELEMETRY: 'true', MLFLOW_HTTP_REQUEST_MAX_RETRIES: '1', GIT_PYTHON_REFRESH: 'quiet' };

const stage = (name: string, more = '') =>
  `  ${name}:\n    cmd: ${MLFLOW_PYTHON} stage.py ${name}${more}\n    deps: [stage.py]\n    params: [lr, depth]\n    outs: [${name}.txt]\n`;

async function shown(rig: ProjectRig, run: string) {
  return JSON.parse((await rig.lockstep(['runs', 'show', run, '--json'])).stdout);
}

async function withScript(pipeline: string): Promise<ProjectRig> {
  const rig = await project({ 'pipeline.yaml': `stages:\n${pipeline}`, 'params.yaml': 'lr: 0.1\ndepth: 4\n' });
  copyFileSync(SCRIPT, rig.path('stage.py'));
  return rig;
}

function complete(name: string) {
  return {
    status: 'FINISHED',
    stage: name,
    params: { lr: 0.1, depth: 4, name, fit_intercept: 'False' },
    paramDifferences: [{ key: 'lr', declared: 0.1, logged: 0.2 }],
    metrics: { loss: 0.2, training_mean_squared_error: expect.any(Number) },
    tags: { team: name, 'lockstep.attempt': '1' },
    models: [{ id: expect.stringMatching(/^m-/), name: 'line', status: 'LOGGED_MODEL_READY' }],
    datasets: expect.arrayContaining([expect.objectContaining({ digest: expect.any(String) })]),
  };
}

describe.skipIf(MLFLOW_PYTHON === undefined)("a stage that logs with MLflow's own client", { timeout: 240_000 }, () => {
  test('logs into its run all that it logs, also of several at once, and again when it is forced', async () => {
    const names = ['a', 'b', 'c', 'd'];
    await using rig = await withScript(names.map((name) => stage(name)).join(''));
    const first = await rig.lockstep(['repro', '-j', '4'], { env: QUIET });
    expect([first.code, first.stderr]).toEqual([0, expect.stringContaining('4 ran')]);
    const check = async (name: string) => {
      const run = await shown(rig, `latest:${name}`);
      expect(run).toMatchObject(complete(name));
      expect(run.series.loss).toMatchObject([0, 1, 2, 3, 4].map((step) => ({ step, value: 1 / (step + 1) })));
      const paths = run.artifacts.map(({ path }: { path: string }) => path);
      expect(paths).toEqual(expect.arrayContaining([`outs/${name}.txt`, `notes/${name}.txt`, 'hallo.txt']));
      const parts = await rig.lockstep(['runs', 'list', '--json', '--where', `parent = "${run.id}"`]);
      const names = JSON.parse(parts.stdout).runs.map(({ stage }: { stage: string }) => stage);
      expect(names.sort()).toEqual(['child', 'second']);
      return run.id;
    };
    const runs = [];
    for (const name of names) runs.push(await check(name));
    const again = await rig.lockstep(['repro', '--force', 'a'], { env: QUIET });
    expect(again.code).toBe(0);
    expect(await check('a')).not.toBe(runs[0]);
    const { stdout } = await rig.lockstep(['models', 'register', 'latest:a', 'line', '--name', 'Line', '--json']);
    expect(JSON.parse(stdout)).toMatchObject({ name: 'Line', version: 1 });
  });

  test('keeps what was logged where it crashes', async () => {
    await using rig = await withScript(stage('a', ' crash'));
    // A proxy that knows nothing of this machine's own addresses.
    const env = { ...QUIET, HTTP_PROXY: 'http://127.0.0.1:9', NO_PROXY: 'example.org' };
    expect((await rig.lockstep(['repro'], { env })).code).toBe(1);
    expect(await shown(rig, 'latest:a')).toMatchObject({
      status: 'FAILED',
      params: { name: 'a' },
      metrics: { loss: 0.2 },
      tags: { team: 'a' },
    });
  });

  test('keeps what was logged where lockstep is killed', async () => {
    await using space = await workspace({
      'pipeline.yaml': `stages:\n  a:\n    cmd: ${MLFLOW_PYTHON} a.py\n    params: [lr]\n    env: {MLFLOW_DISABLE_TELEMETRY: 'true'}\n`,
      'params.yaml': 'lr: 1\n',
      'a.py': `import time
import mlflow
mlflow.log_metric("loss", 0.5, step=3)
mlflow.log_param("p", "v")
mlflow.set_tag("team", "a")
mlflow.end_run()
print("logged", flush=True)
time.sleep(600)
`,
    });
    const running = space.start('repro', '--json');
    await running.event(
      'the line after the last call',
      ({ event, text }) => event === 'stage-output' && String(text).includes('logged'),
    );
    running.send('SIGKILL');
    await running.ended;
    space.write('pipeline.yaml', 'stages:\n  b:\n    cmd: echo b > b\n    outs: [b]\n');
    expect(await space.repro()).toEqual({ ran: ['b'] });
    const { stdout } = await space.run('runs', 'show', 'latest:a', '--json');
    expect(JSON.parse(stdout)).toMatchObject({
      status: 'KILLED',
      params: { lr: 1, p: 'v' },
      metrics: { loss: 0.5 },
      tags: { team: 'a' },
    });
  });
});
