import { describe, expect, it } from 'vitest';
import { project } from '../support/rig.ts';

const FILES = {
  '.dvc/config': '',
  '.dvcignore': '*.log\n!keep.log\n/build/\n# a comment\n\nsub/**\n',
  'build/x': '',
  'nested/.dvcignore': 'x.txt\n',
  'other/.dvc/config': '',
};

describe('check-ignore', () => {
  it('prints the paths that are left out', async () => {
    await using rig = await project(FILES);
    const paths = ['a.log', 'keep.log', 'build', 'build/x', 'sub/q', 'nested/x.txt', 'x.txt'];
    const result = await rig.lockstep(['check-ignore', ...paths]);
    expect(result).toEqual({ code: 0, stdout: 'a.log\nbuild\nbuild/x\nsub/q\nnested/x.txt\n', stderr: '' });
    expect(await rig.lockstep(['check-ignore', 'x.txt', 'keep.log'])).toMatchObject({ code: 1, stdout: '' });
  });

  it('names the line that decides, and with -n what no line speaks of', async () => {
    await using rig = await project(FILES);
    const paths = ['a.log', 'keep.log', 'build/x', 'sub/q', '.dvc', 'other/f', 'zz'];
    expect((await rig.lockstep(['check-ignore', '-d', '-n', ...paths])).stdout).toBe(
      [
        '.dvcignore:1:*.log\ta.log',
        '.dvcignore:2:!keep.log\tkeep.log',
        '.dvcignore:3:/build/\tbuild/x',
        '.dvcignore:6:sub/**\tsub/q',
        ':.dvc/\t.dvc',
        'in another project\tother/f',
        '::\tzz',
        '',
      ].join('\n'),
    );
    const below = await rig.lockstep(['check-ignore', '-d', 'x.txt', '../a.log'], { cwd: 'nested' });
    expect(below.stdout).toBe('nested/.dvcignore:1:x.txt\tx.txt\n.dvcignore:1:*.log\t../a.log\n');
  });

  it('reads paths from stdin', async () => {
    await using rig = await project(FILES);
    const result = await rig.lockstep(['check-ignore', '--stdin'], { input: 'a.log\nzz\nb.log\n' });
    expect(result).toMatchObject({ code: 0, stdout: 'a.log\nb.log\n' });
  });

  it('refuses what makes no sense', async () => {
    await using rig = await project(FILES);
    expect(await rig.lockstep(['check-ignore'])).toMatchObject({ code: 2 });
    expect(await rig.lockstep(['check-ignore', '--stdin', 'a'])).toMatchObject({ code: 2 });
    expect(await rig.lockstep(['check-ignore', '-n', 'a'])).toMatchObject({ code: 2 });
    await using native = await project({ 'pipeline.yaml': 'stages: {}\n' });
    const { code, stderr } = await native.lockstep(['check-ignore', 'a']);
    expect([code, stderr]).toEqual([2, 'error: only a DVC project has .dvcignore files: there is no .dvc/ here\n']);
  });
});
