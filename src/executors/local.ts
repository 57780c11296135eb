import { type ChildProcess, spawn } from 'node:child_process';
import { closeSync, rmSync, statSync } from 'node:fs';
import type { Readable } from 'node:stream';
import { writeFileAtomic } from '../base/atomic-file.ts';
import { isErrno } from '../base/error.ts';
import { processTable } from '../base/process-identity.ts';
import type { Execution, Executor, Exit, Task } from './executor.ts';
import { type Delivery, deliver } from './output-delivery.ts';
import { type OutputPipe, pipeSource, type TakePipes } from './output-pipe.ts';
import { endSession, groupExists } from './process-group.ts';
import { type ShellCommand, shellCommand } from './shell-command.ts';

export interface LocalOptions {
  readonly shell?: string;
}

/** Runs stages on this machine. */
export function localExecutor({ shell = '/bin/sh' }: LocalOptions = {}): Executor {
  const takePipes = pipeSource();
  return {
    name: 'local',
    start(task): Execution {
      const stop = new AbortController();
      const finished = perform(task, { shell, takePipes, stop: stop.signal });
      return { finished, stop: () => stop.abort() };
    },
  };
}

interface Means {
  readonly shell: string;
  readonly takePipes: TakePipes;
  readonly stop: AbortSignal;
}

/** A shell that waits at its gate. */
interface Started {
  readonly kind: 'started';
  readonly child: ChildProcess;
  readonly pid: number;
  readonly output: Delivery;
  readonly exit: Promise<Exit>;
}

type NotStarted = Extract<Exit, { kind: 'not-started' }>;

async function perform(task: Task, means: Means): Promise<Exit> {
  const command = shellCommand(means.shell, task.scripts, task.recordFile);
  const started = await start(task, command, means);
  if (started.kind === 'not-started') return started;
  const refusal = await release(task, { command, started, stop: means.stop });
  const ending = refusal ?? (await firstOf(task, started.exit, means.stop));
  await endAll(started, ending, task.grace);
  rmSync(task.recordFile, { force: true });
  for (const file of command.files.keys()) rmSync(file, { force: true });
  return ending;
}

async function start(task: Task, command: ShellCommand, means: Means): Promise<Started | NotStarted> {
  const texts = [task.cwd, ...task.scripts, ...Object.entries(task.env).flat()];
  if (texts.some((text) => text.includes('\0'))) {
    return { kind: 'not-started', message: 'a command or its environment contains a NUL character' };
  }
  let pipes: readonly OutputPipe[] | undefined;
  try {
    pipes = await means.takePipes();
    const child = spawn(means.shell, command.args, {
      cwd: task.cwd,
      env: { ...task.env },
      detached: true,
      stdio: ['ignore', pipes?.[0]?.childEnd ?? 'pipe', pipes?.[1]?.childEnd ?? 'pipe', 'pipe'],
    });
    return await settled(child, [pipes?.[0]?.reader ?? child.stdout, pipes?.[1]?.reader ?? child.stderr], task);
  } catch (error) {
    for (const pipe of pipes ?? []) pipe.reader.destroy();
    return { kind: 'not-started', message: explain(error, task, means.shell) };
  } finally {
    for (const pipe of pipes ?? []) closeSync(pipe.childEnd);
  }
}

/** Resolves when the process is there; rejects with what kept it from starting. */
function settled(child: ChildProcess, readers: readonly (Readable | null)[], task: Task): Promise<Started> {
  const [stdout, stderr] = readers;
  return new Promise((resolve, reject) => {
    // Stays listening: without a listener a later error would end lockstep.
    child.on('error', reject);
    const { pid } = child;
    if (pid === undefined || !stdout || !stderr) return;
    const exit = new Promise<Exit>((done) => {
      child.once('exit', (code, signal) =>
        done(signal === null ? { kind: 'exited', code: code ?? 0 } : { kind: 'signalled', signal }),
      );
    });
    resolve({ kind: 'started', child, pid, exit, output: deliver({ stdout, stderr }, task.onOutput) });
  });
}

interface Release {
  readonly command: ShellCommand;
  readonly started: Started;
  readonly stop: AbortSignal;
}

/** Writes down whom to look for, and only then opens the gate. */
async function release(task: Task, { command, started, stop }: Release): Promise<NotStarted | undefined> {
  const gate = started.child.stdio[3];
  if (!gate || !('end' in gate)) throw new Error('the child has no gate');
  // The shell may have died meanwhile; its exit says so.
  gate.on('error', () => {});
  try {
    for (const [path, text] of command.files) writeFileAtomic(path, text, { durable: false });
    const table = processTable();
    const startTime = (await table.find(started.pid))?.startTime;
    const group = { runId: task.run, pid: started.pid, startTime, bootId: table.bootId() };
    writeFileAtomic(task.recordFile, JSON.stringify({ ...task.record, ...group }), { durable: false });
  } catch (error) {
    gate.destroy();
    return { kind: 'not-started', message: error instanceof Error ? error.message : String(error) };
  }
  if (stop.aborted) gate.destroy();
  else gate.end('go\n');
  return undefined;
}

/** The longest delay that a timer takes; a longer one would fire at once. */
const LONGEST_DELAY = 2 ** 31 - 1;

function firstOf(task: Task, exit: Promise<Exit>, stop: AbortSignal): Promise<Exit> {
  const { timeout } = task;
  return new Promise((resolve) => {
    const onStop = () => finish({ kind: 'stopped' });
    const timer =
      timeout === undefined
        ? undefined
        : setTimeout(() => finish({ kind: 'timed-out', after: timeout }), Math.min(timeout, LONGEST_DELAY));
    function finish(ending: Exit): void {
      clearTimeout(timer);
      stop.removeEventListener('abort', onStop);
      resolve(ending);
    }
    if (stop.aborted) return onStop();
    stop.addEventListener('abort', onStop);
    void exit.then(finish);
  });
}

async function endAll({ pid, exit, output }: Started, ending: Exit, grace: number): Promise<void> {
  if (ending.kind === 'stopped' || ending.kind === 'timed-out') await endSession(pid, { grace });
  await exit;
  // Listing all processes costs milliseconds, so the cheap question comes first: nearly always nobody is left.
  if (groupExists(pid)) await endSession(pid, { grace });
  if (await output.drained()) return;
  // Somebody outside the group still holds the pipes.
  await endSession(pid, { grace });
  await output.drained();
  output.close();
}

function explain(error: unknown, task: Task, shell: string): string {
  if (isErrno(error, 'E2BIG')) return 'the command and its environment are too long for this system';
  const reason = error instanceof Error ? error.message : String(error);
  if (!isErrno(error, 'ENOENT', 'ENOTDIR')) return `cannot start ${shell} in ${task.cwd}: ${reason}`;
  const directory = statSync(task.cwd, { throwIfNoEntry: false });
  if (directory === undefined) return `the working directory does not exist: ${task.cwd}`;
  if (!directory.isDirectory()) return `the working directory is not a directory: ${task.cwd}`;
  return `cannot start ${shell}: ${reason}`;
}
