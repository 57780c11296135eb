import { existsSync, rmSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { type ProjectRig, project } from '../support/rig.ts';

const PIPELINE = `# all of it
stages:
  # copies
  copy:
    cmd: cp s.txt out.txt
    deps: [s.txt]
    outs: [out.txt]
  # counts
  count:
    cmd: wc -c < out.txt > n.txt
    deps: [out.txt]
    outs: [n.txt]
  each:
    foreach: [a, b]
    do:
      cmd: echo \${item} > \${item}.txt
      outs: ["\${item}.txt"]
`;

async function dvcProject(files: Readonly<Record<string, string>> = {}): Promise<ProjectRig> {
  const rig = await project({ '.dvc/config': '', 's.txt': 's\n', 'd/k/f': '1\n', 'd/g': '2\n', ...files });
  rig.git('init', '-q', '-b', 'main');
  return rig;
}

describe('add', () => {
  it('tracks files and directories by .dvc files as DVC writes them', async () => {
    await using rig = await dvcProject();
    const { code, stderr } = await rig.lockstep(['add', 's.txt', 'd']);
    expect([code, stderr]).toEqual([0, 'to track the changes with git: git add s.txt.dvc .gitignore d.dvc\n']);
    expect(rig.read('s.txt.dvc')).toBe(
      'outs:\n- md5: f4d5d0c0671be202bc241807c243e80b\n  size: 2\n  hash: md5\n  path: s.txt\n',
    );
    expect(rig.read('d.dvc')).toMatch(
      /^outs:\n- md5: [0-9a-f]{32}\.dir\n {2}size: 4\n {2}nfiles: 2\n {2}hash: md5\n {2}path: d\n$/,
    );
    expect(rig.read('.gitignore')).toBe('/s.txt\n/d\n');
    expect(rig.read('.dvc/cache/files/md5/f4/d5d0c0671be202bc241807c243e80b')).toBe('s\n');
    expect(JSON.parse((await rig.lockstep(['data', 'status', '--json'])).stdout)).toEqual({
      committed: { added: ['d/', 's.txt'] },
    });
  });

  it('records data that is tracked already, also by a path within', async () => {
    await using rig = await dvcProject();
    await rig.lockstep(['add', 'd']);
    const before = rig.read('d.dvc');
    rig.write('d/new', '3\n');
    const { code, stderr } = await rig.lockstep(['add', 'new'], { cwd: 'd' });
    expect([code, stderr]).toEqual([0, 'to track the changes with git: git add d.dvc\n']);
    expect(rig.read('d.dvc')).not.toBe(before);
    expect(rig.read('d.dvc')).toContain('nfiles: 3');
    expect(existsSync(rig.path('d/new.dvc'))).toBe(false);
  });

  it('refuses what cannot be tracked by itself, and writes nothing then', async () => {
    await using rig = await dvcProject({ 'dvc.yaml': PIPELINE, '.dvcignore': '*.log\n', 'a.log': '' });
    rig.git('add', 'd/g');
    for (const [path, why] of [
      ['nope', 'nope does not exist'],
      ['out.txt', "out.txt overlaps with out.txt of stage 'copy' of dvc.yaml"],
      ['a.log', 'a.log is ignored'],
      ['d', 'd is tracked by git already'],
    ] as const) {
      const { code, stderr } = await rig.lockstep(['add', 's.txt', path]);
      expect([code, stderr.split('\n')[0]]).toEqual([2, `error: ${why}`]);
    }
    expect(await rig.lockstep(['add', 'd', 'd/k'])).toMatchObject({ code: 2 });
    expect(existsSync(rig.path('s.txt.dvc'))).toBe(false);
  });

  it('tracks data of a native project by its sha256, so that it is a root of the graph, pushed and pulled', async () => {
    await using rig = await project({ 'raw.csv': 'a\n', 'data/img/1': 'one\n', 'data/img/2': 'two\n' });
    rig.git('init', '-q');
    expect((await rig.lockstep(['add', 'raw.csv', 'data/img'])).code).toBe(0);
    expect(rig.read('raw.csv.dvc')).toBe(
      'outs:\n- sha256: 87428fc522803d31065e7bce3cf03fe475096631e5e07bbd7a0fde60c4cf25c7\n  size: 2\n  hash: sha256\n  path: raw.csv\n',
    );
    expect(rig.read('data/img.dvc')).toMatch(/sha256: [0-9a-f]{64}\.tree\n {2}size: 8\n {2}nfiles: 2\n/);
    expect([rig.read('.gitignore'), rig.read('data/.gitignore')]).toEqual(['/raw.csv\n', '/img\n']);
    rig.write(
      'pipeline.yaml',
      'stages:\n  one: {cmd: cat raw.csv data/img/2 > one, deps: [raw.csv, data], outs: [one]}\n',
    );
    expect((await rig.lockstep(['repro'])).code).toBe(0);
    rig.write('raw.csv', 'edited\n');
    expect((await rig.lockstep(['repro', '-q'])).code).toBe(0);
    expect(rig.read('one')).toBe('edited\ntwo\n');
    rmSync(rig.path('data/img'), { recursive: true });
    rmSync(rig.path('one'));
    expect((await rig.lockstep(['checkout'])).stderr).toBe('2 outs restored, 1 already there\n');
    expect(rig.read('data/img/1')).toBe('one\n');
    expect((await rig.lockstep(['status', '-P', '--exit-code'])).code).toBe(0);
    await rig.lockstep(['move', 'raw.csv', 'data/']);
    expect(rig.read('data/raw.csv.dvc')).toContain('sha256: ');
    expect((await rig.lockstep(['remove', 'data/img.dvc'])).code).toBe(0);
    expect(rig.read('data/.gitignore')).toBe('/raw.csv\n');
  });
});

describe('move', () => {
  it('moves data with its .dvc file and its line in .gitignore', async () => {
    await using rig = await dvcProject();
    await rig.lockstep(['add', 's.txt', 'd']);
    rig.write('s.txt.dvc', `# where from\n${rig.read('s.txt.dvc')}desc: the text\n`);
    expect(await rig.lockstep(['move', 's.txt', 'sub/t.txt'])).toMatchObject({
      code: 0,
      stderr: 'moved s.txt to sub/t.txt, which sub/t.txt.dvc tracks\n',
    });
    expect(rig.read('sub/t.txt.dvc')).toBe(
      '# where from\nouts:\n- md5: f4d5d0c0671be202bc241807c243e80b\n  size: 2\n  hash: md5\n  path: t.txt\ndesc: the text\n',
    );
    expect([rig.read('sub/t.txt'), rig.read('.gitignore'), rig.read('sub/.gitignore')]).toEqual([
      's\n',
      '/d\n',
      '/t.txt\n',
    ]);
    expect(existsSync(rig.path('s.txt.dvc'))).toBe(false);
    expect(await rig.lockstep(['move', 'd', 'sub'])).toMatchObject({ code: 0 });
    expect(rig.read('sub/d/g')).toBe('2\n');
    expect(existsSync(rig.path('.gitignore'))).toBe(false);
    expect((await rig.lockstep(['data', 'status', '--json'])).stdout).not.toContain('uncommitted');
  });

  it('moves nothing onto something, and no out of a stage', async () => {
    await using rig = await dvcProject({ 'dvc.yaml': PIPELINE });
    await rig.lockstep(['add', 's.txt']);
    expect((await rig.lockstep(['move', 's.txt', 'd/g'])).stderr).toContain('d/g is there already');
    expect((await rig.lockstep(['move', 'out.txt', 'x'])).stderr).toContain("out.txt is made by stage 'copy'");
    expect((await rig.lockstep(['move', 'd/g', 'x'])).stderr).toContain('no .dvc file tracks d/g');
  });
});

describe('remove', () => {
  it('takes a stage out of dvc.yaml, dvc.lock and .gitignore, and keeps all else', async () => {
    await using rig = await dvcProject({ 'dvc.yaml': PIPELINE });
    expect(await rig.lockstep(['repro'])).toMatchObject({ code: 0 });
    expect(await rig.lockstep(['remove', 'copy'])).toMatchObject({ code: 0, stderr: 'removed copy\n' });
    expect(rig.read('dvc.yaml')).toBe(PIPELINE.replace(/ {2}# copies\n(?:.*\n){4}/, ''));
    expect(rig.read('dvc.lock')).not.toContain('copy:');
    expect(rig.read('.gitignore')).not.toContain('/out.txt');
    expect(rig.read('out.txt')).toBe('s\n');
    expect((await rig.lockstep(['remove', 'each@a'])).stderr).toContain(
      "one of the stages that 'each' of dvc.yaml stands for",
    );
    expect(await rig.lockstep(['remove', 'each', 'count', '--outs'])).toMatchObject({ code: 0 });
    expect(['dvc.lock', '.gitignore', 'n.txt', 'a.txt', 'b.txt'].filter((path) => existsSync(rig.path(path)))).toEqual(
      [],
    );
    expect(rig.read('dvc.yaml')).toMatch(/^# all of it\nstages:/);
  });

  it('stops tracking data by its .dvc file, and by nothing else', async () => {
    await using rig = await dvcProject();
    await rig.lockstep(['add', 's.txt']);
    const wrong = await rig.lockstep(['remove', 's.txt']);
    expect([wrong.code, wrong.stderr]).toEqual([
      2,
      'error: s.txt is neither a stage nor a .dvc file\n\nhint: did you mean s.txt.dvc?\n',
    ]);
    expect(await rig.lockstep(['remove', 's.txt.dvc'])).toMatchObject({ code: 0 });
    expect(['s.txt.dvc', '.gitignore', 's.txt'].filter((path) => existsSync(rig.path(path)))).toEqual(['s.txt']);
  });

  it('works on pipeline.yaml and its lockfile as well', async () => {
    await using rig = await project({ 'pipeline.yaml': PIPELINE, 's.txt': 's\n' });
    rig.git('init', '-q', '-b', 'main');
    expect(await rig.lockstep(['repro'])).toMatchObject({ code: 0 });
    expect(await rig.lockstep(['remove', 'count', '--outs'])).toMatchObject({
      code: 0,
      stderr: 'removed count\ndeleted n.txt\n',
    });
    expect(rig.read('pipeline.lock')).not.toContain('count:');
    expect(await rig.lockstep(['status', '--exit-code'])).toMatchObject({ code: 0 });
  });
});

describe('stage add and freeze', () => {
  it('write into dvc.yaml and .dvc files of a DVC project', async () => {
    await using rig = await dvcProject();
    await rig.lockstep(['add', 's.txt']);
    expect(
      await rig.lockstep(['stage', 'add', '-n', 'copy', '-d', 's.txt', '-o', 'out.txt', 'cp s.txt out.txt']),
    ).toMatchObject({
      code: 0,
      stderr: 'wrote stage copy into dvc.yaml\n',
    });
    expect(await rig.lockstep(['freeze', 'copy', 's.txt.dvc'])).toMatchObject({ code: 0 });
    expect(rig.read('dvc.yaml')).toContain('    frozen: true\n');
    expect(rig.read('s.txt.dvc')).toMatch(/^frozen: true$/m);
    expect(await rig.lockstep(['unfreeze', 'copy', 's.txt.dvc'])).toMatchObject({ code: 0 });
    expect(rig.read('dvc.yaml') + rig.read('s.txt.dvc')).not.toContain('frozen');
  });
});
