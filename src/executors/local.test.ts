import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { describe, expect, it, vi } from 'vitest';
import { ExecutorRig, lives, RUN, untilGone } from '../../test/support/executor-rig.ts';
import { kill, NodeProgram } from '../../test/support/node-program.ts';
import { processTable } from '../base/process-identity.ts';
import { localExecutor } from './local.ts';

const linux = existsSync('/proc/self/stat');

describe('the record of a running stage', () => {
  it('is there before the first command, tells whom to look for, and is gone at the end', async () => {
    using rig = new ExecutorRig(localExecutor());
    const running = rig.start('echo $$; cat running/stage.json', { record: { stage: 'train', log: '/a/b' } });
    await running.finished;
    const [pid, json] = running.stdout().split('\n');
    expect(JSON.parse(json ?? '')).toEqual({
      stage: 'train',
      log: '/a/b',
      runId: RUN,
      pid: Number(pid),
      startTime: expect.stringMatching(/./),
      ...(linux ? { bootId: processTable().bootId() } : {}),
    });
    expect(readdirSync(dirname(rig.recordFile))).toEqual([]);
  });

  it('stays while something of the stage still runs', async () => {
    using rig = new ExecutorRig(localExecutor());
    rig.fifo('dying');
    rig.fifo('hold');
    const running = rig.start(`(trap 'echo >dying; read x <hold; exit' TERM; while :; do sleep 0.1; done) & :`);
    await rig.hear('dying');
    expect(existsSync(rig.recordFile)).toBe(true);
    await rig.letGo('hold');
    await running.finished;
    expect(existsSync(rig.recordFile)).toBe(false);
  });

  it('is removed with the files of long scripts, also after a failure', async () => {
    using rig = new ExecutorRig(localExecutor());
    await rig.run(['true', `ls running; false # ${'x'.repeat(200_000)}`]);
    expect(readdirSync(dirname(rig.recordFile))).toEqual([]);
  });

  it('that cannot be written keeps the stage from running', async () => {
    using rig = new ExecutorRig(localExecutor());
    writeFileSync(rig.path('running'), 'a file in the way');
    const { exit } = await rig.run('touch ran');
    expect(exit).toEqual({ kind: 'not-started', message: expect.stringMatching(/^cannot record the process: E/) });
    expect(rig.exists('ran')).toBe(false);
  });
});

it('says so when the shell is missing', async () => {
  using rig = new ExecutorRig(localExecutor({ shell: '/no/such/shell' }));
  const { exit } = await rig.run('true');
  expect(exit).toEqual({
    kind: 'not-started',
    message: expect.stringMatching(/^cannot start \/no\/such\/shell: .*ENOENT/),
  });
});

it('does not wait for a daemon that has left the session, though it holds the output', async (context) => {
  if (!existsSync('/usr/bin/setsid')) context.skip('setsid is not installed');
  using rig = new ExecutorRig(localExecutor());
  rig.fifo('hold');
  const { exit, stdout } = await rig.run(`setsid sh -c 'echo $$ >pid; mv pid daemon; read x <hold' &
    until test -f daemon; do :; done; echo out`);
  expect({ exit, stdout }).toEqual({ exit: { kind: 'exited', code: 0 }, stdout: 'out\n' });
  expect(await lives(rig.read('daemon'))).toBe(true);
  await rig.letGo('hold');
  await untilGone(rig.read('daemon'));
});

it.skipIf(!linux)('holds no more descriptors after a hundred stages than after ten', async () => {
  using rig = new ExecutorRig(localExecutor());
  const open = () => readdirSync('/proc/self/fd').length;
  const runMany = async (count: number) => {
    for (let n = 0; n < count; n++) await rig.run(n % 2 === 0 ? ':' : [':', ':'], n % 5 === 0 ? { cwd: '/no' } : {});
  };
  await runMany(10);
  const before = open();
  await runMany(100);
  // One lot of pipes, made ahead.
  expect(open()).toBeLessThanOrEqual(before + 48);
});

describe('when lockstep is killed', () => {
  const starter = `
    import { localExecutor } from './src/executors/local.ts';
    const [root, script] = process.argv.slice(2);
    const running = localExecutor().start({
      run: '${RUN}', scripts: [script], cwd: root, env: { PATH: '/usr/bin:/bin', LOCKSTEP_RUN_ID: '${RUN}' },
      grace: 60000, recordFile: root + '/running/stage.json', record: {}, onOutput: () => {},
    });
    await running.finished;`;

  it.skipIf(!linux)('before it has recorded the stage, the stage runs nothing', async () => {
    using rig = new ExecutorRig(localExecutor());
    await using program = await NodeProgram.of(starter);
    await rig.run('mkdir -p running; rm -f running/*');
    // Whoever writes into a FIFO waits until somebody reads: lockstep hangs between the start and the record.
    rig.fifo('running/stage.json.tmp');
    const lockstep = program.start(rig.root, 'touch ran');
    const shell = await vi.waitFor(() => childOf(lockstep.pid), { timeout: 20_000, interval: 10 });
    await kill(lockstep);
    await untilGone(shell);
    expect(rig.exists('ran')).toBe(false);
  });

  it('afterwards, the stage goes on and its record stays', async () => {
    using rig = new ExecutorRig(localExecutor());
    await using program = await NodeProgram.of(starter);
    rig.fifo('ready');
    rig.fifo('hold');
    const lockstep = program.start(rig.root, 'echo >ready; read x <hold; echo $$ >done');
    await rig.hear('ready');
    await kill(lockstep);
    const { pid } = JSON.parse(readFileSync(rig.recordFile, 'utf8'));
    expect(await lives(pid)).toBe(true);
    await rig.letGo('hold');
    await untilGone(pid);
    expect(rig.read('done')).toBe(String(pid));
  });
});

/** The pid of a shell that waits at its gate. */
function childOf(parent: number): number {
  const [pid] = readFileSync(`/proc/${parent}/task/${parent}/children`, 'utf8').trim().split(' ');
  if (!pid || !readFileSync(`/proc/${pid}/cmdline`, 'utf8').includes('lockstep_go')) throw new Error('no shell yet');
  return Number(pid);
}
