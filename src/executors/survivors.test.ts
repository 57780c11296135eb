import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { describe, expect, it } from 'vitest';
import { ExecutorRig, lives, RUN } from '../../test/support/executor-rig.ts';
import { type ProcessTable, procTable, psTable } from '../base/process-identity.ts';
import { localExecutor } from './local.ts';
import { signalGroup } from './process-group.ts';
import { endSurvivors, type Survivor } from './survivors.ts';

const tables: [string, ProcessTable][] = [['ps', psTable]];
if (existsSync('/proc/self/stat')) tables.unshift(['/proc', procTable]);

/** For what a survivor looks like it does not matter whether the lockstep that started it is dead. */
describe.each(tables)('with the processes listed by %s', (_, table) => {
  const options = { grace: 60_000, table };

  /** A record as it stands while the script runs. The start time is this table's. */
  async function recorded(rig: ExecutorRig, change: Record<string, unknown> = {}): Promise<number> {
    const record = JSON.parse(readFileSync(rig.recordFile, 'utf8'));
    const startTime = (await table.find(record.pid))?.startTime;
    writeFileSync(rig.recordFile, JSON.stringify({ ...record, startTime, ...change }));
    return record.pid;
  }

  it('ends a group whose leader is the recorded one, and its grandchildren', async () => {
    using rig = new ExecutorRig(localExecutor());
    rig.fifo('ready');
    const running = rig.start(`sh -c 'echo $$ >ready; sleep 1000; :'; :`, { record: { stage: 'train' } });
    const child = await rig.hear('ready');
    const pid = await recorded(rig);
    const told: Survivor[] = [];
    const survivors = await endSurvivors(dirname(rig.recordFile), { ...options, onSurvivor: (one) => told.push(one) });
    expect(survivors).toEqual([{ pid, alive: true, record: expect.objectContaining({ stage: 'train', runId: RUN }) }]);
    expect(told).toEqual(survivors);
    expect([await lives(pid), await lives(child)]).toEqual([false, false]);
    expect(readdirSync(dirname(rig.recordFile))).toEqual([]);
    expect(await running.finished).toEqual({ kind: 'signalled', signal: 'SIGTERM' });
  });

  it('kills after the grace time', async () => {
    using rig = new ExecutorRig(localExecutor());
    rig.fifo('ready');
    rig.start(`trap '' TERM; echo >ready; while :; do sleep 1; done`);
    await rig.hear('ready');
    const pid = await recorded(rig);
    await endSurvivors(dirname(rig.recordFile), { ...options, grace: 50 });
    expect(await lives(pid)).toBe(false);
  });

  it('leaves a process alone that was given the same pid later', async () => {
    using rig = new ExecutorRig(localExecutor());
    rig.fifo('ready');
    const running = rig.start('echo >ready; sleep 1000');
    await rig.hear('ready');
    const pid = await recorded(rig, { startTime: 'Thu Jan  1 00:00:00 1970' });
    const told: Survivor[] = [];
    const survivors = await endSurvivors(dirname(rig.recordFile), { ...options, onSurvivor: (one) => told.push(one) });
    expect(survivors).toMatchObject([{ pid, alive: false }]);
    expect(told).toEqual([]);
    expect(await lives(pid)).toBe(true);
    expect(existsSync(rig.recordFile)).toBe(false);
    running.stop();
    await running.finished;
  });

  it('ends a group whose leader is dead, by the mark in the environment of its members', async () => {
    using rig = new ExecutorRig(localExecutor());
    using group = await leaderless(rig);
    rig.write('running/stage.json', JSON.stringify({ runId: RUN, pid: group.leader }));
    const survivors = await endSurvivors(dirname(rig.recordFile), options);
    expect(survivors).toMatchObject([{ pid: group.leader, alive: true }]);
    expect(await lives(group.member)).toBe(false);
  });

  it('leaves a group alone whose leader is dead and whose members show no such mark', async () => {
    using rig = new ExecutorRig(localExecutor());
    using group = await leaderless(rig);
    rig.write('running/stage.json', JSON.stringify({ runId: 'f'.repeat(32), pid: group.leader }));
    const survivors = await endSurvivors(dirname(rig.recordFile), options);
    expect(survivors).toMatchObject([{ pid: group.leader, alive: false }]);
    expect(await lives(group.member)).toBe(true);
  });
});

/** A process group whose leader has left a member behind. */
async function leaderless(rig: ExecutorRig): Promise<Disposable & { leader: number; member: number }> {
  rig.fifo('ready');
  const leader = spawn('/bin/sh', ['-c', `sh -c 'echo $$ >ready; sleep 1000; :' & :`], {
    cwd: rig.root,
    detached: true,
    stdio: 'ignore',
    env: { PATH: '/usr/bin:/bin', LOCKSTEP_RUN_ID: RUN },
  });
  const [member] = await Promise.all([rig.hear('ready'), once(leader, 'exit')]);
  const pid = leader.pid ?? 0;
  return { leader: pid, member: Number(member), [Symbol.dispose]: () => signalGroup(pid, 'SIGKILL') };
}

describe('records', () => {
  const options = { grace: 60_000 };

  it('of what is gone are given back and cleared away', async () => {
    using rig = new ExecutorRig(localExecutor());
    const { stdout } = await rig.run('cat running/stage.json');
    writeFileSync(rig.recordFile, stdout);
    const record = JSON.parse(stdout);
    const survivors = await endSurvivors(dirname(rig.recordFile), options);
    expect(survivors).toEqual([{ pid: record.pid, alive: false, record }]);
    expect(readdirSync(dirname(rig.recordFile))).toEqual([]);
  });

  it('from before the machine was started again name nobody', async () => {
    using rig = new ExecutorRig(localExecutor());
    rig.fifo('ready');
    rig.start('echo >ready; sleep 1000');
    await rig.hear('ready');
    const record = JSON.parse(readFileSync(rig.recordFile, 'utf8'));
    writeFileSync(rig.recordFile, JSON.stringify({ ...record, bootId: 'another' }));
    const [survivor] = await endSurvivors(dirname(rig.recordFile), { ...options, table: bootedAgain });
    expect(survivor?.alive).toBe(false);
    expect(await lives(record.pid)).toBe(true);
  });

  it('that are damaged, and what else a killed lockstep left, are cleared away; the files of others stay', async () => {
    using rig = new ExecutorRig(localExecutor());
    await rig.run('true');
    const names = ['empty.json', 'text.json', 'one.json', 'a.json.0.sh', 'b.json.tmp', 'c.json.1.sh.tmp', 'notes.txt'];
    for (const name of names) writeFileSync(rig.path(`running/${name}`), name === 'empty.json' ? '' : '{"pid": 1}');
    writeFileSync(rig.path('running/text.json'), 'nonsense');
    mkdirSync(rig.path('running/fifos-Ab3dEf'));
    rig.fifo('running/fifos-Ab3dEf/0');
    writeFileSync(rig.path('running/one.json'), JSON.stringify({ runId: RUN, pid: 1 }));
    expect(await endSurvivors(rig.path('running'), options)).toEqual([]);
    expect(readdirSync(rig.path('running'))).toEqual(['notes.txt']);
  });

  it('need not be there', async () => {
    using rig = new ExecutorRig(localExecutor());
    expect(await endSurvivors(rig.path('nowhere'), options)).toEqual([]);
  });
});

const bootedAgain: ProcessTable = {
  ...(existsSync('/proc/self/stat') ? procTable : psTable),
  bootId: () => 'this one',
};
