import { rmSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { type ProjectRig, project } from '../support/rig.ts';

const DVC_PROJECT = {
  '.dvc/config': '',
  '.gitignore': '/out.txt\n',
  'dvc.yaml': `stages:
  copy:
    cmd: cp data.txt out.txt && echo 1 > m.json
    deps: [data.txt]
    outs: [out.txt]
    metrics:
      - m.json: {cache: false}
`,
  'data.txt': 'a\n',
};

const NATIVE_PROJECT = {
  'pipeline.yaml': `stages:
  make:
    cmd: mkdir -p dir/sub && cp source dir/x && echo 2 > dir/sub/y && echo 5 > dir/gone && echo r > dir/old
    deps: [source]
    outs: [dir]
`,
  source: 'one\n',
};

async function committed(files: Readonly<Record<string, string>>): Promise<ProjectRig> {
  const rig = await project(files);
  rig.git('init', '-q', '-b', 'main');
  expect(await rig.lockstep(['repro'])).toMatchObject({ code: 0 });
  rig.commit();
  return rig;
}

const statusOf = async (rig: ProjectRig, ...args: string[]): Promise<unknown> =>
  JSON.parse((await rig.lockstep(['data', 'status', '--json', ...args])).stdout);

describe('data status', () => {
  it('has nothing to say of a project as it was committed', async () => {
    await using rig = await committed(DVC_PROJECT);
    expect(await statusOf(rig)).toEqual({});
    expect((await rig.lockstep(['data', 'status'])).stdout).toBe('No changes.\n');
    expect(await statusOf(rig, '--unchanged')).toEqual({ unchanged: ['out.txt'] });
  });

  it('tells what changed since the commit from what changed since it was locked', async () => {
    await using rig = await committed(DVC_PROJECT);
    rig.write('data.txt', 'b\n');
    expect(await rig.lockstep(['repro'])).toMatchObject({ code: 0 });
    expect(await statusOf(rig)).toEqual({ committed: { modified: ['out.txt'] } });
    rmSync(rig.path('out.txt'));
    expect(await statusOf(rig)).toEqual({
      committed: { modified: ['out.txt'] },
      uncommitted: { deleted: ['out.txt'] },
    });
    expect(await statusOf(rig, 'data.txt')).toEqual({});
    expect(await statusOf(rig, 'copy')).toMatchObject({ committed: { modified: ['out.txt'] } });
  });

  it('names the files of a directory one by one, those that moved as moved', async () => {
    await using rig = await committed(NATIVE_PROJECT);
    rig.write('dir/z', 'new\n');
    rig.write('dir/sub/y', 'changed\n');
    rmSync(rig.path('dir/gone'));
    rmSync(rig.path('dir/old'));
    rig.write('dir/new/name', 'r\n');
    expect(await statusOf(rig)).toEqual({ uncommitted: { modified: ['dir/'] } });
    expect(await statusOf(rig, '--granular')).toEqual({
      uncommitted: {
        modified: ['dir/', 'dir/sub/y'],
        added: ['dir/z'],
        deleted: ['dir/gone'],
        renamed: [{ old: 'dir/old', new: 'dir/new/name' }],
      },
    });
    expect(await statusOf(rig, '--granular', 'dir/sub')).toEqual({ uncommitted: { modified: ['dir/sub/y'] } });
    expect((await rig.lockstep(['data', 'status', '--granular'])).stdout).toMatchInlineSnapshot(`
      "Uncommitted changes:
        (lockstep commit <stage> takes them over)
        (lockstep checkout <stage> takes them back)
              modified: dir/
              modified: dir/sub/y
              added: dir/z
              deleted: dir/gone
              renamed: dir/old -> dir/new/name
      "
    `);
  });

  it('says what the cache has lost, and that the files of such a directory cannot be compared', async () => {
    await using rig = await committed(NATIVE_PROJECT);
    rmSync(rig.path('.lockstep/cache'), { recursive: true });
    expect(await statusOf(rig)).toEqual({ not_in_cache: ['dir/'] });
    rig.write('dir/z', 'new\n');
    expect(await statusOf(rig, '--granular', 'dir')).toEqual({
      not_in_cache: ['dir/'],
      uncommitted: { modified: ['dir/'], unknown: ['dir/gone', 'dir/old', 'dir/sub/y', 'dir/x', 'dir/z'] },
    });
  });

  it('sees data that a .dvc file tracks, and files that nobody tracks', async () => {
    await using rig = await committed({
      ...DVC_PROJECT,
      'big.bin.dvc': 'outs:\n- md5: 60b725f10c9c85c70d97880dfe8191b3\n  size: 2\n  hash: md5\n  path: big.bin\n',
      'big.bin': 'a\n',
      '.gitignore': '/out.txt\n/big.bin\n',
    });
    rig.write('big.bin', 'b\n');
    rig.write('notes', '');
    expect(await statusOf(rig, '--untracked-files', 'big.bin.dvc')).toEqual({ uncommitted: { modified: ['big.bin'] } });
    expect(await statusOf(rig, '--untracked-files')).toEqual({
      uncommitted: { modified: ['big.bin'] },
      untracked: ['notes'],
    });
  });
});
