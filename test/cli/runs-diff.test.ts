import { describe, expect, it } from 'vitest';
import type { Digest, Literal } from '../../src/base/brand.ts';
import type { Run } from '../../src/tracking/run.ts';
import { openSqliteStore } from '../../src/tracking/sqlite.ts';
import { digestNumber, fullRun, runIdOf } from '../contracts/tracking-store-runs.ts';
import type { ProjectRig } from '../support/rig.ts';
import { id, keep, score, withRuns } from './runs-history.ts';

describe('runs diff', () => {
  async function twoRuns(): Promise<ProjectRig> {
    const rig = await withRuns([]);
    rig.write('train.py', 'one\n');
    const from = rig.commit('first');
    rig.write('train.py', 'two\n');
    const to = rig.commit('second');
    const patches = [await keep(rig, '+print(1)\n'), await keep(rig, '+print(2)\n')] as const;
    const base = fullRun(1);
    const code = (gitSha: string, patch: Digest) => ({ ...base.code, gitSha, patch }) as NonNullable<Run['code']>;
    const environment = base.environment as NonNullable<Run['environment']>;
    const a = { ...base, id: id('aaaa'), code: code(from, patches[0]), ...score(0.5) };
    const b: Run = {
      ...base,
      id: id('bbbb'),
      code: code(to, patches[1]),
      params: [...base.params.filter(({ key }) => key !== 'depth'), { key: 'train.lr', value: '0.2' as Literal }],
      metrics: [{ key: 'acc', value: 0.75, step: 0, timestamp: 1 }],
      data: [{ path: 'data/a.csv', digest: digestNumber(9), size: 1, producer: null }],
      environment: { ...environment, cpus: 4, packages: { numpy: '2.2.0', scipy: '1.0' } },
    };
    const store = await openSqliteStore(rig.path('.lockstep/lockstep.db'));
    await store.record([a, b]);
    await store.close();
    return rig;
  }

  it('has what differs in every category, with the code line by line', async () => {
    await using rig = await twoRuns();
    const { stdout } = await rig.lockstep(['runs', 'diff', 'aaaa', 'bbbb', '--json']);
    const diff = JSON.parse(stdout) as { code: { commits: string; patches: string; changes: { key: string }[] } };
    expect(diff).toMatchObject({
      a: { id: id('aaaa') },
      b: { id: id('bbbb') },
      params: [
        { key: 'train.lr', a: 0.1, b: 0.2 },
        { key: 'depth', a: 1, b: null },
      ],
      metrics: [{ key: 'acc', a: 0.5, b: 0.75, delta: 0.25 }],
      data: [
        { path: 'data/z.csv', a: digestNumber(1), b: null },
        { path: 'data/a.csv', a: digestNumber(2), b: digestNumber(9) },
      ],
      artifacts: [],
      environment: [{ key: 'cpus', a: '2', b: '4' }],
      packages: [
        { key: 'numpy', a: '2.1.0', b: '2.2.0' },
        { key: 'scipy', a: null, b: '1.0' },
      ],
    });
    expect(diff.code.changes.map(({ key }) => key)).toEqual(['commit', 'uncommitted']);
    expect(diff.code.commits).toContain('-one\n+two\n');
    expect(diff.code.patches).toContain('-+print(1)\n++print(2)\n');
  });

  it('is readable', async () => {
    await using rig = await twoRuns();
    const { stdout } = await rig.lockstep(['runs', 'diff', 'aaaa', 'bbbb']);
    const short = stdout.replaceAll(/\b[0-9a-f]{40}\b/g, '<sha>').replaceAll(/sha256:[0-9a-f]+/g, '<digest>');
    expect(short.replaceAll(/index [0-9a-f.]+/g, 'index <blobs>')).toMatchInlineSnapshot(`
      "aaaa0000 train  →  bbbb0000 train

      params
        train.lr  0.1 → 0.2
        depth     1 → (none)

      metrics
        acc  0.5 → 0.75  (+0.25)

      data
        data/z.csv  <digest> → (none)
        data/a.csv  <digest> → <digest>

      environment
        cpus  2 → 4

      packages
        numpy  2.1.0 → 2.2.0
        scipy  (none) → 1.0

      code
        commit       <sha> → <sha>
        uncommitted  <digest> → <digest>

      committed between the two
      diff --git a/train.py b/train.py
      index <blobs> 100644
      --- a/train.py
      +++ b/train.py
      @@ -1 +1 @@
      -one
      +two

      uncommitted changes, as one patch against the other
      ===================================================================
      --- aaaa0000/uncommitted.patch
      +++ bbbb0000/uncommitted.patch
      @@ -1,1 +1,1 @@
      -+print(1)
      ++print(2)
      "
    `);
  });

  it('says when nothing differs, and when code cannot be shown', async () => {
    const lost = { ...fullRun(3), code: { ...fullRun(3).code, gitSha: '1'.repeat(40) } as NonNullable<Run['code']> };
    await using rig = await withRuns([fullRun(1), fullRun(2), lost]);
    const same = await rig.lockstep(['runs', 'diff', runIdOf(1), runIdOf(2)]);
    expect(same).toMatchObject({ code: 0, stdout: expect.stringContaining('nothing that is recorded differs') });
    const other = await rig.lockstep(['runs', 'diff', runIdOf(1), runIdOf(3)]);
    expect(other.stdout).toContain('cannot be shown: one of the commits is not in this clone');
  });
});
