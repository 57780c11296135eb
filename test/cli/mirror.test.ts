import { describe, expect, test } from 'vitest';
import { until, workspace } from '../faults/support.ts';
import { type ProjectRig, project } from '../support/rig.ts';
import { ServerProgram } from '../support/server-program.ts';

const FILES = {
  'pipeline.yaml': `stages:
  train:
    cmd: echo '{"acc":0.5}' > m.json
    params: [lr, deep.name]
    metrics: [{m.json: {cache: false}}]
  fails:
    cmd: exit 3
`,
  'params.yaml': 'lr: 0.1\ndeep: {name: net}\n',
};

const AWAY = 'http://127.0.0.1:9';

const configured = (uri: string) => `tracking: {uri: '${uri}'}\n`;

interface Listed {
  readonly stage: string | null;
  readonly status: string;
  readonly params: object;
  readonly metrics: object;
}

async function listed(rig: ProjectRig): Promise<readonly Listed[]> {
  const { stdout } = await rig.lockstep(['runs', 'list', '--all', '--json']);
  return (JSON.parse(stdout) as { runs: Listed[] }).runs;
}

const MIRRORED = [
  { stage: 'fails', status: 'FAILED', params: {}, metrics: {} },
  { stage: 'repro', status: 'FAILED', params: {}, metrics: {} },
  { stage: 'train', status: 'FINISHED', params: { lr: 0.1, 'deep.name': 'net' }, metrics: { acc: 0.5 } },
];

const byStage = (runs: readonly Listed[]) =>
  runs
    .map(({ stage, status, params, metrics }) => ({ stage, status, params, metrics }))
    .sort((a, b) => ((a.stage ?? '') < (b.stage ?? '') ? -1 : 1));

describe('a server that tracking.uri names', () => {
  test('gets every run once, also those that were recorded while it was away', async () => {
    await using there = await project({});
    await using rig = await project({ ...FILES, '.lockstep/config.yaml': configured(AWAY) });
    const { code, stderr } = await rig.lockstep(['repro', '-k']);
    expect([code, stderr]).toEqual([1, expect.not.stringContaining(AWAY)]);
    const away = await rig.lockstep(['runs', 'mirror']);
    expect([away.code, away.stderr]).toEqual([1, expect.stringContaining('cannot be reached')]);
    await using server = await ServerProgram.start(there.root);
    rig.write('.lockstep/config.yaml', configured(server.address));
    const sent = await rig.lockstep(['runs', 'mirror']);
    expect([sent.code, sent.stdout]).toEqual([0, `3 runs sent to ${server.address}\n`]);
    expect((await rig.lockstep(['runs', 'mirror'])).stdout).toBe(`0 runs sent to ${server.address}\n`);
    expect(byStage(await listed(there))).toEqual(MIRRORED);
    const [parent] = JSON.parse(
      (await there.lockstep(['runs', 'list', '--json', '--where', "stage = 'repro'"])).stdout,
    ).runs;
    const children = await there.lockstep(['runs', 'list', '--json', '--where', `parent = '${parent.id}'`]);
    expect(JSON.parse(children.stdout).runs).toHaveLength(2);
  });

  test('finds again what it had created when the one that sent was killed', async () => {
    await using there = await project({});
    await using rig = await project({ ...FILES, '.lockstep/config.yaml': configured(AWAY) });
    await rig.lockstep(['repro', '-k']);
    await using server = await ServerProgram.start(there.root);
    const runs = JSON.parse((await rig.lockstep(['runs', 'list', '--all', '--json'])).stdout).runs;
    const { id } = runs.find(({ stage }: Listed) => stage === null);
    // As it is left when the answer to the creation came too late.
    await fetch(`${server.address}/api/2.0/mlflow/runs/create`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ experiment_id: '0', run_name: 'repro', tags: [{ key: 'lockstep.run_id', value: id }] }),
    });
    rig.write(`.lockstep/outbox/${id}.json`, JSON.stringify({ [id]: { remote: null, complete: false } }));
    rig.write('.lockstep/config.yaml', configured(server.address));
    expect((await rig.lockstep(['runs', 'mirror'])).code).toBe(0);
    expect(byStage(await listed(there))).toEqual(MIRRORED);
  });

  test('is sent to beside the program, which waits for nobody', async () => {
    await using there = await project({});
    await using server = await ServerProgram.start(there.root);
    await using space = workspace({ ...FILES, '.lockstep/config.yaml': configured(server.address) });
    expect((await space.run('repro', '-k')).code).toBe(1);
    await until('the runs to be at the server', async () => {
      const runs = await listed(there);
      return runs.length === 3 && runs.every(({ status }) => status !== 'RUNNING');
    });
    // Waits for the other sender to end.
    expect((await space.run('runs', 'mirror')).stdout).toBe(`0 runs sent to ${server.address}\n`);
    expect(byStage(await listed(there))).toEqual(MIRRORED);
  });

  test('must be an address; without one there is nothing to send to', async () => {
    await using rig = await project({});
    const none = await rig.lockstep(['runs', 'mirror']);
    expect([none.code, none.stderr]).toEqual([2, expect.stringContaining('no server is configured')]);
    rig.write('.lockstep/config.yaml', configured('file:///runs'));
    const wrong = await rig.lockstep(['runs', 'mirror']);
    expect([wrong.code, wrong.stderr]).toEqual([2, expect.stringContaining('tracking.uri: expected the address')]);
  });
});
