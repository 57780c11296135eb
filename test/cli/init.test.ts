import { existsSync, readdirSync, rmSync } from 'node:fs';
import { expect, test } from 'vitest';
import { project } from '../support/rig.ts';

test('init writes a pipeline that runs, and is up to date then', async () => {
  await using p = await project({});
  rmSync(p.path('.lockstep'), { recursive: true });
  const init = await p.lockstep(['init']);
  expect([init.code, init.stdout]).toEqual([0, '']);
  expect(init.stderr).toContain('wrote pipeline.yaml\n');
  const repro = await p.lockstep(['repro']);
  expect([repro.code, repro.stderr.split('\n').at(-2)]).toEqual([0, '3 ran']);
  expect(JSON.parse(p.read('summary.json'))).toEqual({ count: 500, mean: 490 });
  const counts = p
    .read('histogram.csv')
    .trim()
    .split('\n')
    .slice(1)
    .map((line) => Number(line.split(',')[1]));
  expect(counts.reduce((sum, count) => sum + count, 0)).toBe(500);
  expect((await p.lockstep(['repro'])).stderr).toBe('Nothing to do: 3 stages are up to date\n');
});

test('a param of it changes just what depends on it', async () => {
  await using p = await project({});
  rmSync(p.path('.lockstep'), { recursive: true });
  await p.lockstep(['init', '-q']);
  await p.lockstep(['repro', '-q']);
  p.write('params.yaml', p.read('params.yaml').replace('seed: 7', 'seed: 8'));
  expect((await p.lockstep(['repro', '--dry'])).stderr).toContain('draw  would run (param draw.seed: 7 → 8)');
});

test('init never changes what is there', async () => {
  await using p = await project({ 'params.yaml': 'mine: 1\n', 'draw.sh': 'mine\n' });
  const before = readdirSync(p.root).sort();
  expect(await p.lockstep(['init'])).toEqual({
    code: 2,
    stdout: '',
    stderr:
      'error: params.yaml, draw.sh are here already\n\nhint: init changes nothing that exists: run it in an empty directory\n',
  });
  expect(readdirSync(p.root).sort()).toEqual(before);
  expect(p.read('params.yaml')).toBe('mine: 1\n');
});

test('inside of a project init makes no second one, and --bare writes only the config', async () => {
  await using p = await project({ 'sub/keep': '', 'bare/keep': '' });
  await p.lockstep(['init'], { cwd: 'sub' });
  expect(existsSync(p.path('sub/pipeline.yaml'))).toBe(true);
  expect(existsSync(p.path('sub/.lockstep'))).toBe(false);
  rmSync(p.path('.lockstep'), { recursive: true });
  await p.lockstep(['init', '--bare'], { cwd: 'bare' });
  expect(readdirSync(p.path('bare')).sort()).toEqual(['.lockstep', 'keep']);
  expect(readdirSync(p.path('bare/.lockstep')).sort()).toContain('config.yaml');
});
