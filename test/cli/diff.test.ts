import { rmSync } from 'node:fs';
import { expect, test } from 'vitest';
import { type ProjectRig, project } from '../support/rig.ts';

const FILES = {
  'pipeline.yaml': `
stages:
  prepare: {cmd: tr a-z A-Z < raw.txt > clean.txt, deps: [raw.txt], outs: [clean.txt]}
  train:
    cmd: (grep lr params.yaml; cat clean.txt) > model.txt
    deps: [clean.txt]
    params: [lr]
    outs: [model.txt]
  evaluate:
    cmd: "printf '{\\"acc\\": 0.%s, \\"n\\": 3}' $(wc -c < model.txt) > metrics.json"
    deps: [model.txt]
    metrics: [metrics.json]
`,
  'params.yaml': 'lr: 0.1\n',
  'raw.txt': 'abc\n',
};

/** Digests differ with the bytes of the test; nobody reads them here. */
const plain = (text: string) => text.replaceAll(/[0-9a-f]{8}…/g, '<hex>…');

async function proven(): Promise<ProjectRig> {
  const p = await project(FILES);
  p.commit('before');
  expect(await p.lockstep(['repro'])).toMatchObject({ code: 0 });
  p.commit();
  return p;
}

test('nothing changed', async () => {
  await using p = await proven();
  expect(await p.lockstep(['diff'])).toMatchObject({
    code: 0,
    stdout: 'HEAD → working tree: no stage changed\n',
    stderr: '',
  });
});

test('causes first, then what they led to, then metrics', async () => {
  await using p = await proven();
  p.write('params.yaml', 'lr: 0.05\n');
  await p.lockstep(['repro']);
  const { code, stdout, stderr } = await p.lockstep(['diff']);
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  expect(plain(stdout)).toMatchInlineSnapshot(`
    "HEAD → working tree: 1 cause, 2 stages changed

    causes
      param lr: 0.1 → 0.05  (train)

    what they led to
      train  param lr
        out model.txt  12 B → 13 B
      evaluate  model.txt of train
        metric metrics.json  sha256:<hex>… → sha256:<hex>… (21 B)

    metrics
      file          metric   was   now         change
      metrics.json  acc     0.12  0.13  +0.01 (+8.3%)
    "
  `);
});

test('as one comment for a pull request', async () => {
  await using p = await proven();
  p.write('params.yaml', 'lr: 0.05\n');
  p.write('raw.txt', 'abcdef|`x`\n');
  await p.lockstep(['repro']);
  expect(plain((await p.lockstep(['diff', '--markdown'])).stdout)).toMatchInlineSnapshot(`
    "### lockstep: 2 causes, 3 stages changed

    \`HEAD\` → \`working tree\`

    | cause | was | now | stages |
    | --- | --- | --- | --- |
    | dep raw.txt | \`sha256:<hex>… 4 B\` | \`sha256:<hex>… 11 B\` | \`prepare\` |
    | param lr | \`0.1\` | \`0.05\` | \`train\` |

    | stage | because of | outs |
    | --- | --- | --- |
    | \`prepare\` | dep raw.txt | \`clean.txt\` 4 B → 11 B |
    | \`train\` | param lr, clean.txt of prepare | \`model.txt\` 12 B → 20 B |
    | \`evaluate\` | model.txt of train | \`metrics.json\` sha256:<hex>… → sha256:<hex>… (21 B) |

    | metric | was | now | change |
    | --- | --- | --- | --- |
    | \`acc\` in \`metrics.json\` | 0.12 | 0.2 | +0.08 (+67%) |
    "
  `);
});

test('between two revisions, of which neither is checked out', async () => {
  await using p = await proven();
  p.write('params.yaml', 'lr: 0.05\n');
  await p.lockstep(['repro']);
  p.commit('second');
  p.git('tag', 'v2');
  p.write('params.yaml', 'lr: 7\n');
  p.write('pipeline.lock', 'junk that is not looked at: [');
  const { stdout } = await p.lockstep(['diff', 'HEAD~1', 'v2', '--json']);
  const report = JSON.parse(stdout);
  expect(report.from).toEqual({ rev: 'HEAD~1', commit: p.git('rev-parse', 'HEAD~1').trim() });
  expect(report.to).toEqual({ rev: 'v2', commit: p.git('rev-parse', 'v2').trim() });
  expect(report.causes).toEqual([
    { reason: 'param-changed', file: 'params.yaml', key: 'lr', was: 0.1, now: 0.05, stages: ['train'] },
  ]);
  expect(report.stages).toMatchObject([
    { stage: 'train', file: 'pipeline.yaml', change: 'changed', causes: [0], through: [] },
    { stage: 'evaluate', change: 'changed', causes: [], through: [{ path: 'model.txt', stage: 'train' }] },
  ]);
  expect(report.stages[1].outs).toMatchObject([
    { path: 'metrics.json', kind: 'metric', was: { size: 21 }, now: { size: 21 } },
  ]);
  expect(report.metrics).toMatchObject([{ file: 'metrics.json', key: 'acc', was: 0.12, now: 0.13 }]);
  expect(report.metrics[0].delta).toBeCloseTo(0.01);
  expect(report.warnings).toEqual([]);
});

test('metrics that nobody has any more are left out, the rest stays', async () => {
  await using p = await proven();
  p.write('params.yaml', 'lr: 0.05\n');
  await p.lockstep(['repro']);
  const before = JSON.parse((await p.lockstep(['diff', '--json'])).stdout);
  expect(before.metrics).toHaveLength(1);
  rmSync(p.path('.lockstep/cache'), { recursive: true });
  const after = JSON.parse((await p.lockstep(['diff', '--json'])).stdout);
  expect(after.metrics).toMatchObject([
    { key: 'acc', was: null, now: 0.13 },
    { key: 'n', was: null },
  ]);
  expect(after.causes).toEqual(before.causes);
});

test('warns of a lock that is stale against its pipeline file and its params', async () => {
  await using p = await proven();
  p.write('params.yaml', 'lr: 0.2\n');
  p.write('pipeline.yaml', FILES['pipeline.yaml'].replace('tr a-z A-Z', 'cat').replace('  evaluate:', '  judge:'));
  const { stdout } = await p.lockstep(['diff']);
  expect(stdout).toMatchInlineSnapshot(`
    "HEAD → working tree: no stage changed

    warnings
      ! evaluate: locked, but in no pipeline file (lockstep lock prune drops it)
      ! judge: not in the lockfile yet
      ! prepare: the lock is stale: command changed: tr a-z A-Z < raw.txt > clean.txt → cat < raw.txt > clean.txt
      ! train: the lock is stale: param lr: 0.1 → 0.2
    "
  `);
});

test('warns of entries edited by hand', async () => {
  await using p = await proven();
  p.write('pipeline.lock', p.read('pipeline.lock').replace('lr: 0.1', 'lr: 0.2'));
  p.write('params.yaml', 'lr: 0.2\n');
  expect((await p.lockstep(['diff'])).stdout).toContain('! train: its lock entry was edited by hand');
});

test('conflict markers and broken files are warnings, and the other files are still compared', async () => {
  await using p = await project({
    'a/pipeline.yaml': 'stages: {one: {cmd: cp ../in o, deps: [../in], outs: [o]}}\n',
    'b/pipeline.yaml':
      'stages: {one: {cmd: cp ../in o, deps: [../in], outs: [o]}, two: {cmd: cp o p, deps: [o], outs: [p]}}\n',
    in: '1\n',
  });
  p.commit('before');
  await p.lockstep(['repro', '-P']);
  p.commit();
  p.write('in', '22\n');
  await p.lockstep(['repro', '-P']);
  p.write('a/pipeline.lock', `<<<<<<< HEAD\n${p.read('a/pipeline.lock')}=======\n>>>>>>> other\n`);
  const { code, stdout } = await p.lockstep(['diff'], { cwd: 'a' });
  expect(code).toBe(0);
  expect(plain(stdout)).toMatchInlineSnapshot(`
    "HEAD → working tree: 1 cause, 2 stages changed

    causes
      dep in changed (sha256:<hex>… → <hex>…, 2 B → 3 B)  (one)

    what they led to
      one  dep in
        out b/o  2 B → 3 B
      two  b/o of one
        out b/p  2 B → 3 B

    warnings
      ! a/pipeline.lock:1:1: conflict markers: a merge of this lockfile was not finished; its stages are not compared
    "
  `);
});

test('outs that changed though no input did', async () => {
  await using p = await project({
    'pipeline.yaml': 'stages: {roll: {cmd: cat /proc/sys/kernel/random/uuid > o, outs: [o]}}\n',
  });
  p.commit('before');
  await p.lockstep(['repro']);
  p.commit();
  await p.lockstep(['repro', '--force']);
  const { warnings } = JSON.parse((await p.lockstep(['diff', '--json'])).stdout);
  expect(warnings).toEqual([
    {
      warning: 'not-deterministic',
      stage: 'roll',
      file: 'pipeline.yaml',
      paths: ['o'],
      message: 'roll: o changed though no input did',
    },
  ]);
});

test('a project inside a project is none of its business', async () => {
  await using p = await proven();
  p.write('sub/.lockstep/config.yaml', '');
  p.write('sub/pipeline.yaml', 'stages: {x: {cmd: a}}\n');
  p.write('node_modules/m/pipeline.yaml', 'stages: {x: {cmd: a}}\n');
  p.commit('with another project');
  expect((await p.lockstep(['diff', 'HEAD~1', 'HEAD'])).stdout).toBe('HEAD~1 → HEAD: no stage changed\n');
});

test.each<[string, string[], string, RegExp]>([
  ['an unknown revision', ['diff', 'mainn'], "error: there is no revision 'mainn'", /did you mean main\?/],
  ['a revision like an option', ['diff', '--', '--output=x'], "error: there is no revision '--output=x'", /hint/],
  ['two forms at once', ['diff', '--json', '--markdown'], 'error: --markdown and --json exclude each other', /^/],
])('%s is exit 2', async (_, args, message, hint) => {
  await using p = await proven();
  const { code, stdout, stderr } = await p.lockstep(args);
  expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
  expect(stderr).toContain(message);
  expect(stderr).toMatch(hint);
});

test('without git, and without a commit, it says what is missing', async () => {
  await using p = await project(FILES);
  expect(await p.lockstep(['diff'])).toMatchObject({
    code: 2,
    stderr: expect.stringContaining('not in a git repository'),
  });
  p.git('init', '-q');
  expect(await p.lockstep(['diff'])).toMatchObject({ code: 2, stderr: expect.stringContaining('no commit yet') });
});

test('a group of params is one value in dvc.lock, and no reason to call that stale', async () => {
  await using p = await project({
    '.dvc/config': '',
    'params.yaml': 'net: {depth: 3, size: {x: 1}}\nlr: 0.1\n',
    'dvc.yaml':
      'stages:\n  s: {cmd: touch o, params: [net], outs: [o]}\n  t: {cmd: touch q, params: [params.yaml: ], outs: [q]}\n',
  });
  await p.lockstep(['repro']);
  p.commit();
  expect((await p.lockstep(['diff'])).stdout).toBe('HEAD → working tree: no stage changed\n');
  p.write('params.yaml', 'net: {depth: 4, size: {x: 1}}\nlr: 0.1\n');
  const { warnings } = JSON.parse((await p.lockstep(['diff', '--json'])).stdout);
  expect(warnings).toMatchObject([
    { warning: 'stale', stage: 's', changes: [{ reason: 'param-changed', key: 'net' }] },
    { warning: 'stale', stage: 't', changes: [{ reason: 'param-changed', key: 'net' }] },
  ]);
});
