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
