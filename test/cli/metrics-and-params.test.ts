import { describe, expect, it } from 'vitest';
import { openSqliteStore } from '../../src/tracking/sqlite.ts';
import { type ProjectRig, project } from '../support/rig.ts';

const PIPELINE = `stages:
  train:
    cmd: cp source.json metrics.json && mkdir -p scores && cp source.json scores/all.json
    deps: [source.json]
    params: [lr, train.layers]
    outs: [scores]
    metrics:
      - metrics.json:
          cache: false
`;

const BEFORE =
  '{"acc": 0.123456789, "sub": {"loss": 1.5, "n": 3}, "text": "hi", "list": [1, 2], "flag": true, "nul": null, "gone": 1}';
const AFTER = '{"acc": 0.2234567, "sub": {"loss": 1.25, "n": 3}, "text": "ho", "list": [1, 3], "flag": true, "neu": 7}';
const PARAMS = 'lr: 0.1\nn: 3\ntrain:\n  seed: 42\n  layers: [1, 2]\n  name: abc\n  gone: 1\n';

/** Two states of a project: the first committed and run, the second run in the workspace. */
async function twoStates(files: Readonly<Record<string, string>> = {}): Promise<ProjectRig> {
  const rig = await project({ 'pipeline.yaml': PIPELINE, 'source.json': BEFORE, 'params.yaml': PARAMS, ...files });
  rig.git('init', '-q', '-b', 'main');
  expect(await rig.lockstep(['repro'])).toMatchObject({ code: 0 });
  rig.commit('one');
  rig.write('source.json', AFTER);
  rig.write('params.yaml', PARAMS.replace('0.1', '0.2').replace('gone: 1', 'fresh: x').replace('[1, 2]', "[1, 'a']"));
  expect(await rig.lockstep(['repro'])).toMatchObject({ code: 0 });
  return rig;
}

const read = (stdout: string): unknown => JSON.parse(stdout);

describe('metrics show', () => {
  it('has the metrics nested as in the file, lists and nothing left out, as DVC does', async () => {
    await using rig = await twoStates();
    const { code, stdout } = await rig.lockstep(['metrics', 'show', '--json']);
    expect(code).toBe(0);
    expect(read(stdout)).toEqual({
      '': {
        data: {
          'metrics.json': {
            data: { acc: 0.2234567, sub: { loss: 1.25, n: 3 }, text: 'ho', flag: true, neu: 7 },
          },
        },
      },
    });
  });

  it('is a table with a column for each metric, rounded', async () => {
    await using rig = await twoStates();
    expect((await rig.lockstep(['metrics', 'show'])).stdout).toMatchInlineSnapshot(`
      "Path          acc      flag  neu  sub.loss  sub.n  text
      metrics.json  0.22346  true  7    1.25      3      ho
      "
    `);
    expect((await rig.lockstep(['metrics', 'show', '--md', '--precision', '2'])).stdout).toMatchInlineSnapshot(`
      "| Path         | acc  | flag | neu | sub.loss | sub.n | text |
      | ------------ | ---- | ---- | --- | -------- | ----- | ---- |
      | metrics.json | 0.22 | true | 7   | 1.25     | 3     | ho   |
      "
    `);
  });

  it('shows every branch, tag and commit beside the workspace', async () => {
    await using rig = await twoStates();
    rig.git('tag', 'v1');
    const { stdout } = await rig.lockstep(['metrics', 'show', '-a', '-T', '--json']);
    const shown = read(stdout) as Record<string, { data: Record<string, { data: { acc: number } }> }>;
    expect(Object.keys(shown)).toEqual(['workspace', 'main', 'v1']);
    expect(shown.v1?.data['metrics.json']?.data.acc).toBe(0.123456789);
    expect((await rig.lockstep(['metrics', 'show', '-A'])).stdout).toMatch(/^Revision +Path +acc/);
  });

  it('names a target that is not there', async () => {
    await using rig = await twoStates();
    const { code, stdout, stderr } = await rig.lockstep(['metrics', 'show', 'nope.json', '--json']);
    expect(code).toBe(2);
    expect(read(stdout)).toEqual({
      '': { data: { 'nope.json': { error: { type: 'FileNotFoundError', msg: 'nope.json is not there' } } } },
    });
    expect(stderr).toContain('nope.json is not there');
  });

  it('takes any file and any directory as a target, as seen from here', async () => {
    await using rig = await twoStates({ 'sub/other.yaml': 'deep:\n  x: 1.0\n' });
    const { stdout } = await rig.lockstep(['metrics', 'show', 'other.yaml', '../metrics.json'], { cwd: 'sub' });
    expect(stdout).toMatch(/^other\.yaml .* 1\.0 /m);
    expect(stdout).toMatch(/^\.\.\/metrics\.json .* 0\.22346 /m);
  });
});

describe('metrics diff', () => {
  it('compares HEAD and the workspace by default', async () => {
    await using rig = await twoStates();
    expect(read((await rig.lockstep(['metrics', 'diff', '--json'])).stdout)).toEqual({
      'metrics.json': {
        acc: { old: 0.123456789, new: 0.2234567, diff: 0.09999991100000001 },
        gone: { old: 1, new: null },
        neu: { old: null, new: 7 },
        'sub.loss': { old: 1.5, new: 1.25, diff: -0.25 },
        text: { old: 'hi', new: 'ho' },
      },
    });
    expect((await rig.lockstep(['metrics', 'diff'])).stdout).toMatchInlineSnapshot(`
      "Path          Metric    HEAD     workspace  Change
      metrics.json  acc       0.12346  0.22346    0.1
      metrics.json  gone      1        -          -
      metrics.json  neu       -        7          -
      metrics.json  sub.loss  1.5      1.25       -0.25
      metrics.json  text      hi       ho         -
      "
    `);
  });

  it('has what is the same with --all, and no paths with --no-path', async () => {
    await using rig = await twoStates();
    const { stdout } = await rig.lockstep(['metrics', 'diff', '--all', '--md', '--no-path']);
    expect(stdout).toMatch(/^\| Metric +\| HEAD +\| workspace +\| Change +\|\n/);
    expect(stdout).toMatch(/^\| sub\.n +\| 3 +\| 3 +\| 0 +\|$/m);
  });

  it('takes targets as DVC does, several after one option', async () => {
    await using rig = await twoStates({ 'a.json': '{"x": 1}', 'b.json': '{"x": 1}' });
    rig.write('a.json', '{"x": 2}');
    rig.write('b.json', '{"x": 3}');
    const { stdout } = await rig.lockstep(['metrics', 'diff', '--json', '--targets', 'a.json', 'b.json']);
    expect(read(stdout)).toEqual({
      'a.json': { x: { old: 1, new: 2, diff: 1 } },
      'b.json': { x: { old: 1, new: 3, diff: 2 } },
    });
  });

  it('has an error for --targets without any', async () => {
    await using rig = await project({ 'pipeline.yaml': 'stages: {}\n' });
    for (const args of [['--targets'], ['--targets', '--json']]) {
      const { code, stderr } = await rig.lockstep(['metrics', 'diff', ...args]);
      expect({ code, stderr }).toEqual({ code: 2, stderr: expect.stringContaining('--targets needs a value: PATH…') });
    }
  });

  it('reads from the cache what git does not keep, members of directories too', async () => {
    await using rig = await twoStates();
    expect(rig.git('ls-files', 'scores')).toBe('');
    const { stdout } = await rig.lockstep(['metrics', 'diff', '--targets', 'scores/all.json', '--json']);
    expect(read(stdout)).toMatchObject({ 'scores/all.json': { neu: { old: null, new: 7 } } });
  });

  it('compares two revisions, and says so when nothing differs', async () => {
    await using rig = await twoStates();
    const first = rig.git('rev-parse', 'HEAD').trim();
    rig.commit('two');
    const diff = await rig.lockstep(['metrics', 'diff', first.slice(0, 10), 'HEAD', '--json']);
    expect(read(diff.stdout)).toMatchObject({ 'metrics.json': { neu: { old: null, new: 7 } } });
    const none = await rig.lockstep(['metrics', 'diff', 'HEAD', 'main']);
    expect(none).toEqual({ code: 0, stdout: '', stderr: 'no metric differs between HEAD and main\n' });
  });

  it('has an error for a revision that is none', async () => {
    await using rig = await twoStates();
    expect(await rig.lockstep(['metrics', 'diff', 'mian'])).toMatchObject({
      code: 2,
      stderr: expect.stringContaining("there is no revision 'mian'"),
    });
  });
});

describe('params diff', () => {
  it('has typed values under dotted keys, a list as one text', async () => {
    await using rig = await twoStates();
    expect(read((await rig.lockstep(['params', 'diff', '--json'])).stdout)).toEqual({
      'params.yaml': {
        lr: { old: 0.1, new: 0.2, diff: 0.1 },
        'train.fresh': { old: null, new: 'x' },
        'train.gone': { old: 1, new: null },
        'train.layers': { old: '[1, 2]', new: "[1, 'a']" },
      },
    });
    expect((await rig.lockstep(['params', 'diff'])).stdout).toMatchInlineSnapshot(`
      "Path         Param         HEAD    workspace
      params.yaml  lr            0.1     0.2
      params.yaml  train.fresh   -       x
      params.yaml  train.gone    1       -
      params.yaml  train.layers  [1, 2]  [1, "a"]
      "
    `);
  });

  it('tells a float from an integer', async () => {
    await using rig = await project({ 'pipeline.yaml': PIPELINE, 'params.yaml': 'lr: 1\n' });
    rig.commit();
    rig.write('params.yaml', 'lr: 1.0\n');
    expect((await rig.lockstep(['params', 'diff', '--no-path'])).stdout).toBe(
      'Param  HEAD  workspace\nlr     1     1.0\n',
    );
  });

  it('has what templates take from files of vars, and nothing else of those', async () => {
    await using rig = await project({
      'pipeline.yaml': `vars: [conf/v.yaml]\nstages:\n  s: {cmd: "echo \${model.depth}"}\n`,
      'conf/v.yaml': 'model: {depth: 1, unused: 1}\n',
    });
    rig.commit();
    rig.write('conf/v.yaml', 'model: {depth: 2, unused: 2}\n');
    const changed = { 'conf/v.yaml': { 'model.depth': { old: 1, new: 2, diff: 1 } } };
    expect(read((await rig.lockstep(['params', 'diff', '--json'])).stdout)).toEqual(changed);
    expect(read((await rig.lockstep(['params', 'diff', '--json', '--targets', 'conf'])).stdout)).toEqual(changed);
    expect(read((await rig.lockstep(['params', 'diff', '--json', '--deps'])).stdout)).toEqual({});
  });

  it('has only what stages ask for with --deps', async () => {
    await using rig = await twoStates();
    const { stdout } = await rig.lockstep(['params', 'diff', '--deps', '--json']);
    expect(Object.keys((read(stdout) as { 'params.yaml': object })['params.yaml'])).toEqual(['lr', 'train.layers']);
  });
});

describe('runs in the place of revisions', () => {
  async function runIds(rig: ProjectRig): Promise<readonly string[]> {
    const store = await openSqliteStore(rig.path('.lockstep/lockstep.db'));
    const runs = await store.list({ stage: 'train' });
    await store.close();
    return runs.map(({ id }) => id).reverse();
  }

  it('compares the metrics and params of two runs', async () => {
    await using rig = await twoStates();
    const [first = '', second = ''] = await runIds(rig);
    const metrics = await rig.lockstep(['metrics', 'diff', first, second.slice(0, 12), '--json']);
    expect(read(metrics.stdout)).toMatchObject({ 'metrics.json': { neu: { old: null, new: 7 } } });
    const params = await rig.lockstep(['params', 'diff', first, 'latest:train', '--json']);
    expect(read(params.stdout)).toEqual({
      'params.yaml': {
        lr: { old: 0.1, new: 0.2, diff: 0.1 },
        'train.layers': { old: '[1, 2]', new: "[1, 'a']" },
      },
    });
  });

  it('compares a run with a revision, by what the run knows', async () => {
    await using rig = await twoStates();
    const [, second = ''] = await runIds(rig);
    const same = await rig.lockstep(['params', 'diff', second, 'workspace']);
    expect(same).toMatchObject({ code: 0, stdout: '' });
    const head = await rig.lockstep(['params', 'diff', 'HEAD', second]);
    expect(head.stdout).toMatch(new RegExp(`^Path +Param +HEAD +${second.slice(0, 8)}\n.*lr +0\\.1 +0\\.2`));
  });

  it('shows the metrics of runs and revisions by name', async () => {
    await using rig = await twoStates();
    const [first = '', second = ''] = await runIds(rig);
    const shown = async (...words: string[]) =>
      read((await rig.lockstep(['metrics', 'show', ...words, '--json'])).stdout);
    const all = (await shown(first, 'HEAD', 'workspace')) as Record<string, unknown>;
    expect(Object.keys(all)).toEqual([first.slice(0, 8), 'HEAD', 'workspace']);
    const neu = { data: { 'metrics.json': { data: { neu: 7 } } } };
    expect(await shown(second.slice(0, 10), 'metrics.json')).toMatchObject({ '': neu });
    expect(await rig.lockstep(['metrics', 'show', 'latest:nothing'])).toMatchObject({ code: 2 });
    const nothing = await rig.lockstep(['metrics', 'show', 'nothing']);
    expect(nothing).toMatchObject({ code: 2, stderr: 'warning: workspace: nothing is not there\n' });
  });

  it('shows what a run logged beside its files', async () => {
    await using rig = await project({
      'pipeline.yaml': 'stages:\n  log:\n    cmd: cat points >> "$LOCKSTEP_METRICS"\n    deps: [points]\n',
      points: '{"key": "loss", "value": 2}\n{"key": "loss", "value": 1}\n',
    });
    await rig.lockstep(['repro']);
    rig.write('points', '{"key": "loss", "value": 0.5}\n');
    await rig.lockstep(['repro']);
    const store = await openSqliteStore(rig.path('.lockstep/lockstep.db'));
    const [newest, oldest] = (await store.list({ stage: 'log' })).map(({ id }) => id);
    await store.close();
    const { stdout } = await rig.lockstep(['metrics', 'diff', String(oldest), String(newest), '--json']);
    expect(read(stdout)).toEqual({ $LOCKSTEP_METRICS: { loss: { old: 1, new: 0.5, diff: -0.5 } } });
  });
});
