import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { localExecutor } from '../../src/executors/local.ts';
import { bundleProgram } from '../support/bundle.ts';
import { ExecutorRig, lives, untilGone } from '../support/executor-rig.ts';
import { executorContract } from './executor.ts';
import { executorEndingContract } from './executor-ending.ts';

describe('local executor', () => {
  executorContract(localExecutor);
  executorEndingContract(localExecutor);
});

describe.runIf(existsSync('/proc/self/fd'))('local executor with a process that starts others', () => {
  const directory = mkdtempSync(join(tmpdir(), 'lockstep-launcher-'));
  const file = join(directory, 'launcher.mjs');
  const launched = () => localExecutor({ launcher: { file, after: 0 } });
  beforeAll(async () => {
    const source = join(import.meta.dirname, '../../src/executors');
    await bundleProgram("import './launch-process.ts';", { directory: source, outfile: file });
  });
  afterAll(() => rmSync(directory, { recursive: true, force: true }));

  executorContract(launched);
  executorEndingContract(launched);

  it('starts the stage from there', async () => {
    using rig = new ExecutorRig(launched());
    const { stdout } = await rig.run("tr '\\0' ' ' < /proc/$PPID/cmdline");
    expect(stdout).toContain('launcher.mjs');
  });

  it('a stage whose starter was killed is ended and not called done', async () => {
    using rig = new ExecutorRig(launched());
    rig.fifo('hold');
    rig.fifo('here');
    const running = rig.start('echo $$ $PPID > here; read x < hold; echo done');
    const [stage = '', starter = ''] = (await rig.hear('here')).split(' ');
    process.kill(Number(starter), 'SIGKILL');
    expect(await running.finished).toMatchObject({ kind: 'not-started' });
    await untilGone(stage);
    expect(await lives(starter)).toBe(false);
    expect(running.stdout()).toBe('');
  });
});
