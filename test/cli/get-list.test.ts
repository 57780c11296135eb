import { chmodSync, cpSync, existsSync, readdirSync, rmSync, statSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { type ProjectRig, project } from '../support/rig.ts';

/** A DVC project as `source/` of a directory in which something is to be got. */
async function dvcSource(): Promise<ProjectRig> {
  const rig = await project({
    'source/.dvc/config': '',
    'source/dvc.yaml': `stages:
  make:
    cmd: mkdir -p out/sub && cp in.txt out/a && echo 2 > out/sub/b && cp in.txt model
    deps: [in.txt]
    outs: [out, model]
`,
    'source/in.txt': 'one\n',
    'source/src/run.sh': '#!/bin/sh\n',
  });
  const git = (...args: string[]) =>
    rig.git('-C', 'source', '-c', 'user.name=R', '-c', 'user.email=r@example.org', ...args);
  git('init', '-q', '-b', 'main');
  expect(await rig.lockstep(['repro'], { cwd: 'source' })).toMatchObject({ code: 0 });
  chmodSync(rig.path('source/src/run.sh'), 0o755);
  git('add', '-A');
  git('commit', '-q', '-m', 'one');
  rig.write('source/in.txt', 'two\n');
  expect(await rig.lockstep(['repro'], { cwd: 'source' })).toMatchObject({ code: 0 });
  git('commit', '-qam', 'two');
  return rig;
}

describe('get', () => {
  it('takes data from the cache of a repository that is here, at any revision', async () => {
    await using rig = await dvcSource();
    expect(await rig.lockstep(['get', 'source', 'model'])).toEqual({ code: 0, stdout: '', stderr: '' });
    expect(await rig.lockstep(['get', 'source', 'out', '-o', 'copy', '--rev', 'HEAD~1'])).toMatchObject({ code: 0 });
    expect([rig.read('model'), rig.read('copy/a'), rig.read('copy/sub/b')]).toEqual(['two\n', 'one\n', '2\n']);
    expect(await rig.lockstep(['get', '../source', 'out/sub/b'], { cwd: 'copy' })).toMatchObject({ code: 0 });
    expect(await rig.lockstep(['get', 'source', 'out/sub', '-o', 'part'])).toMatchObject({ code: 0 });
    expect([rig.read('copy/b'), rig.read('part/b')]).toEqual(['2\n', '2\n']);
    expect(readdirSync(rig.root).filter((name) => name.includes('get-'))).toEqual([]);
  });

  it('takes what git has as well, and all of a directory that has both', async () => {
    await using rig = await dvcSource();
    expect(await rig.lockstep(['get', 'source', 'src'])).toMatchObject({ code: 0 });
    expect(statSync(rig.path('src/run.sh')).mode & 0o111).not.toBe(0);
    expect(await rig.lockstep(['get', 'source', '.', '-o', 'all'])).toMatchObject({ code: 0 });
    expect([rig.read('all/in.txt'), rig.read('all/out/a'), existsSync(rig.path('all/.dvc'))]).toEqual([
      'two\n',
      'two\n',
      false,
    ]);
  });

  it('replaces nothing unasked, and says what is not there', async () => {
    await using rig = await dvcSource();
    rig.write('model', 'mine\n');
    expect((await rig.lockstep(['get', 'source', 'model'])).stderr).toContain('is there already');
    expect(rig.read('model')).toBe('mine\n');
    expect(await rig.lockstep(['get', 'source', 'model', '-f'])).toMatchObject({ code: 0 });
    expect(rig.read('model')).toBe('two\n');
    const { code, stderr } = await rig.lockstep(['get', 'source', 'modl']);
    expect([code, stderr]).toEqual([2, 'error: source has no modl\n\nhint: did you mean model?\n']);
    expect(await rig.lockstep(['get', 'source', 'out/nope'])).toMatchObject({ code: 2 });
    expect(await rig.lockstep(['get', 'source', 'model', '--rev', 'nope', '-f'])).toMatchObject({ code: 2 });
  });

  it('takes data for a clone from a remote that is a directory, and names one that is none', async () => {
    await using rig = await dvcSource();
    const url = `file://${rig.path('source')}`;
    const none = await rig.lockstep(['get', url, 'model']);
    expect([none.code, none.stderr]).toEqual([
      1,
      `error: the data of model in ${url} is not to be had\n\nhint: a clone has no cache, and no remote of it is a local directory: name the repository by its path\n`,
    ]);
    const setRemote = (address: string): void => {
      rig.write('source/.dvc/config', `['remote "r"']\n    url = ${address}\n`);
      rig.git('-C', 'source', '-c', 'user.name=R', '-c', 'user.email=r@example.org', 'commit', '-qam', 'remote');
    };
    setRemote('s3://bucket/data');
    expect((await rig.lockstep(['get', url, 'model'])).stderr).toContain(
      'it may be in the remote s3://bucket/data, but',
    );
    setRemote(rig.path('remote'));
    cpSync(rig.path('source/.dvc/cache'), rig.path('remote'), { recursive: true });
    expect(await rig.lockstep(['get', url, 'out'])).toMatchObject({ code: 0 });
    expect(rig.read('out/a')).toBe('two\n');
    expect((await rig.lockstep(['get', 'file:///nowhere/x', 'a'])).stderr).toContain(
      'file:///nowhere/x cannot be cloned',
    );
  });

  it('takes data of a lockstep project', async () => {
    await using rig = await project({
      'pipeline.yaml':
        'stages:\n  make:\n    cmd: mkdir -p out && echo 1 > out/run && chmod +x out/run\n    outs: [out]\n',
    });
    rig.git('init', '-q', '-b', 'main');
    expect(await rig.lockstep(['repro'])).toMatchObject({ code: 0 });
    rig.commit();
    rmSync(rig.path('out'), { recursive: true });
    expect(await rig.lockstep(['get', '.', 'out/run'])).toMatchObject({ code: 0 });
    expect(statSync(rig.path('run')).mode & 0o111).not.toBe(0);
    expect(JSON.parse((await rig.lockstep(['list', '.', '-R', '--dvc-only', '--json'])).stdout)).toEqual([
      {
        isout: true,
        isdir: false,
        isexec: true,
        size: 2,
        md5: null,
        digest: expect.stringMatching(/^sha256:/),
        path: 'out/run',
      },
    ]);
  });
});

describe('list', () => {
  it('has files and data of one level, or of all, in DVC’s shape', async () => {
    await using rig = await dvcSource();
    expect((await rig.lockstep(['list', 'source'])).stdout).toBe(
      '.gitignore\ndvc.lock\ndvc.yaml\nin.txt\nmodel\nout\nsrc\n',
    );
    expect((await rig.lockstep(['list', 'source', '-R', '--dvc-only'])).stdout).toBe('model\nout/a\nout/sub/b\n');
    expect((await rig.lockstep(['list', 'source', 'out'])).stdout).toBe('a\nsub\n');
    expect((await rig.lockstep(['list', 'source', 'out/sub/b'])).stdout).toBe('b\n');
    expect(JSON.parse((await rig.lockstep(['list', 'source', '--dvc-only', '--json'])).stdout)).toEqual([
      { isout: true, isdir: false, isexec: false, size: 4, md5: 'c193497a1a06b2c72230e6146ff47080', path: 'model' },
      { isout: true, isdir: true, isexec: false, size: 6, md5: expect.stringMatching(/\.dir$/), path: 'out' },
    ]);
    expect(JSON.parse((await rig.lockstep(['list', 'source', 'src', '--json'])).stdout)).toEqual([
      { isout: false, isdir: false, isexec: true, size: 10, md5: null, path: 'run.sh' },
    ]);
    expect(await rig.lockstep(['list', 'source', 'nope'])).toMatchObject({ code: 2, stdout: '' });
  });
});
