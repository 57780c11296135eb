import { describe, expect, it } from 'vitest';
import type { Executor } from '../../src/executors/executor.ts';
import { ExecutorRig, lives } from '../support/executor-rig.ts';

/** What every executor promises of the end of a stage: nothing of it is left. */
export function executorEndingContract(makeExecutor: () => Executor): void {
  const executor = makeExecutor();

  describe('stopping', () => {
    it('ends children and grandchildren', async () => {
      using rig = new ExecutorRig(executor);
      rig.fifo('ready');
      const running = rig.start(`sh -c 'sh -c "echo \\$\\$ >ready; sleep 1000; :"; :'; echo not reached`);
      const grandchild = await rig.hear('ready');
      expect(await lives(grandchild)).toBe(true);
      running.stop();
      expect(await running.finished).toEqual({ kind: 'stopped' });
      expect(await lives(grandchild)).toBe(false);
      expect(running.stdout()).toBe('');
    });

    it('ends a child that has made a process group of its own', async () => {
      using rig = new ExecutorRig(executor);
      rig.fifo('ready');
      const running = rig.start(`timeout 1000 sh -c 'echo $$ >ready; sleep 1000; :'; :`);
      const child = await rig.hear('ready');
      running.stop();
      expect(await running.finished).toEqual({ kind: 'stopped' });
      expect(await lives(child)).toBe(false);
    });

    it('gives a script the time to clean up', async () => {
      using rig = new ExecutorRig(executor);
      rig.fifo('ready');
      const running = rig.start(`trap 'echo cleaned >cleaned; exit 0' TERM; echo >ready; sleep 1000`);
      await rig.hear('ready');
      running.stop();
      expect(await running.finished).toEqual({ kind: 'stopped' });
      expect(rig.read('cleaned')).toBe('cleaned');
    });

    it('kills what ignores the request, after the grace time', async () => {
      using rig = new ExecutorRig(executor);
      rig.fifo('ready');
      const running = rig.start(`trap '' TERM; echo $$ >ready; while :; do sleep 1; done`, { grace: 50 });
      const child = await rig.hear('ready');
      running.stop();
      expect(await running.finished).toEqual({ kind: 'stopped' });
      expect(await lives(child)).toBe(false);
    });

    it('before anything has run runs nothing', async () => {
      using rig = new ExecutorRig(executor);
      const running = rig.start('touch ran');
      running.stop();
      running.stop();
      expect(await running.finished).toEqual({ kind: 'stopped' });
      expect(rig.exists('ran')).toBe(false);
    });

    it('changes nothing after the end', async () => {
      using rig = new ExecutorRig(executor);
      const running = rig.start('exit 3');
      await running.finished;
      running.stop();
      expect(await running.finished).toEqual({ kind: 'exited', code: 3 });
    });
  });

  it('ends a stage that takes longer than its timeout', async () => {
    using rig = new ExecutorRig(executor);
    const running = rig.start(`echo $$; sleep 1000; :`, { timeout: 300 });
    expect(await running.finished).toEqual({ kind: 'timed-out', after: 300 });
    expect(await lives(running.stdout() || 0)).toBe(false);
  });

  it('takes a timeout of a year for what it is', async () => {
    using rig = new ExecutorRig(executor);
    rig.fifo('hold');
    const running = rig.start('read x <hold', { timeout: 365 * 24 * 3600 * 1000 });
    await rig.letGo('hold');
    expect(await running.finished).toEqual({ kind: 'exited', code: 0 });
  });

  it.each([
    ['holds the output', ''],
    ['has turned away from the output', '>/dev/null 2>&1'],
  ])('ends what a script leaves behind in the background and %s', async (_, redirection) => {
    using rig = new ExecutorRig(executor);
    const { exit, stdout } = await rig.run(`sleep 1000 ${redirection} & echo $!`);
    expect(exit).toEqual({ kind: 'exited', code: 0 });
    expect(await lives(stdout)).toBe(false);
  });

  it('kills what is left behind and ignores the request', async () => {
    using rig = new ExecutorRig(executor);
    const { exit, stdout } = await rig.run(`(trap '' TERM; while :; do sleep 1; done) & echo $!`, { grace: 50 });
    expect(exit).toEqual({ kind: 'exited', code: 0 });
    expect(await lives(stdout)).toBe(false);
  });

  it('ends what is left behind in a group of its own and holds the output', async () => {
    using rig = new ExecutorRig(executor);
    const { stdout } = await rig.run(`timeout 1000 sh -c 'echo $$ >pid; mv pid pid2; sleep 1000; :' &
      until test -f pid2; do :; done; cat pid2`);
    expect(await lives(stdout)).toBe(false);
  });
}
