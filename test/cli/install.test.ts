import { chmodSync, existsSync } from 'node:fs';
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

test('in a DVC project dvc.lock is merged stage by stage, too, in the order that DVC gave it', async () => {
  const dvcLock = (a: number, b: number, rest = '') =>
    `schema: '2.0'\nstages:\n${[
      ['z', a],
      ['a', b],
    ]
      .map(
        ([name, n]) =>
          `  ${name}:\n    cmd: run ${n}\n    outs:\n    - path: ${name}\n      hash: md5\n      md5: ${'0'.repeat(31)}${n}\n      size: 1\n`,
      )
      .join('')}${rest}`;
  const datasets = 'datasets:\n- name: mine\n  url: /src\n  type: url\n';
  await using p = await project({
    '.dvc/config': '',
    'dvc.yaml': 'stages: {z: {cmd: run 1}, a: {cmd: run 1}}\n',
    base: dvcLock(1, 1, datasets),
    ours: dvcLock(2, 1, datasets),
    theirs: dvcLock(1, 3, datasets),
  });
  p.commit();
  await p.lockstep(['install']);
  expect(p.read('.gitattributes')).toBe(`${LINE}\n${LINE.replace('pipeline', 'dvc')}\n`);
  expect(await p.lockstep(['lock', 'merge', 'base', 'ours', 'theirs'])).toEqual({ code: 0, stdout: '', stderr: '' });
  expect(p.read('ours')).toBe(dvcLock(2, 3, datasets));
  p.write('theirs', dvcLock(4, 3, datasets));
  expect(await p.lockstep(['lock', 'merge', 'base', 'ours', 'theirs'])).toMatchObject({ code: 1 });
  expect(p.read('ours').split('\n')).toEqual(expect.arrayContaining(['<<<<<<< ours', '  a:', '    cmd: run 3']));
  await p.lockstep(['install', '--uninstall']);
  expect(existsSync(p.path('.gitattributes'))).toBe(false);
});
