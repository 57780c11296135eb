import { chmodSync, existsSync, readdirSync, rmSync, statSync, utimesSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { type DvcRig, dvcProject } from './both-tools.ts';
import { REAL_DVC } from './real-dvc.ts';

/** A project of one stage, run by DVC. */
async function ran(stage: string, files: Readonly<Record<string, string>> = {}): Promise<DvcRig> {
  const rig = await dvcProject({ 'in.txt': 'old\n', 'dvc.yaml': `stages:\n  s: ${stage}\n`, ...files });
  await rig.dvc('repro');
  expect(await rig.ownStatus()).toEqual({});
  return rig;
}

const COPY = '{cmd: cp in.txt o, deps: [in.txt], outs: [o]}';

/** Where lockstep and DVC do not agree, because DVC gives or believes a wrong result. */
describe.skipIf(REAL_DVC === undefined)('changes that DVC does not see', () => {
  test('a param that is called size is left out of the key of the run cache: DVC brings back another result', async () => {
    await using p = await ran('{cmd: "cat params.yaml > o", deps: [in.txt], params: [size], outs: [o]}', {
      'params.yaml': 'size: 1\n',
    });
    p.write('params.yaml', 'size: 2\n');
    const theirs = p.copy('theirs');
    expect(await theirs.dvc('repro')).toContain('is cached - skipping run');
    expect(theirs.read('o')).toBe('size: 1\n');
    await p.own('repro');
    expect(p.read('o')).toBe('size: 2\n');
    expect(await p.dvcStatus()).toEqual({});
  });

  test('a dep, a param or an out that a stage no longer names', async () => {
    const files = { 'params.yaml': 'a: 1\nb: 2\n', 'b.txt': 'b' };
    const full = '{cmd: touch o p, deps: [in.txt, b.txt], params: [a, b], outs: [o, p]}';
    await using p = await ran(full, files);
    const less: readonly (readonly [text: string, reason: string])[] = [
      [full.replace(', b.txt', ''), 'run dep-removed'],
      [full.replace('[a, b]', '[a]'), 'run param-removed'],
      [full.replace('[o, p]', '[o]'), 'run outs-redefined'],
    ];
    for (const [stage, reason] of less) {
      p.write('dvc.yaml', `stages:\n  s: ${stage}\n`);
      expect(await p.dvcStatus()).toEqual({});
      expect(await p.ownStatus()).toEqual({ s: reason });
    }
  });

  test('another wdir', async () => {
    const stage = (wdir: string) => `{cmd: pwd > o, wdir: ${wdir}, params: [a], outs: [o]}`;
    await using p = await dvcProject({
      'dvc.yaml': `stages:\n  s: ${stage('x')}\n`,
      'x/params.yaml': 'a: 1\n',
      'y/params.yaml': 'a: 1\n',
    });
    await p.own('repro');
    p.write('dvc.yaml', `stages:\n  s: ${stage('y')}\n`);
    const theirs = p.copy('theirs');
    expect(await theirs.dvc('repro')).not.toContain('Running');
    expect(theirs.read('y/o')).toMatch(/\/x\n$/);
    expect((await p.ownStatus()).s).toMatch(/^run wdir-changed/);
    await p.own('repro');
    expect(p.read('y/o')).toMatch(/\/y\n$/);
  });

  test('a param of another type, equal in Python', async () => {
    await using p = await ran('{cmd: cat params.yaml > o, params: [a], outs: [o]}', { 'params.yaml': 'a: 1\n' });
    for (const value of ['true', '1.0']) {
      p.write('params.yaml', `a: ${value}\n`);
      expect(await p.dvcStatus()).toEqual({});
      expect(await p.ownStatus()).toEqual({ s: 'run param-changed' });
    }
    await p.own('repro');
    expect(p.read('o')).toBe('a: 1.0\n');
    expect(p.read('dvc.lock')).toContain('a: 1.0\n');
  });

  test('a dep that can be executed from now on', async () => {
    await using p = await ran(COPY);
    chmodSync(p.path('in.txt'), 0o755);
    expect(await p.dvcStatus()).toEqual({});
    expect(await p.ownStatus()).toEqual({ s: 'run dep-changed' });
  });

  test('an edit that leaves size and time of a file as they were', async () => {
    await using p = await ran(COPY);
    const { atime, mtime } = statSync(p.path('in.txt'));
    utimesSync(p.path('in.txt'), atime, mtime);
    await p.dvcStatus();
    await p.ownStatus();
    p.write('in.txt', 'new\n');
    utimesSync(p.path('in.txt'), atime, mtime);
    expect(await p.dvcStatus()).toEqual({});
    expect(await p.ownStatus()).toEqual({ s: 'run dep-changed' });
  });
});

describe.skipIf(REAL_DVC === undefined)('results that DVC believes or destroys', () => {
  test('a damaged object of the cache is not brought back', async () => {
    await using p = await ran(COPY);
    const [object = ''] = p.files('.dvc/cache/files/md5');
    const path = p.path(`.dvc/cache/files/md5/${object}`);
    chmodSync(path, 0o644);
    p.write(`.dvc/cache/files/md5/${object}`, 'bad\n');
    chmodSync(path, 0o444);
    rmSync(p.path('o'));
    const theirs = p.copy('theirs');
    await theirs.dvc('repro');
    expect(theirs.read('o')).toBe('bad\n');
    expect(await theirs.dvcStatus()).toEqual({});
    await p.own('repro');
    expect(p.read('o')).toBe('old\n');
    expect(await p.dvcStatus()).toEqual({});
  });

  test('a dep that changes while the stage runs does not prove its result', async () => {
    const stage = '{cmd: cp in.txt o && echo later > in.txt, deps: [in.txt], outs: [o]}';
    await using p = await dvcProject({ 'in.txt': 'old\n', 'dvc.yaml': `stages:\n  s: ${stage}\n` });
    const theirs = p.copy('theirs');
    await theirs.dvc('repro');
    expect(await theirs.dvcStatus()).toEqual({});
    expect((await p.lockstep(['repro'])).stderr).toContain('dep-changed-while-running');
    expect(existsSync(p.path('dvc.lock'))).toBe(false);
  });

  test('what somebody put into an out before it runs, or wrote over it, goes to the trash', async () => {
    await using p = await dvcProject({
      'in.txt': 'old\n',
      'd/mine': 'work of a week\n',
      'dvc.yaml': 'stages:\n  s: {cmd: mkdir -p d && cp in.txt d/o, deps: [in.txt], outs: [d]}\n',
    });
    const theirs = p.copy('theirs');
    await theirs.dvc('repro');
    expect(theirs.files('.')).not.toContainEqual(expect.stringContaining('mine'));
    expect((await p.lockstep(['repro'])).stderr).toContain('moved to .lockstep/trash');
    p.write('d/o', 'edited\n');
    expect((await p.lockstep(['repro'])).stderr).toContain('moved to .lockstep/trash');
    expect(p.read('d/o')).toBe('old\n');
    expect(readdirSync(p.path('.lockstep/trash'))).toHaveLength(2);
  });

  test('a command of several lines is one script', async () => {
    const pipeline =
      'stages:\n  s:\n    cmd: |\n      word=whole\n      if true; then\n        echo $word > o\n      fi\n    outs: [o]\n';
    await using p = await dvcProject({ 'dvc.yaml': pipeline });
    expect((await p.tryDvc('repro')).code).toBe(255);
    await p.own('repro');
    expect(p.read('o')).toBe('whole\n');
    expect(await p.dvcStatus()).toEqual({});
  });

  test('an out that git has is refused before anything runs', async () => {
    await using p = await dvcProject({ 'in.txt': 'old\n', o: 'kept\n', 'dvc.yaml': `stages:\n  s: ${COPY}\n` });
    p.commit();
    const theirs = p.copy('theirs');
    expect(await theirs.tryDvc('repro')).toMatchObject({ code: 255, stdout: expect.stringContaining('Running') });
    expect(theirs.read('o')).toBe('old\n');
    expect(await p.lockstep(['repro'])).toMatchObject({ code: 2, stderr: expect.stringContaining('git tracks o') });
    expect(p.read('o')).toBe('kept\n');
  });

  test('a stage that fails leaves what others added to .gitignore', async () => {
    await using p = await dvcProject({
      'in.txt': 'old\n',
      'dvc.yaml': `stages:\n  s: ${COPY}\n  t: {cmd: exit 3, deps: [o], outs: [u]}\n`,
    });
    const theirs = p.copy('theirs');
    expect((await theirs.tryDvc('repro')).code).toBe(255);
    expect(theirs.git('status', '--short', '--untracked-files=all')).toContain('?? o\n');
    expect((await p.lockstep(['repro'])).code).toBe(1);
    expect(p.git('status', '--short', '--untracked-files=all')).not.toContain('?? o\n');
  });
});
