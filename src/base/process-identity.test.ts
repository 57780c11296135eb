import { existsSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { ExecutorRig } from '../../test/support/executor-rig.ts';
import { localExecutor } from '../executors/local.ts';
import { type ProcessTable, procTable, psTable } from './process-identity.ts';

const tables: [string, ProcessTable][] = [['ps', psTable]];
if (existsSync('/proc/self/stat')) tables.unshift(['/proc', procTable]);

describe.each(tables)('processes by %s', (_, table) => {
  it('finds a process with its group, and the same start time each time', async () => {
    using rig = new ExecutorRig(localExecutor());
    rig.fifo('ready');
    rig.start(`sh -c 'echo $PPID $$ >ready; sleep 1000; :'; :`);
    const [leader, child] = (await rig.hear('ready')).split(' ').map(Number);
    if (!leader || !child) throw new Error('the script did not say who it is');
    const found = await table.find(child);
    expect(found).toMatchObject({ pid: child, group: leader, zombie: false, startTime: expect.stringMatching(/\d/) });
    expect((await table.find(child))?.startTime).toBe(found?.startTime);
    const listed = await table.list();
    expect(listed.filter((info) => info.group === leader).map((info) => info.pid)).toEqual(
      expect.arrayContaining([leader, child]),
    );
  });

  it('finds nothing where no process is', async () => {
    expect(await table.find(2 ** 30)).toBeUndefined();
    expect(await table.hasVariable(2 ** 30, 'A', 'b')).toBe(false);
  });

  it('knows what a process was started with', async () => {
    using rig = new ExecutorRig(localExecutor());
    rig.fifo('ready');
    rig.start('echo $$ >ready; sleep 1000; :', { env: { PATH: '/usr/bin:/bin', ONE: 'two' } });
    const pid = Number(await rig.hear('ready'));
    const ask = (name: string, value: string) => table.hasVariable(pid, name, value);
    expect(await Promise.all([ask('ONE', 'two'), ask('ONE', 'tw'), ask('NE', 'two')])).toEqual([true, false, false]);
  });

  it.skipIf(table !== procTable)('reads a program name with blanks and parentheses right', async () => {
    using rig = new ExecutorRig(localExecutor());
    rig.fifo('ready');
    rig.start(`cp /bin/sh ') S (0'; exec './) S (0' -c 'echo $$ >ready; sleep 1000; :'`);
    const pid = Number(await rig.hear('ready'));
    expect(await table.find(pid)).toMatchObject({ pid, group: pid, session: pid });
  });
});
