import { execFileSync } from 'node:child_process';
import { describe, expect, test } from 'vitest';
import { cacheFaults, lockedOuts, runsByStatus, treeOf } from './proofs.ts';
import { type Running, summaryOf, until, type Workspace, workspace } from './support.ts';

/** `slow` says that it has begun and ends when there is a file `go`. */
const FILES = {
  'pipeline.yaml': `stages:
  slow:
    cmd: |
      echo begun >> begun
      until test -e go; do sleep 0.02; done
      cp in.txt slow.txt
    deps: [in.txt]
    outs: [slow.txt]
  next: {cmd: cp slow.txt next.txt, deps: [slow.txt], outs: [next.txt]}
  apart: {cmd: cp in.txt apart.txt, deps: [in.txt], outs: [apart.txt]}
`,
  'in.txt': 'hello\n',
};

async function startSlow(w: Workspace): Promise<Running> {
  const running = w.start('repro', '--json');
  await until('the slow stage to run', () => w.has('begun'));
  return running;
}

describe('a second repro in one workspace', () => {
  test('waits, says for whom, and then finds nothing to do', async () => {
    await using w = workspace(FILES);
    const first = await startSlow(w);
    const second = w.start('repro', '--json');
    const third = w.start('repro');
    expect(await second.event('a wait', ({ event }) => event === 'waiting')).toMatchObject({
      pid: first.pid,
      command: 'repro',
    });
    await third.says(new RegExp(`waiting for another lockstep in this project: process ${first.pid}, repro`));
    w.write('go', '');
    expect(await first.ended).toMatchObject({ code: 0 });
    const { code, stdout } = await second.ended;
    expect(code).toBe(0);
    expect(summaryOf(stdout)).toEqual({ kept: ['apart', 'next', 'slow'] });
    expect(await third.ended).toMatchObject({ code: 0, stderr: expect.stringMatching(/nothing to do/i) });
    expect(w.read('begun')).toBe('begun\n');
  });

  test('keeps what the first one has recorded meanwhile', async () => {
    await using w = workspace(FILES);
    const first = w.start('repro', 'next');
    await until('the slow stage to run', () => w.has('begun'));
    const second = w.start('repro', '--json', 'apart');
    await second.event('a wait', ({ event }) => event === 'waiting');
    w.write('go', '');
    expect((await first.ended).code).toBe(0);
    expect((await second.ended).code).toBe(0);
    expect([...lockedOuts(w).keys()]).toEqual(['apart', 'next', 'slow']);
  });

  test('looks again at everything when it has waited', async () => {
    await using w = workspace({
      ...FILES,
      go: '',
      'pipeline.yaml': `stages:
  slow:
    cmd: |
      cp in.txt slow.txt
      verdict=true; if test -e fail; then rm fail; verdict=false; fi
      touch begun
      until test -e go; do sleep 0.02; done
      $verdict
    deps: [in.txt]
    outs: [slow.txt]
  apart: {cmd: cp other.txt apart.txt, deps: [other.txt], outs: [apart.txt]}
`,
      'other.txt': 'one\n',
    });
    await w.repro();
    for (const name of ['go', 'begun']) w.remove(name);
    w.write('in.txt', 'changed\n');
    w.write('fail', '');
    const first = await startSlow(w);
    const second = w.start('repro', '--json');
    await second.event('a wait', ({ event }) => event === 'waiting');
    w.write('other.txt', 'two\n');
    w.write('go', '');
    expect((await first.ended).code).toBe(1);
    expect((await second.ended).code).toBe(0);
    expect(w.read('apart.txt')).toBe('two\n');
  });

  test('takes over when the first is killed', async () => {
    await using w = workspace({ ...FILES, '.lockstep/config.yaml': 'grace: 0.2\n' });
    const first = await startSlow(w);
    const second = w.start('repro', '--json');
    await second.event('a wait', ({ event }) => event === 'waiting');
    w.remove('begun');
    first.send('SIGKILL');
    await until('the slow stage to run again', () => w.has('begun'));
    w.write('go', '');
    expect((await second.ended).code).toBe(0);
    expect(await w.stageProcesses()).toEqual([]);
    expect(runsByStatus(w)).not.toHaveProperty('RUNNING');
    expect(w.read('next.txt')).toBe('hello\n');
  });
});

test('status, dag, diff, runs and a dry run need not wait for a repro', async () => {
  await using w = workspace(FILES);
  execFileSync('git', ['init', '-q', '-b', 'main'], { cwd: w.root });
  const who = ['-c', 'user.name=Rig', '-c', 'user.email=rig@example.org'];
  execFileSync('git', [...who, 'commit', '-q', '--allow-empty', '-m', 'start'], { cwd: w.root });
  const running = await startSlow(w);
  await until('the stage apart to be recorded', () => lockedOuts(w).has('apart'));
  const status = await w.run('status', '--json');
  expect(status).toMatchObject({ code: 0, stderr: '' });
  const { stages } = JSON.parse(status.stdout) as { stages: { stage: string; decision: string }[] };
  expect(stages.map(({ stage, decision }) => [stage, decision])).toEqual([
    ['slow', 'run'],
    ['next', 'run'],
    ['apart', 'keep'],
  ]);
  const list = await w.run('runs', 'list', '--json');
  expect(list).toMatchObject({ code: 0, stderr: '' });
  const { runs } = JSON.parse(list.stdout) as { runs: { stage: string; status: string }[] };
  expect(Object.fromEntries(runs.map((run) => [run.stage, run.status]))).toEqual({
    slow: 'RUNNING',
    apart: 'FINISHED',
  });
  for (const args of [['dag'], ['dag', '--status'], ['diff', '--json'], ['runs', 'list'], ['repro', '--dry']]) {
    expect(await w.run(...args), args.join(' ')).toMatchObject({ code: 0 });
  }
  expect(running.isOver).toBe(false);
  w.write('go', '');
  expect((await running.ended).code).toBe(0);
});

describe('two workspaces that share one cache', () => {
  const OUTS = ['a', 'b', 'all.txt'];
  const files = (cacheDir: string, word: string) => ({
    'pipeline.yaml': `stages:
  a: {cmd: "mkdir a; seq 200 | while read n; do echo $n > a/$n; done", deps: [same.txt], outs: [a]}
  b: {cmd: "mkdir b; seq 200 | while read n; do cat own.txt > b/$n; done", deps: [own.txt], outs: [b]}
  all: {cmd: cat a/* b/* > all.txt, deps: [a, b], outs: [all.txt]}
`,
    'same.txt': 'same\n',
    'own.txt': `${word}\n`,
    '.lockstep/config.yaml': `cache: {dir: ${JSON.stringify(cacheDir)}}\n`,
  });

  test('run side by side, each with the right outs, and lose nothing of the other', async () => {
    await using shared = workspace({});
    const cacheDir = shared.path('cache');
    await using one = workspace(files(cacheDir, 'one'));
    await using two = workspace(files(cacheDir, 'two'));
    for (const w of [one, two]) expect(w.has('pipeline.lock')).toBe(false);
    const ended = await Promise.all([one, two].map((w) => w.run('repro')));
    expect(ended.map(({ code }) => code)).toEqual([0, 0]);
    const numbers = Array.from({ length: 200 }, (_, at) => String(at + 1)).sort();
    for (const [w, word] of [
      [one, 'one'],
      [two, 'two'],
    ] as const) {
      expect(w.read('all.txt')).toBe(`${numbers.join('\n')}\n${`${word}\n`.repeat(200)}`);
      expect(cacheFaults(w, cacheDir)).toEqual([]);
      expect(w.has('.lockstep/cache')).toBe(false);
      const before = treeOf(w.root, OUTS);
      for (const out of OUTS) w.remove(out);
      expect(await w.repro()).toEqual({ restored: ['a', 'all', 'b'] });
      expect(treeOf(w.root, OUTS)).toEqual(before);
    }
  });

  test('restore what the other one made', async () => {
    await using shared = workspace({});
    const cacheDir = shared.path('cache');
    await using one = workspace(files(cacheDir, 'one'));
    await using two = workspace(files(cacheDir, 'one'));
    expect(await one.repro()).toEqual({ ran: ['a', 'all', 'b'] });
    expect(await two.repro()).toEqual({ restored: ['a', 'all', 'b'] });
    expect(treeOf(two.root, OUTS)).toEqual(treeOf(one.root, OUTS));
    expect(two.read('pipeline.lock')).toBe(one.read('pipeline.lock'));
  });
});
