import { writeFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import type { Literal } from '../../src/base/brand.ts';
import { bareRun, fullRun, runIdOf } from '../contracts/tracking-store-runs.ts';
import { type ProjectRig, project } from '../support/rig.ts';
import { history, id, withRuns } from './runs-history.ts';

describe('runs list', () => {
  const listed = async (rig: ProjectRig, ...args: string[]) => {
    const { code, stdout, stderr } = await rig.lockstep(['runs', 'list', '--json', ...args]);
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    return (JSON.parse(stdout) as { runs: { id: string }[] }).runs.map((run) => run.id.slice(0, 5));
  };

  it('gives one object per run as JSON', async () => {
    await using rig = await withRuns([fullRun(1)]);
    const { stdout } = await rig.lockstep(['runs', 'list', '--json']);
    const { startTime, endTime, code } = fullRun(1);
    const params = {
      'train.lr': 0.1,
      depth: 1,
      'other.yaml:depth': 1,
      ['__proto__']: '1',
      layers: [1, 2.5, { a: null }],
    };
    expect(JSON.parse(stdout)).toEqual({
      runs: [
        {
          id: runIdOf(1),
          stage: 'train',
          status: 'FINISHED',
          startTime,
          endTime,
          gitSha: code?.gitSha,
          dirty: true,
          params,
          metrics: { loss: 'NaN', acc: '-Infinity' },
        },
      ],
    });
  });

  it('filters, sorts and cuts', async () => {
    await using rig = await withRuns(history);
    expect(await listed(rig)).toEqual(['bbbb1', 'aaaa2', 'aaaa1']);
    expect(await listed(rig, '--all')).toEqual(['cccc1', 'bbbb1', 'aaaa2', 'aaaa1']);
    expect(await listed(rig, '--stage', 'train')).toEqual(['aaaa2', 'aaaa1']);
    expect(await listed(rig, '--stage', 'pipeline.yaml:train')).toEqual(['aaaa2', 'aaaa1']);
    expect(await listed(rig, '--stage', 'other.yaml:train')).toEqual([]);
    expect(await listed(rig, '--failed')).toEqual(['bbbb1']);
    expect(await listed(rig, '--status', 'finished')).toEqual(['aaaa2', 'aaaa1']);
    expect(await listed(rig, '--where', 'metrics.acc > 0.9')).toEqual(['aaaa2']);
    expect(await listed(rig, '--where', 'params.lr = 0.1 or status = failed')).toEqual(['bbbb1', 'aaaa1']);
    expect(await listed(rig, '--sort', 'metrics.acc')).toEqual(['aaaa1', 'aaaa2', 'bbbb1']);
    expect(await listed(rig, '--sort', '-metrics.acc', '-n', '1')).toEqual(['aaaa2']);
  });

  it('is a table for people, and says so when there is nothing', async () => {
    await using rig = await withRuns(history.slice(0, 3));
    const { stdout } = await rig.lockstep(['runs', 'list']);
    expect(stdout.replaceAll(/\d{4}-\d\d-\d\d/g, '<day>')).toMatchInlineSnapshot(`
      "RUN       STAGE    STATUS       STARTED   TOOK  METRICS   PARAMS
      bbbb1000  prepare  FAILED    <day>  250ms
      aaaa2000  train    FINISHED  <day>  250ms  acc=0.95  lr=0.01
      aaaa1000  train    FINISHED  <day>  250ms  acc=0.8   lr=0.1
      "
    `);
    const none = await rig.lockstep(['runs', 'list', '--stage', 'absent']);
    expect(none).toEqual({ code: 0, stdout: '', stderr: 'no such runs\n' });
    await using empty = await project({ 'pipeline.yaml': 'stages: {}\n' });
    expect(await empty.lockstep(['runs', 'list'])).toEqual({
      code: 0,
      stdout: '',
      stderr: 'no runs are recorded yet\n',
    });
    expect((await empty.lockstep(['runs', 'list', '--json'])).stdout).toBe('{"runs":[]}\n');
  });

  it('is CSV with a column for every param and metric', async () => {
    const odd = bareRun(5, { id: id('dddd1'), params: [{ key: 'a,b', value: '"say \\"hi\\""' as Literal }] });
    await using rig = await withRuns([...history.slice(0, 1), odd]);
    const { stdout } = await rig.lockstep(['runs', 'list', '--csv']);
    const { startTime, endTime } = history[0] ?? odd;
    expect(stdout.split('\r\n')).toEqual([
      'id,stage,status,startTime,endTime,gitSha,dirty,"params.a,b",params.lr,metrics.acc',
      `${odd.id},train,FINISHED,${odd.startTime},${odd.endTime},,,"say ""hi""",,`,
      `${id('aaaa1')},train,FINISHED,${startTime},${endTime},,,,0.1,0.8`,
      '',
    ]);
  });

  it('names the file where two files have a stage of one name', async () => {
    await using rig = await withRuns([
      bareRun(1),
      bareRun(2, { file: 'sub/pipeline.yaml' }),
      bareRun(3, { stage: 'one' }),
    ]);
    const { stdout } = await rig.lockstep(['runs', 'list', '--json']);
    const stages = (JSON.parse(stdout) as { runs: { stage: string }[] }).runs.map(({ stage }) => stage);
    expect(stages).toEqual(['one', 'sub/pipeline.yaml:train', 'pipeline.yaml:train']);
  });

  it.each([
    [['--where', 'metrics.acc >'], '--where:1:14: expected a value'],
    [['--sort', 'metrcs.acc'], 'did you mean metrics?'],
    [['--status', 'done'], "no status 'done'"],
    [['-n', 'many'], "not 'many'"],
    [['--json', '--csv'], 'exclude each other'],
  ])('%j is a wrong request', async (args, message) => {
    await using rig = await withRuns(history);
    const { code, stdout, stderr } = await rig.lockstep(['runs', 'list', ...args]);
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
    expect(stderr).toContain(message);
  });

  it('names a damaged database and the way out', async () => {
    await using rig = await withRuns(history);
    writeFileSync(rig.path('.lockstep/lockstep.db'), 'no database '.repeat(1000));
    const { code, stderr } = await rig.lockstep(['runs', 'list']);
    expect(code).toBe(2);
    expect(stderr).toContain(rig.path('.lockstep/lockstep.db'));
    expect(stderr).toContain('hint: move it aside (mv ');
  });
});
