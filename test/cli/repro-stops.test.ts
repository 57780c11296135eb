import { existsSync, rmSync, unwatchFile, watchFile } from 'node:fs';
import { expect, test } from 'vitest';
import { project } from '../support/rig.ts';

const PAIR = {
  'pipeline.yaml': `
stages:
  first: {cmd: cp in.txt a.txt, deps: [in.txt], outs: [a.txt]}
  second: {cmd: cp a.txt b.txt, deps: [a.txt], outs: [b.txt]}
`,
  'in.txt': 'one\n',
};

test('after a failure nothing begins, not even what waited for the place of the stage that failed', async () => {
  await using p = await project({
    'pipeline.yaml': `
stages:
  bad: {cmd: 'false', outs: [x]}
  other: {cmd: touch y, outs: [y]}
`,
  });
  expect((await p.lockstep(['repro', '-j', '1'])).code).toBe(1);
  expect(existsSync(p.path('y'))).toBe(false);
  await p.lockstep(['repro', '-j', '1', '-k']);
  expect(existsSync(p.path('y'))).toBe(true);
});

test('a stage alone that lacks what another one makes is not done, and is told so, also when quiet', async () => {
  await using p = await project(PAIR);
  await p.lockstep(['repro']);
  rmSync(p.path('a.txt'));
  for (const args of [['-s'], ['-s', '-f'], ['-s', '-q']]) {
    const { code, stderr } = await p.lockstep(['repro', 'second', ...args]);
    expect(code).toBe(1);
    expect(stderr).toContain('✖ second  blocked (dep a.txt is missing');
  }
});

test('--interactive runs what is agreed to', async () => {
  await using p = await project(PAIR);
  const asked: string[] = [];
  const ask = async (question: string) => {
    asked.push(question);
    return question.includes('first') ? 'y' : '';
  };
  expect((await p.lockstep(['repro', '-i'], { ask })).code).toBe(0);
  expect(asked).toEqual(["Run stage 'first'? [y/N] ", "Run stage 'second'? [y/N] "]);
  expect([existsSync(p.path('a.txt')), existsSync(p.path('b.txt'))]).toEqual([true, false]);
});

test('an interrupt at the question of --interactive is an interrupt', async () => {
  await using p = await project(PAIR);
  const controller = new AbortController();
  const ask = async () => {
    controller.abort();
    throw new DOMException('Aborted', 'AbortError');
  };
  const { code, stderr } = await p.lockstep(['repro', '-i'], { ask, signal: controller.signal });
  expect(code).toBe(130);
  expect(stderr).not.toContain('bug');
  const runs = JSON.parse((await p.lockstep(['runs', 'list', '--all', '--json'])).stdout);
  expect(runs.runs).toMatchObject([{ stage: null, status: 'KILLED' }]);
});

test('a stage that wants more GPUs than there are is refused where it would run, and only there', async () => {
  await using p = await project({
    'pipeline.yaml': `
stages:
  train: {cmd: echo "$CUDA_VISIBLE_DEVICES" > t, deps: [in.txt], outs: [t], resources: {gpus: 2}}
  always: {cmd: 'true', always_changed: true}
`,
    'in.txt': 'one\n',
  });
  const without = await p.lockstep(['repro']);
  expect(without.code).toBe(2);
  expect(without.stderr).toContain("stage 'train' wants 2 GPUs, this machine has 0");
  expect((await p.lockstep(['repro'], { env: { CUDA_VISIBLE_DEVICES: '0,1' } })).code).toBe(0);
  expect((await p.lockstep(['repro'])).code).toBe(0);
});

test('the output of a failed stage is shown once: as it came, or at the end when quiet', async () => {
  await using p = await project({ 'pipeline.yaml': "stages:\n  bad: {cmd: 'echo so sad; false', outs: [x]}\n" });
  for (const [args, line] of [
    [['repro'], 'so sad'],
    [['repro', '-q'], '  │ so sad'],
  ] as const) {
    const lines = (await p.lockstep(args)).stderr.split('\n');
    expect(lines.filter((one) => one.endsWith('so sad'))).toEqual([line]);
    expect(lines.filter((one) => one.startsWith('  full log: '))).toHaveLength(1);
  }
});

test('a stage that an interrupt ended counts as interrupted', async () => {
  await using p = await project({ 'pipeline.yaml': 'stages:\n  s: {cmd: "mkfifo f; touch on; cat f", outs: [x]}\n' });
  const controller = new AbortController();
  watchFile(p.path('on'), { interval: 20 }, ({ mtimeMs }) => {
    if (mtimeMs > 0) controller.abort();
  });
  const { code, stdout } = await p.lockstep(['repro', '--json'], { signal: controller.signal });
  unwatchFile(p.path('on'));
  const summary = JSON.parse(stdout.trim().split('\n').at(-1) ?? '');
  expect([code, summary]).toEqual([130, expect.objectContaining({ failed: [], interrupted: ['s'] })]);
});

test('a frozen stage never runs, not even one that was never locked', async () => {
  const frozen = 'stages:\n  s: {cmd: cp in.txt x, deps: [in.txt], outs: [x], frozen: true}\n';
  await using p = await project({ 'pipeline.yaml': frozen, 'in.txt': '1\n' });
  for (const force of [[], ['-f']]) {
    const { code, stderr } = await p.lockstep(['repro', ...force]);
    expect([code, existsSync(p.path('x'))]).toEqual([1, false]);
    expect(stderr).toContain('✖ s  blocked (not in the lockfile yet; out x is missing)');
  }
  p.write('x', 'by hand\n');
  expect((await p.lockstep(['repro'])).code).toBe(0);
  expect(p.read('x')).toBe('by hand\n');
  expect((await p.lockstep(['status'])).stdout).toContain('up to date');
});
