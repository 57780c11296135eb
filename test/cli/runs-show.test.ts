import { describe, expect, it } from 'vitest';
import type { Run } from '../../src/tracking/run.ts';
import { openSqliteStore } from '../../src/tracking/sqlite.ts';
import { bareRun, digestNumber, fullRun, runIdOf } from '../contracts/tracking-store-runs.ts';
import { project } from '../support/rig.ts';
import { history, id, keep, withRuns } from './runs-history.ts';

describe('runs show', () => {
  it('has the six categories as keys', async () => {
    const full = { ...fullRun(1), artifacts: [...fullRun(1).artifacts, patchArtifact(77)] };
    await using rig = await withRuns([full]);
    const shown = JSON.parse((await rig.lockstep(['runs', 'show', runIdOf(1), '--json'])).stdout) as Record<
      string,
      unknown
    >;
    expect(Object.keys(shown)).toEqual(
      expect.arrayContaining(['code', 'data', 'params', 'metrics', 'artifacts', 'environment']),
    );
    expect(shown).toMatchObject({
      id: runIdOf(1),
      reproducible: false,
      missing: [{ category: 'code', why: expect.stringContaining('data/with "quotes".bin') }],
      code: full.code,
      data: full.data,
      metrics: { loss: 'NaN', acc: '-Infinity' },
      environment: full.environment,
      artifacts: full.artifacts,
    });
    expect(shown.series).toEqual({
      loss: [
        { step: 0, value: 0.1 + 0.2, timestamp: 1_700_000_000_001 },
        { step: 2, value: 'NaN', timestamp: 1_700_000_000_002 },
        { step: 1, value: 5e-324, timestamp: 1_700_000_000_004 },
        { step: 1, value: 5e-324, timestamp: 1_700_000_000_005 },
      ],
    });
  });

  it('says what is missing, and nothing when the record is complete', async () => {
    const code = { ...fullRun(1).code, omitted: [], dirty: false, patch: null } as NonNullable<Run['code']>;
    const { environment } = fullRun(1);
    const cases: readonly [Partial<Run>, string[]][] = [
      [{ code, environment }, []],
      [{ code: null, environment }, ['code']],
      [{ code: { ...code, gitSha: null }, environment }, ['code']],
      [{ code: { ...code, dirty: true }, environment }, ['code']],
      [{ code: { ...code, dirty: true, patch: digestNumber(1) }, environment }, ['code']],
      [{ code: { ...code, dirty: true, patch: digestNumber(1) }, environment, artifacts: [patchArtifact(1)] }, []],
      [{ code, environment: null }, ['environment']],
      [{ code, environment: null, status: 'RUNNING' }, ['metrics', 'artifacts', 'environment']],
      [{ code, environment, status: 'FAILED' }, []],
    ];
    await using rig = await withRuns(cases.map(([changes], index) => bareRun(index, changes)));
    for (const [index, [, categories]] of cases.entries()) {
      const { stdout } = await rig.lockstep(['runs', 'show', runIdOf(index), '--json']);
      const { missing, reproducible } = JSON.parse(stdout) as {
        missing: { category: string }[];
        reproducible: boolean;
      };
      expect([index, missing.map(({ category }) => category)]).toEqual([index, categories]);
      expect(reproducible).toBe(categories.length === 0);
    }
  });

  it('is readable', async () => {
    const run = { ...fullRun(1), tags: { 'lockstep.failure': 'exited with code 3' } };
    await using rig = await withRuns([run]);
    expect((await rig.lockstep(['runs', 'show', 'latest'])).stdout).toMatchInlineSnapshot(`
      "run 00000000000000000000000000000001: stage train of pipeline.yaml
      FINISHED, began 2023-11-14T22:13:21.000Z, took 250ms
      failed: exited with code 3
      part of repro 0000000000000000000000000000270f

      code
        command      python train.py --name='a b'
                     echo done
        commit       c0ffeec0ffeec0ffeec0ffeec0ffeec0ffee on feature/ü
        remote       https://example.org/team/project.git
        uncommitted  changes, kept as code/uncommitted.patch
        not kept     data/with "quotes".bin, line\\nbreak

      data
        data/z.csv  sha256:000000000000  1.1 TB  from run 00000000
        data/a.csv  sha256:000000000000  0 B

      params
        train.lr          0.1
        depth             1
        other.yaml:depth  1.0
        __proto__         "1"
        layers            [1, 2.5, {"a": null}]

      metrics
        loss  NaN  at step 2 of 4 points
        acc   -Infinity

      artifacts
        outs/model.bin   sha256:000000000000  10 B
        logs/output.log  sha256:000000000000  0 B
        outs/big.bin     sha256:000000000000  2.2 TB  not in the cache

      environment
        machine            linux x64, 2 CPUs, 8.6 GB
        runtimes           node 20.20.2, python 3.11.7
        packages           1, listed in environment/requirements.txt
        package-lock.json  sha256:000000000000
        LANG               C.UTF-8

      not reproducible, the record lacks
        code: uncommitted and not kept: data/with "quotes".bin, line\\nbreak
        code: the uncommitted changes were not kept
      "
    `);
  });

  it('lists the runs of a repro', async () => {
    await using rig = await withRuns([
      bareRun(1, { stage: null, file: null }),
      bareRun(2, { parent: runIdOf(1), stage: 'prepare' }),
      bareRun(3, { parent: runIdOf(1) }),
      bareRun(4, { parent: runIdOf(9) }),
    ]);
    const { stdout } = await rig.lockstep(['runs', 'show', runIdOf(1), '--json']);
    expect(JSON.parse(stdout)).toMatchObject({
      reproducible: null,
      children: [
        { id: runIdOf(2), stage: 'prepare', status: 'FINISHED' },
        { id: runIdOf(3), stage: 'train', status: 'FINISHED' },
      ],
    });
  });

  it.each([
    ['latest', 'bbbb1'],
    ['latest:train', 'aaaa2'],
    ['latest:pipeline.yaml:train', 'aaaa2'],
    ['aaaa1', 'aaaa1'],
    ['CCCC', 'cccc1'],
  ])('takes %s for %s', async (reference, start) => {
    await using rig = await withRuns(history);
    const { stdout } = await rig.lockstep(['runs', 'show', reference, '--json']);
    expect(JSON.parse(stdout)).toMatchObject({ id: id(start) });
  });

  it.each([
    ['ffff', 'lockstep runs list shows the runs'],
    ['latest:tran', 'did you mean latest:train?'],
    ['train', 'latest:train is the newest run of that stage'],
    ['aaaa', 'give more digits: aaaa1'],
    ['aa', 'at least 4'],
  ])('%s is no run, and the hint helps', async (reference, hint) => {
    await using rig = await withRuns(history);
    const { code, stderr } = await rig.lockstep(['runs', 'show', reference]);
    expect(code).toBe(2);
    expect(stderr).toContain(hint);
  });
});

function patchArtifact(number: number) {
  return {
    path: 'code/uncommitted.patch',
    digest: digestNumber(number),
    size: 1,
    kind: 'patch',
    stored: true,
  } as const;
}

describe('runs log', () => {
  it('prints what the run wrote', async () => {
    await using rig = await withRuns([]);
    const text = 'one\n\u001b[31mtwö\u001b[0m\nno line end';
    const digest = await keep(rig, text);
    const store = await openSqliteStore(rig.path('.lockstep/lockstep.db'));
    const log = { path: 'logs/output.log', digest, size: text.length, kind: 'log', stored: true } as const;
    await store.record([
      bareRun(1, { artifacts: [log] }),
      bareRun(2),
      bareRun(3, { artifacts: [{ ...log, digest: digestNumber(1) }] }),
    ]);
    await store.close();
    expect(await rig.lockstep(['runs', 'log', runIdOf(1)])).toEqual({ code: 0, stdout: text, stderr: '' });
    const silent = await rig.lockstep(['runs', 'log', runIdOf(2)]);
    expect(silent).toEqual({ code: 0, stdout: '', stderr: `run ${runIdOf(2)} wrote nothing\n` });
    const gone = await rig.lockstep(['runs', 'log', runIdOf(3)]);
    expect(gone).toMatchObject({ code: 1, stdout: '', stderr: expect.stringContaining('no longer in the cache') });
  });

  it('prints what a run has written so far', async () => {
    await using rig = await withRuns([bareRun(1, { status: 'RUNNING', endTime: null })]);
    rig.write(`.lockstep/tmp/logs/${runIdOf(1)}.log`, 'halfway\n');
    expect(await rig.lockstep(['runs', 'log', 'latest'])).toEqual({ code: 0, stdout: 'halfway\n', stderr: '' });
  });

  it('sends who asks for a whole repro to its stages', async () => {
    await using rig = await withRuns(history);
    const { code, stderr } = await rig.lockstep(['runs', 'log', 'cccc']);
    expect(code).toBe(2);
    expect(stderr).toContain('lockstep runs show cccc1000');
  });
});

it('each dep names the run that wrote it, by its place and not by its bytes alone', async () => {
  await using p = await project({
    'pipeline.yaml': `stages:
  one: {cmd: "cp in one", deps: [in], outs: [one]}
  two: {cmd: "mkdir d; cp one d/x", deps: [one], outs: [d]}
  three: {cmd: "cp d/x three", deps: [d/x], outs: [three]}
`,
    in: 'the same bytes everywhere\n',
  });
  await p.lockstep(['repro', '-q']);
  const dataOf = async (stage: string) => {
    const { stdout } = await p.lockstep(['runs', 'show', `latest:${stage}`, '--json']);
    return JSON.parse(stdout) as { id: string; data: { producer: string | null }[] };
  };
  const [one, two, three] = [await dataOf('one'), await dataOf('two'), await dataOf('three')];
  expect([one, two, three].map(({ data }) => data[0]?.producer)).toEqual([null, one.id, two.id]);
  await p.lockstep(['repro', '-q', '-f', '-s', 'three']);
  expect((await dataOf('three')).data[0]?.producer).toBe(two.id);
});
