import { existsSync, lstatSync, rmSync } from 'node:fs';
import { expect, test } from 'vitest';
import { project } from '../support/rig.ts';

const FILES = {
  'pipeline.yaml': `
stages:
  one: {cmd: cp in one, deps: [in], outs: [one]}
  two: {cmd: "mkdir two; cp in two/a; cp in two/b", deps: [in], outs: [two]}
`,
  in: 'data\n',
};

test('checkout brings back what is missing and leaves the rest alone', async () => {
  await using p = await project(FILES);
  await p.lockstep(['repro']);
  rmSync(p.path('one'));
  rmSync(p.path('two/a'));
  const { code, stdout } = await p.lockstep(['checkout', '--json']);
  expect(code).toBe(0);
  expect(JSON.parse(stdout)).toMatchObject({ restored: ['one', 'two'], kept: [], missing: [] });
  expect(p.read('one')).toBe('data\n');
  expect(p.read('two/a')).toBe('data\n');
  expect(JSON.parse((await p.lockstep(['checkout', '--json'])).stdout)).toMatchObject({ kept: ['one', 'two'] });
});

test('checkout moves an edited out to the trash before it restores', async () => {
  await using p = await project(FILES);
  await p.lockstep(['repro']);
  p.write('one', 'mine\n');
  const { stderr } = await p.lockstep(['checkout', 'one']);
  expect(p.read(/moved to (\S+)/.exec(stderr)?.[1] ?? '')).toBe('mine\n');
  expect(p.read('one')).toBe('data\n');
});

test('checkout restores the rest, names what is gone and exits with 1; it removes nothing that it cannot replace', async () => {
  await using p = await project({ ...FILES, in2: 'other\n' });
  await p.lockstep(['repro']);
  rmSync(p.path('.lockstep/cache'), { recursive: true });
  p.write('one', 'mine\n');
  const { code, stderr } = await p.lockstep(['checkout']);
  expect(code).toBe(1);
  expect(stderr).toContain('one is not in the cache');
  expect(p.read('one')).toBe('mine\n');
  expect(p.read('two/a')).toBe('data\n');
});

test('commit accepts what is there without running', async () => {
  await using p = await project({ ...FILES, one: 'by hand\n', 'two/a': 'by hand\n' });
  const { code, stderr } = await p.lockstep(['commit']);
  expect(code).toBe(0);
  expect(stderr).toContain('2 stages accepted');
  expect((await p.lockstep(['repro', '--dry', '--exit-code'])).code).toBe(0);
  rmSync(p.path('one'));
  await p.lockstep(['checkout']);
  expect(p.read('one')).toBe('by hand\n');
});

test('commit without the outs is an error that names the missing one', async () => {
  await using p = await project(FILES);
  const { code, stderr } = await p.lockstep(['commit']);
  expect(code).toBe(1);
  expect(stderr).toContain("stage 'one' has no one to accept");
  expect(existsSync(p.path('pipeline.lock'))).toBe(false);
});

test('hardlinks by config are read-only until unprotected', async () => {
  await using p = await project({ ...FILES, '.lockstep/config.yaml': 'cache: {link: [hardlink]}\n' });
  await p.lockstep(['repro']);
  expect(lstatSync(p.path('one')).nlink).toBeGreaterThan(1);
  expect(lstatSync(p.path('one')).mode & 0o222).toBe(0);
  expect((await p.lockstep(['unprotect', 'one'])).code).toBe(0);
  expect(lstatSync(p.path('one')).nlink).toBe(1);
  expect(lstatSync(p.path('one')).mode & 0o200).toBe(0o200);
  expect((await p.lockstep(['status', '--exit-code'])).code).toBe(0);
});

test('checkout of a file in an out touches nothing else of it', async () => {
  await using p = await project({
    'pipeline.yaml': 'stages:\n  one: {cmd: "mkdir -p d/sub; echo a > d/a; echo b > d/sub/b", outs: [d]}\n',
  });
  await p.lockstep(['repro']);
  rmSync(p.path('d/sub/b'));
  p.write('d/a', 'edited\n');
  const { code, stderr } = await p.lockstep(['checkout', 'd/sub/b']);
  expect([code, stderr]).toEqual([0, '1 out restored, 0 already there\n']);
  expect([p.read('d/a'), p.read('d/sub/b')]).toEqual(['edited\n', 'b\n']);
});

test('unprotect of what is not there is a mistake', async () => {
  await using p = await project({ 'pipeline.yaml': 'stages: {}\n' });
  expect(await p.lockstep(['unprotect', 'nope'])).toMatchObject({ code: 2, stderr: 'error: nope does not exist\n' });
});
