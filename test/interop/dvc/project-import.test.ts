import { describe, expect, test } from 'vitest';
import { project } from '../../support/rig.ts';
import { dvcProject } from './both-tools.ts';
import { REAL_DVC } from './real-dvc.ts';

describe.skipIf(REAL_DVC === undefined)('data that was imported', () => {
  test('by lockstep is as if DVC had imported it, and DVC moves on with it', async () => {
    await using source = await project({ 'data/a': 'one\n' });
    source.commit();
    await using p = await dvcProject({ 'readme.md': 'text\n' });
    p.commit('start');
    const url = `file://${source.root}`;
    await p.own('import', url, 'data', '-o', 'ours');
    await p.own('import-url', source.path('data/a'), 'ours.txt');
    await p.dvc('import', url, 'data', '-o', 'theirs');
    await p.dvc('import-url', source.path('data/a'), 'theirs.txt');
    const inOurWords = (text: string) => text.replaceAll('theirs', 'ours').replace(/^md5: .*/, '');
    expect(inOurWords(p.read('ours.dvc'))).toBe(inOurWords(p.read('theirs.dvc')));
    expect(inOurWords(p.read('ours.txt.dvc'))).toBe(inOurWords(p.read('theirs.txt.dvc')));
    expect(await p.dvc('status', '-q')).toBe('');
    source.write('data/a', 'two\n');
    source.commit('two');
    await p.dvc('update', 'ours.dvc', 'ours.txt.dvc');
    await p.own('update', 'theirs.dvc', 'theirs.txt.dvc');
    for (const file of ['ours/a', 'ours.txt', 'theirs/a', 'theirs.txt']) expect(p.read(file), file).toBe('two\n');
    expect(inOurWords(p.read('ours.dvc'))).toBe(inOurWords(p.read('theirs.dvc')));
    expect(inOurWords(p.read('ours.txt.dvc'))).toBe(inOurWords(p.read('theirs.txt.dvc')));
    expect(await p.dvc('status', '-q')).toBe('');
    expect(await p.ownStatus()).toEqual({});
  });
});
