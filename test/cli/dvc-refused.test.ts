import { existsSync } from 'node:fs';
import { expect, test } from 'vitest';
import { project } from '../support/rig.ts';

const DVC = { '.dvc/config': '' };
const WRITES = 'stages:\n  s: {cmd: touch o ran, outs: [o]}\n';

/** What DVC refuses, too, and would otherwise fail on once lockstep made it. */
async function refused(files: Readonly<Record<string, string>>, args = ['repro']): Promise<string> {
  await using p = await project({ ...DVC, ...files });
  p.commit();
  const { code, stdout, stderr } = await p.lockstep(args);
  expect({ code, stdout, ran: existsSync(p.path('ran')) }).toEqual({ code: 2, stdout: '', ran: false });
  return stderr;
}

test('an out that .dvcignore leaves out, with the line that does it', async () => {
  const files = { 'dvc.yaml': WRITES, '.dvcignore': '# editors\n*.swp\no\n' };
  expect(await refused(files)).toMatchInlineSnapshot(`
    "error: a mistake in the pipeline

    dvc.yaml:2:32: the out \`o\` is left out by line 3 of .dvcignore
        2 |   s: {cmd: touch o ran, outs: [o]}
          |                                ^
      hint: \`lockstep check-ignore -d o\` shows the line; take the path out of it
    "
  `);
  expect(await refused(files, ['status'])).toContain('the out `o` is left out by line 3 of .dvcignore');
});

test('a pipeline file that git ignores', async () => {
  expect(await refused({ 'dvc.yaml': WRITES, '.gitignore': 'dvc.yaml\n' })).toMatchInlineSnapshot(`
    "error: a mistake in the pipeline

    dvc.yaml:1:1: git ignores dvc.yaml
        1 | stages:
          | ^
      hint: take it out of .gitignore, or have git track it: git add -f
    "
  `);
});

test('not one in a directory that git ignores as a whole, nor one that git tracks all the same', async () => {
  await using p = await project({ ...DVC, 'dvc.yaml': WRITES, 'scratch/dvc.yaml': WRITES, '.gitignore': 'scratch/\n' });
  p.commit();
  expect((await p.lockstep(['repro', '-P'])).code).toBe(0);
  await using tracked = await project({ ...DVC, 'dvc.yaml': WRITES });
  tracked.commit();
  tracked.write('.gitignore', 'dvc.yaml\n');
  expect((await tracked.lockstep(['repro'])).code).toBe(0);
});

test('pipeline and data files that .dvcignore names are not read', async () => {
  const broken = { 'old/dvc.yaml': 'stages: 3\n', 'old/x.dvc': 'outs: 3\n' };
  await using p = await project({ ...DVC, 'dvc.yaml': WRITES, ...broken, '.dvcignore': 'old\n' });
  expect((await p.lockstep(['repro'])).code).toBe(0);
  expect((await p.lockstep(['stage', 'list', '--names'])).stdout).toBe('s\n');
});

test.each(['native', 'dvc'])('a metric that is no text fails its stage: %s', async (scheme) => {
  const stage = 'stages:\n  s: {cmd: head -c 9 /dev/zero > m, metrics: [m]}\n';
  const files = scheme === 'dvc' ? { ...DVC, 'dvc.yaml': stage } : { 'pipeline.yaml': stage };
  await using p = await project(files);
  const { code, stderr } = await p.lockstep(['repro']);
  expect([code, stderr]).toEqual([1, expect.stringContaining('it wrote bytes that are no text into metric m')]);
  expect(existsSync(p.path(scheme === 'dvc' ? 'dvc.lock' : 'pipeline.lock'))).toBe(false);
});

test('digests of DVC 2 are read, with one line about all of them', async () => {
  const lock =
    "schema: '2.0'\nstages:\n  s:\n    cmd: touch o ran\n    outs:\n    - path: o\n      md5: d41d8cd98f00b204e9800998ecf8427e\n      size: 0\n";
  const data = 'outs:\n- md5: d41d8cd98f00b204e9800998ecf8427e\n  size: 0\n  path: d\n';
  await using p = await project({ ...DVC, 'dvc.yaml': WRITES, 'dvc.lock': lock, o: '', d: '', 'd.dvc': data });
  const line = 'warning: digests in dvc.lock and 1 more are those of DVC 2; they hold until what they name changes\n';
  for (const _ of ['first', 'again']) {
    const { code, stderr } = await p.lockstep(['status']);
    expect([code, stderr]).toEqual([0, line]);
  }
  expect(await p.lockstep(['-q', 'status'])).toMatchObject({ code: 0, stderr: '' });
});

test('a lockfile of DVC 1 is read', async () => {
  const lock = 's:\n  cmd: touch o ran\n  outs:\n  - path: o\n    md5: d41d8cd98f00b204e9800998ecf8427e\n';
  await using p = await project({ ...DVC, 'dvc.yaml': WRITES, 'dvc.lock': lock, o: '' });
  const { code, stdout, stderr } = await p.lockstep(['status']);
  expect([code, stdout]).toEqual([0, expect.stringContaining('up to date')]);
  expect(stderr).toContain('digests in dvc.lock are those of DVC 2');
});
