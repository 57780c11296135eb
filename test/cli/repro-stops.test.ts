import { existsSync, rmSync } from 'node:fs';
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
