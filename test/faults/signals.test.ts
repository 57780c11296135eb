import { describe, expect, test } from 'vitest';
import { lockedOuts, runsByStatus } from './proofs.ts';
import { type Running, until, type Workspace, workspace } from './support.ts';

/** `long` has a child, a grandchild, and one that ignores TERM; once there is a file `go` it is quickly done. */
const FILES = {
  'pipeline.yaml': `stages:
  first: {cmd: cp in.txt first.txt, deps: [in.txt], outs: [first.txt]}
  long:
    cmd: |
      cp first.txt long.txt
      test -e go && exit
      (sh -c 'sleep 600 & sleep 600' &)
      (trap '' TERM; while :; do sleep 1; done) &
      trap 'touch asked-to-end' TERM
      touch started
      while :; do sleep 1 & wait; done
    deps: [first.txt]
    outs: [long.txt]
  after: {cmd: cp long.txt after.txt, deps: [long.txt], outs: [after.txt]}
`,
  'in.txt': 'hello\n',
  '.lockstep/config.yaml': 'grace: 0.3\n',
};

async function startLong(w: Workspace): Promise<Running> {
  const running = w.start('repro', '--json');
  await until('the long stage to run', () => w.has('started'));
  await until('the first one to be recorded', () => lockedOuts(w).has('first'));
  return running;
}

async function statuses(w: Workspace): Promise<Record<string, string>> {
  const { stdout } = await w.run('runs', 'list', '--json');
  const { runs } = JSON.parse(stdout) as { runs: { stage: string; status: string }[] };
  return Object.fromEntries(runs.map(({ stage, status }) => [stage, status]));
}

describe('an interrupted repro', () => {
  test.each(['SIGINT', 'SIGTERM', 'SIGHUP'] as const)(
    '%s ends all it started and keeps what is done',
    async (signal) => {
      await using w = workspace(FILES);
      const running = await startLong(w);
      expect((await w.stageProcesses()).length).toBeGreaterThanOrEqual(4);
      running.send(signal);
      expect((await running.ended).code).toBe(130);
      expect(await w.stageProcesses()).toEqual([]);
      expect(await statuses(w)).toEqual({ first: 'FINISHED', long: 'KILLED' });
      expect(runsByStatus(w)).toEqual({ FINISHED: 1, KILLED: 2 });
      expect([...lockedOuts(w).keys()]).toEqual(['first']);
      w.write('go', '');
      expect(await w.repro()).toEqual({ kept: ['first'], ran: ['after', 'long'] });
    },
  );

  test('a second Ctrl-C changes nothing about its orderly end', async () => {
    await using w = workspace({ ...FILES, '.lockstep/config.yaml': 'grace: 1\n' });
    const running = await startLong(w);
    running.send('SIGINT');
    await until('the stage to be asked to end', () => w.has('asked-to-end'));
    running.send('SIGINT');
    expect((await running.ended).code).toBe(130);
    expect(await w.stageProcesses()).toEqual([]);
    expect(runsByStatus(w)).toEqual({ FINISHED: 1, KILLED: 2 });
  });

  test('a third one ends it at once, and the next repro ends what was left', async () => {
    await using w = workspace({ ...FILES, '.lockstep/config.yaml': 'grace: 600\n' });
    const running = await startLong(w);
    running.send('SIGINT');
    await until('the stage to be asked to end', () => w.has('asked-to-end'));
    running.send('SIGINT');
    running.send('SIGTERM');
    expect((await running.ended).code).toBe(130);
    expect(await w.stageProcesses()).not.toEqual([]);
    w.write('.lockstep/config.yaml', 'grace: 0.1\n');
    w.write('go', '');
    expect(await w.repro()).toEqual({ kept: ['first'], ran: ['after', 'long'] });
    expect(await w.stageProcesses()).toEqual([]);
    expect(runsByStatus(w)).toEqual({ FINISHED: 4, KILLED: 2 });
  });

  test('waiting for another one, it leaves that one alone', async () => {
    await using w = workspace(FILES);
    const holder = await startLong(w);
    const second = w.start('repro', '--json');
    await second.event('a wait', ({ event }) => event === 'waiting');
    second.send('SIGINT');
    expect(await second.ended).toMatchObject({ code: 130, signal: null });
    expect(holder.isOver).toBe(false);
    expect(await w.stageProcesses()).not.toEqual([]);
  });
});
