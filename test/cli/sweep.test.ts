import { existsSync, readdirSync } from 'node:fs';
import { expect, test } from 'vitest';
import { type ProjectRig, project } from '../support/rig.ts';

const PIPELINE = `stages:
  prepare:
    cmd: echo prepare >> "$TALLY" && cp raw.txt ready.txt
    deps: [raw.txt]
    outs: [ready.txt]
  train:
    cmd: sh train.sh
    deps: [ready.txt, train.sh]
    params: [train.lr, train.depth]
    outs: [model.txt]
    metrics: [metrics.json]
`;

const TRAIN = `echo train >> "$TALLY"
lr=$(sed -n 's/^ *lr: *\\([0-9.]*\\).*/\\1/p' params.yaml)
depth=$(sed -n 's/^ *depth: *\\([0-9.]*\\).*/\\1/p' params.yaml)
if [ "$depth" = 13 ]; then echo unlucky; exit 3; fi
if [ -n "$WAIT" ]; then while [ ! -e "$WAIT" ]; do sleep 0.02; done; fi
echo "$(cat ready.txt) $lr $depth" > model.txt
echo "{\\"score\\": $depth, \\"lr\\": $lr}" > metrics.json
`;

async function committed(): Promise<ProjectRig> {
  const rig = await project({
    'pipeline.yaml': PIPELINE,
    'train.sh': TRAIN,
    'params.yaml': 'train:\n  lr: 0.10 # learning rate\n  depth: 4\n',
    '.gitignore': '/raw.txt\n/tally\n/metrics.json\n',
    'raw.txt': 'raw\n',
  });
  rig.commit();
  return rig;
}

function environment(rig: ProjectRig): Record<string, string> {
  return { TALLY: rig.path('tally') };
}

function tally(rig: ProjectRig): Record<string, number> {
  const lines = existsSync(rig.path('tally')) ? rig.read('tally').trim().split('\n') : [];
  return Object.fromEntries(['prepare', 'train'].map((word) => [word, lines.filter((line) => line === word).length]));
}

interface Swept {
  readonly sweep: string;
  readonly best: string | null;
  readonly configurations: readonly {
    readonly name: string;
    readonly run: string;
    readonly status: string;
    readonly params: Readonly<Record<string, unknown>>;
    readonly metrics: Readonly<Record<string, number>>;
  }[];
}

async function sweep(rig: ProjectRig, ...args: string[]) {
  const result = await rig.lockstep(['sweep', '--json', ...args], { env: environment(rig) });
  return { ...result, swept: (result.stdout === '' ? undefined : JSON.parse(result.stdout)) as Swept };
}

test('runs every combination, and only what a param touches', async () => {
  await using rig = await committed();
  const { code, swept } = await sweep(rig, '-S', 'train.lr=0.1,0.05', '-S', 'train.depth=4,6', '--metric', 'score');
  expect(code).toBe(0);
  expect(swept.configurations.map(({ name, params, metrics }) => [name, params, metrics])).toEqual([
    ['config-000', { 'train.lr': 0.1, 'train.depth': 4 }, { score: 4, lr: 0.1 }],
    ['config-001', { 'train.lr': 0.1, 'train.depth': 6 }, { score: 6, lr: 0.1 }],
    ['config-002', { 'train.lr': 0.05, 'train.depth': 4 }, { score: 4, lr: 0.05 }],
    ['config-003', { 'train.lr': 0.05, 'train.depth': 6 }, { score: 6, lr: 0.05 }],
  ]);
  expect(swept.best).toBe(swept.configurations[1]?.run);
  expect(tally(rig)).toEqual({ prepare: 1, train: 4 });
});

test('leaves the workspace, the staging area and the list of work trees as they were', async () => {
  await using rig = await committed();
  rig.write('train.sh', `# changed\n${TRAIN}`);
  rig.write('staged.txt', 'staged\n');
  rig.git('add', 'staged.txt');
  rig.write('untracked.txt', 'untracked\n');
  const before = rig.git('status', '--porcelain');
  const { code } = await sweep(rig, '-S', 'train.depth=4,6', '-j', '2');
  expect(code).toBe(0);
  expect(rig.git('status', '--porcelain')).toBe(before);
  expect(rig.git('worktree', 'list').trim().split('\n')).toHaveLength(1);
  expect(rig.read('params.yaml')).toContain('lr: 0.10 # learning rate\n  depth: 4\n');
  expect(existsSync(rig.path('model.txt'))).toBe(false);
  expect(readdirSync(rig.path('.lockstep/tmp/sweeps'))).toEqual([]);
});

test('a configuration sees what is not committed yet', async () => {
  await using rig = await committed();
  rig.write('train.sh', TRAIN.replace('score', 'fresh'));
  const { swept } = await sweep(rig, '-S', 'train.depth=7');
  expect(swept.configurations[0]?.metrics).toEqual({ fresh: 7, lr: 0.1 });
  const { stdout } = await rig.lockstep(['runs', 'list', '--stage', 'train', '--json']);
  expect(JSON.parse(stdout).runs[0]).toMatchObject({ dirty: true, gitSha: rig.git('rev-parse', 'HEAD').trim() });
});

test('one that fails does not stop the others, and is no best one', async () => {
  await using rig = await committed();
  const { code, swept, stderr } = await sweep(rig, '-S', 'train.depth=13,2', '--metric', 'score');
  expect(code).toBe(1);
  expect(swept.configurations.map(({ status }) => status)).toEqual(['FAILED', 'FINISHED']);
  expect(swept.best).toBe(swept.configurations[1]?.run);
  expect(stderr).toContain('✘ config-000  train.depth=13  1 ran, 1 failed');
});

test('minimize turns the order around', async () => {
  await using rig = await committed();
  const { swept } = await sweep(rig, '-S', 'train.depth=5,2,9', '--metric', 'score', '--minimize');
  expect(swept.best).toBe(swept.configurations[1]?.run);
});

test('random draws the same combinations for the same seed', async () => {
  await using rig = await committed();
  const drawn = async (seed: string) => {
    const { swept } = await sweep(rig, '-S', 'train.depth=1,2,3,4,5,6,7,8', '--random', '3', '--seed', seed);
    return swept.configurations.map(({ params }) => params['train.depth']);
  };
  const first = await drawn('1');
  expect(first).toHaveLength(3);
  expect(new Set(first).size).toBe(3);
  expect(await drawn('1')).toEqual(first);
  const others = await Promise.all([await drawn('2'), await drawn('3'), await drawn('4')]);
  expect(others.some((other) => JSON.stringify(other) !== JSON.stringify(first))).toBe(true);
});

test('an interrupted sweep goes on where it was', async () => {
  await using rig = await committed();
  const stop = new AbortController();
  const gate = rig.path('gate');
  const running = rig.lockstep(['sweep', '-S', 'train.depth=1,2,3', '--metric', 'score'], {
    env: { ...environment(rig), WAIT: gate },
    signal: stop.signal,
  });
  await expect.poll(() => tally(rig).train, { timeout: 10_000 }).toBe(1);
  stop.abort();
  const stopped = await running;
  expect(stopped.code).toBe(130);
  expect(stopped.stderr).toContain('lockstep sweep --resume');
  // What the workspace has become since is no matter of the sweep that began before.
  rig.write('train.sh', 'exit 1\n');
  rig.write('gate', '');
  const { code, swept } = await sweep(rig, '--resume');
  expect(code).toBe(0);
  expect(swept.configurations.map(({ metrics }) => metrics.score)).toEqual([1, 2, 3]);
  expect(swept.best).toBe(swept.configurations[2]?.run);
  expect((await sweep(rig, '--resume')).code).toBe(2);
});

test('the run of the sweep names the best one, its number and how many there were', async () => {
  await using rig = await committed();
  const { swept } = await sweep(rig, '-S', 'train.depth=4,6', '--metric', 'score');
  const { stdout } = await rig.lockstep(['runs', 'show', swept.sweep, '--json']);
  const run = JSON.parse(stdout);
  expect(run.tags).toMatchObject({ 'lockstep.sweep.best': swept.best, 'lockstep.sweep.configurations': '2' });
  expect(run.metrics).toEqual({ score: 6 });
});

test('apply brings the params and outs of a configuration into the workspace without running anything', async () => {
  await using rig = await committed();
  const { swept } = await sweep(rig, '-S', 'train.depth=4,6', '--metric', 'score');
  const before = tally(rig);
  const { code, stderr } = await rig.lockstep(['runs', 'apply', swept.best ?? ''], { env: environment(rig) });
  expect(code).toBe(0);
  expect(stderr).toContain('params.yaml: train.depth 4 → 6');
  expect(rig.read('params.yaml')).toBe('train:\n  lr: 0.10 # learning rate\n  depth: 6\n');
  expect(rig.read('model.txt')).toBe('raw 0.10 6\n');
  expect(tally(rig)).toEqual(before);
});

test('the newest sweep stands for its best configuration', async () => {
  await using rig = await committed();
  await sweep(rig, '-S', 'train.depth=4,6', '--metric', 'score');
  const { code, stderr } = await rig.lockstep(['runs', 'apply', 'latest:sweep'], { env: environment(rig) });
  expect({ code, stderr }).toEqual({ code: 0, stderr: expect.stringContaining('params.yaml: train.depth 4 → 6') });
  await using fresh = await committed();
  const none = await fresh.lockstep(['runs', 'apply', 'latest:sweep'], { env: environment(fresh) });
  expect(none.code).toBe(2);
});

test.for([
  ['an unknown param', ['-S', 'train.dept=1'], 'did you mean train.depth?'],
  ['no values', ['-S', 'train.depth='], 'write KEY=VALUE'],
  ['an empty value', ['-S', 'train.depth=1,,2'], 'write'],
  ['no file', ['-S', 'other.yaml:a=1'], 'no file other.yaml'],
  ['no param at all', [], 'lockstep sweep -S'],
  ['no number', ['-S', 'train.depth=1', '-j', 'x'], '-j takes a whole number'],
  ['both directions', ['-S', 'train.depth=1', '--maximize', '--minimize'], 'cannot both be'],
] as const)('%s is told before anything runs', async ([, args, message]) => {
  await using rig = await committed();
  const { code, stderr } = await sweep(rig, ...args);
  expect(code).toBe(2);
  expect(stderr).toContain(message);
  expect(tally(rig)).toEqual({ prepare: 0, train: 0 });
});

test('a metric that no configuration has is told with the names of those that there are', async () => {
  await using rig = await committed();
  const { code, stderr } = await sweep(rig, '-S', 'train.depth=1', '--metric', 'scor');
  expect(code).toBe(2);
  expect(stderr).toContain('did you mean score?');
});

test('a sweep outside of git is told what it needs', async () => {
  await using rig = await project({
    'pipeline.yaml': PIPELINE,
    'params.yaml': 'train:\n  lr: 1\n  depth: 1\n',
  });
  const { code, stderr } = await sweep(rig, '-S', 'train.depth=1');
  expect(code).toBe(2);
  expect(stderr).toContain('needs a git repository with a commit');
});

test('in a DVC project configurations share DVC’s cache and our run cache', async () => {
  await using rig = await committed();
  rig.git('mv', 'pipeline.yaml', 'dvc.yaml');
  rig.write('.dvc/config', '');
  rig.write('.dvc/.gitignore', '/config.local\n/tmp\n/cache\n');
  rig.commit();
  const first = await sweep(rig, '-S', 'train.depth=4,6', '--metric', 'score');
  expect(first.code).toBe(0);
  expect(first.swept.best).toBe(first.swept.configurations[1]?.run);
  expect(tally(rig)).toEqual({ prepare: 1, train: 2 });
  const { code } = await rig.lockstep(['runs', 'apply', first.swept.best ?? ''], { env: environment(rig) });
  expect(code).toBe(0);
  expect(tally(rig)).toEqual({ prepare: 1, train: 2 });
  expect(rig.read('model.txt')).toBe('raw 0.10 6\n');
});
