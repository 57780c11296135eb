import { chmodSync } from 'node:fs';
import { expect, test } from 'vitest';
import { project } from '../support/rig.ts';

const FILES = { 'pipeline.yaml': 'stages: {one: {cmd: echo a > one, outs: [one]}}\n' };
const DRIVER = 'lockstep lock merge %O %A %B';
const LINE = 'pipeline.lock merge=lockstep diff=lockstep';

test('install says what it changed, and changes nothing the second time', async () => {
  await using p = await project({ ...FILES, '.gitattributes': '*.png binary' });
  p.commit();
  const env = { PATH: '/usr/bin:/bin' };
  const first = await p.lockstep(['install'], { env });
  expect(first).toEqual({
    code: 0,
    stdout: '',
    stderr: [
      "git config: set merge.lockstep.name to 'lockfiles of lockstep, stage by stage'",
      `git config: set merge.lockstep.driver to '${DRIVER}'`,
      "git config: set diff.lockstep.xfuncname to '^  ([^ ].*):$'",
      `.gitattributes: added '${LINE}' (commit it)`,
      '',
    ].join('\n'),
  });
  expect(p.read('.gitattributes')).toBe(`*.png binary\n${LINE}\n`);
  expect(p.git('config', 'merge.lockstep.driver')).toBe(`${DRIVER}\n`);
  expect((await p.lockstep(['install'], { env })).stderr).toBe('nothing to change\n');
  expect(p.read('.gitattributes')).toBe(`*.png binary\n${LINE}\n`);
});

test('uninstall takes back what install did, and no more', async () => {
  await using p = await project({ ...FILES, '.gitattributes': '*.png binary\n' });
  p.commit();
  const config = p.read('.git/config');
  await p.lockstep(['install']);
  const { code, stderr } = await p.lockstep(['install', '--uninstall']);
  expect({ code, lines: stderr.split('\n').length }).toEqual({ code: 0, lines: 4 });
  expect(p.read('.gitattributes')).toBe('*.png binary\n');
  expect(p.read('.git/config')).toBe(config);
  expect((await p.lockstep(['install', '--uninstall'])).stderr).toBe('nothing to change\n');
});

test('a program of the checkout is called by its path in it', async () => {
  await using p = await project({ ...FILES, 'node_modules/.bin/lockstep': '#!/bin/sh\n' });
  p.commit();
  chmodSync(p.path('node_modules/.bin/lockstep'), 0o755);
  await p.lockstep(['install'], { env: { PATH: '/usr/bin:/bin' } });
  expect(p.git('config', 'merge.lockstep.driver')).toBe("'./node_modules/.bin/lockstep' lock merge %O %A %B\n");
});

test('git then names the stage at the head of each hunk, and calls the driver in a merge', async () => {
  await using p = await project({ ...FILES, 'bin/lockstep': '#!/bin/sh\necho "$@" > called\nexit 1\n' });
  chmodSync(p.path('bin/lockstep'), 0o755);
  const env = { PATH: `${p.path('bin')}:/usr/bin:/bin` };
  p.commit();
  await p.lockstep(['install'], { env });
  const lock = (size: number) =>
    `lockfile: 1\nstages:\n  train:\n    a: 1\n    b: 1\n    c: 1\n    d: 1\n    size: ${size}\n`;
  p.write('pipeline.lock', lock(1));
  p.commit('base');
  p.git('checkout', '-q', '-b', 'theirs');
  p.write('pipeline.lock', lock(2));
  p.commit('theirs');
  p.git('checkout', '-q', 'main');
  p.write('pipeline.lock', lock(3));
  expect(p.git('diff')).toMatch(/^@@ .* @@ {1,3}train$/m);
  p.commit('ours');
  expect(() => p.git('merge', 'theirs')).toThrow();
  expect(p.read('called')).toMatch(/^lock merge \.merge_file_\w+ \.merge_file_\w+ \.merge_file_\w+\n$/);
});

test('outside git it says what is missing', async () => {
  await using p = await project(FILES);
  expect(await p.lockstep(['install'])).toMatchObject({
    code: 2,
    stderr: expect.stringContaining('error: this project is not in a git repository\n\nhint: run `git init` first'),
  });
});
