import { mkdirSync, writeFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { project } from '../support/rig.ts';

const FILES = {
  'pipeline.yaml': `
stages:
  one: {cmd: cp in one, deps: [in], outs: [one]}
  two: {cmd: "mkdir two; cp in two/a; cp in two/b; printf 12345 > two/c", deps: [in], outs: [two]}
`,
  in: '0123456789',
};

test('du counts what objects have in common once', async () => {
  await using p = await project(FILES);
  await p.lockstep(['repro']);
  const { code, stdout } = await p.lockstep(['du', '--json']);
  expect(code).toBe(0);
  const { outs, total } = JSON.parse(stdout);
  const listing = outs[1].cache - 15;
  expect(outs).toEqual([
    { path: 'one', stage: 'one', workspace: 10, cache: 10 },
    { path: 'two', stage: 'two', workspace: 25, cache: 15 + listing },
  ]);
  expect(total).toEqual({ workspace: 35, cache: 15 + listing });
  expect((await p.lockstep(['du', 'one'])).stdout).toMatchInlineSnapshot(`
    "WORKSPACE  CACHE  PATH   STAGE
         10 B   10 B  one    one
         10 B   10 B  total
    "
  `);
});

test('cache size counts objects, listings, earlier results, the trash and what is corrupt', async () => {
  await using p = await project(FILES);
  await p.lockstep(['repro']);
  p.write('.lockstep/cache/corrupt/x.corrupt', 'four');
  p.write('.lockstep/trash/then/y', 'six six');
  const { stdout } = await p.lockstep(['cache', 'size', '--json']);
  expect(JSON.parse(stdout)).toMatchObject({
    dir: p.path('.lockstep/cache'),
    directories: { count: 1 },
    records: { count: 2 },
    corrupt: { count: 1, bytes: 4 },
    trash: { count: 1, bytes: 7 },
  });
  expect((await p.lockstep(['cache', 'size'])).stdout).toMatch(/ 1 +\d+ B +directory listings\n/);
});

test('cache dir shows and sets where the cache is, from where one stands', async () => {
  await using p = await project(FILES);
  mkdirSync(p.path('sub'));
  expect((await p.lockstep(['cache', 'dir'])).stdout).toBe(`${p.path('.lockstep/cache')}\n`);
  expect(await p.lockstep(['cache', 'dir', 'store'], { cwd: 'sub' })).toMatchObject({ code: 0, stderr: '' });
  expect(p.read('.lockstep/config.yaml')).toBe('cache:\n  dir: sub/store\n');
  expect((await p.lockstep(['cache', 'dir', '--local', '/elsewhere'])).code).toBe(0);
  expect((await p.lockstep(['cache', 'dir'])).stdout).toBe('/elsewhere\n');
  await p.lockstep(['cache', 'dir', '--local', '--unset']);
  expect((await p.lockstep(['cache', 'dir'])).stdout).toBe(`${p.path('sub/store')}\n`);
  expect((await p.lockstep(['cache', 'dir', '-u', 'x'])).code).toBe(2);
});

test('in a DVC project the place of the cache stands in the files of DVC', async () => {
  await using p = await project({ 'dvc.yaml': FILES['pipeline.yaml'], in: FILES.in });
  mkdirSync(p.path('.dvc'));
  writeFileSync(p.path('.dvc/config'), '[core]\n    autostage = true\n');
  expect((await p.lockstep(['cache', 'dir'])).stdout).toBe(`${p.path('.dvc/cache')}\n`);
  expect((await p.lockstep(['cache', 'dir', 'shared'])).code).toBe(0);
  expect(p.read('.dvc/config')).toBe('[core]\n    autostage = true\n[cache]\n    dir = ../shared\n');
  expect((await p.lockstep(['cache', 'dir'])).stdout).toBe(`${p.path('shared')}\n`);
  await p.lockstep(['cache', 'dir', '--local', 'mine']);
  expect(p.read('.dvc/config.local')).toBe('[cache]\n    dir = ../mine\n');
});
