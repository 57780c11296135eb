import { describe, expect, test } from 'vitest';
import { project } from '../support/rig.ts';

const DVC = { '.dvc/config': '' };

describe('a .dvcignore within a directory that is tracked as one', () => {
  const READS = 'stages:\n  s: {cmd: ls in > o, deps: [in], outs: [o]}\n';
  const stray = (path: string, directory: string) =>
    `error: "${path}" stands in a directory that is tracked as one, where DVC does not allow it\n\n` +
    `hint: move its lines to a .dvcignore above "${directory}", and delete it\n`;

  test('is refused in a dep, before anything runs', async () => {
    await using p = await project({ ...DVC, 'dvc.yaml': READS, 'in/a': '1', 'in/sub/.dvcignore': '*.tmp\n' });
    for (const args of [['status'], ['repro']]) {
      expect(await p.lockstep(args)).toEqual({ code: 2, stdout: '', stderr: stray('in/sub/.dvcignore', 'in') });
    }
  });

  test('is refused in data, also once that was tracked', async () => {
    await using p = await project({ ...DVC, 'in/a': '1' });
    expect((await p.lockstep(['add', 'in'])).code).toBe(0);
    p.write('in/.dvcignore', '*.tmp\n');
    expect(await p.lockstep(['status'])).toEqual({ code: 2, stdout: '', stderr: stray('in/.dvcignore', 'in') });
  });

  test('is refused in what a stage wrote', async () => {
    const writes = 'stages:\n  s: {cmd: mkdir o && touch o/.dvcignore, outs: [o]}\n';
    await using p = await project({ ...DVC, 'dvc.yaml': writes });
    const { code, stderr } = await p.lockstep(['repro']);
    expect([code, stderr]).toEqual([1, expect.stringContaining('"o/.dvcignore" stands in a directory')]);
  });

  test('is a file like any other in a native project', async () => {
    await using p = await project({ 'pipeline.yaml': READS, 'in/.dvcignore': '*.tmp\n' });
    expect((await p.lockstep(['repro'])).code).toBe(0);
  });
});

describe('deps outside of the project', () => {
  const elsewhere = async () => {
    const p = await project({ 'proj/.dvc/config': '', 'ext/f': '1\n', 'ext/d/a': '2\n' });
    const deps = `[${p.path('ext/f')}, ../ext/d]`;
    p.write('proj/dvc.yaml', `stages:\n  s: {cmd: cat ../ext/f ../ext/d/a > o, deps: ${deps}, outs: [o]}\n`);
    return p;
  };

  test('are hashed, and locked in the words of the stage', async () => {
    await using p = await elsewhere();
    const run = (...args: string[]) => p.lockstep(args, { cwd: 'proj' });
    expect((await run('repro')).code).toBe(0);
    const deps = /deps:\n(.*?) {4}outs:/s.exec(p.read('proj/dvc.lock'))?.[1];
    expect(deps?.replaceAll(p.root, '')).toMatchInlineSnapshot(`
      "    - path: ../ext/d
            hash: md5
            md5: 3da857f7088d7c81b5885d1b19229296.dir
            size: 2
            nfiles: 1
          - path: /ext/f
            hash: md5
            md5: b026324c6904b2a9cb4b88d6d61c81d1
            size: 2
      "
    `);
    expect((await run('status')).stdout).toContain('up to date');
    p.write('ext/d/a', '3\n');
    expect((await run('status')).stdout).toContain('dep ../ext/d changed');
    expect((await run('repro')).code).toBe(0);
    expect(p.read('proj/o')).toBe('1\n3\n');
  });

  test('are missing as others are', async () => {
    await using p = await elsewhere();
    p.write('proj/dvc.yaml', p.read('proj/dvc.yaml').replace('ext/f,', 'ext/none,'));
    const { code, stderr } = await p.lockstep(['repro'], { cwd: 'proj' });
    expect([code, stderr.replaceAll(p.root, '')]).toEqual([
      2,
      expect.stringContaining('needs /ext/none, which is not there, and no stage makes it'),
    ]);
  });

  test('have no place in a native project', async () => {
    await using p = await elsewhere();
    const { code, stderr } = await p.lockstep(['import-dvc'], { cwd: 'proj' });
    expect(code).toBe(2);
    expect(stderr).toContain('what would be pipeline.yaml cannot be used there');
    expect(stderr).toContain('is absolute');
    expect(stderr).toContain('the path `../ext/d` leads outside the project');
  });

  test('are not what is in the project, nor URLs, nor outs', async () => {
    await using p = await project(DVC);
    const s = `stages:\n  s:\n    cmd: x\n    deps: [${p.path('in')}, https://x.org/f]\n    outs: [/x]\n`;
    p.write('dvc.yaml', s);
    const { code, stderr } = await p.lockstep(['status']);
    expect(code).toBe(2);
    expect(stderr).toContain('hint: write it as `in`');
    expect(stderr).toContain('`dvc import-url https://x.org/f` makes a file of the project of it');
    expect(stderr).toContain('dvc.yaml:5:12: the path `/x` is absolute');
  });
});

describe('datasets', () => {
  const LOCKED =
    '- name: mine\n  url: /src\n  type: dvc\n  path: data\n  rev_lock: 3ffff6f52cbe6f71c353f2ad6723826bdf2021bc\n';

  test('their section of dvc.lock stays byte for byte where it stands', async () => {
    const before = `schema: '2.0'\ndatasets:\n${LOCKED}stages: {}\n`;
    const pipeline =
      'datasets:\n- {name: mine, url: /src, type: dvc, path: data}\nstages:\n  s: {cmd: touch o, outs: [o]}\n';
    await using p = await project({ ...DVC, 'dvc.yaml': pipeline, 'dvc.lock': before });
    expect((await p.lockstep(['repro'])).code).toBe(0);
    const [start, rest] = p.read('dvc.lock').split('stages:\n');
    expect(start).toBe(`schema: '2.0'\ndatasets:\n${LOCKED}`);
    expect(rest).toMatch(/^ {2}s:\n {4}cmd: touch o\n/);
  });

  test('as deps are a mistake that says what to do', async () => {
    await using p = await project({ ...DVC, 'dvc.yaml': 'stages:\n  s: {cmd: x, deps: ["ds://mine"]}\n' });
    const { code, stderr } = await p.lockstep(['status']);
    expect([code, stderr]).toEqual([
      2,
      expect.stringContaining('dvc.yaml:2:22: the URL `ds://mine` cannot be used as a path'),
    ]);
    expect(stderr).toContain('`dvc import` makes a file of the project of it');
  });
});
