import { type ChildProcess, type StdioOptions, spawn } from 'node:child_process';
import { mkdirSync, renameSync, statSync, unlinkSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { isErrno } from '../base/error.ts';
import { processTable } from '../base/process-identity.ts';
import { type Channels, type Gate, type OurEnds, openChannels } from './channels.ts';
import type { Execution, Executor, Exit, Task } from './executor.ts';
import { pipeSource, type TakePipes } from './fifo.ts';
import { findLaunchProgram, type Launched, type Launcher, openLauncher } from './launcher.ts';
import { type Delivery, deliver } from './output-delivery.ts';
import { endSession, groupExists } from './process-group.ts';
import { type ShellCommand, shellCommand } from './shell-command.ts';

export interface LocalOptions {
  readonly shell?: string;
  /** The program that starts processes for us once there were many, and how many that is. */
  readonly launcher?: { readonly file: string | undefined; readonly after: number };
}

/** So many tasks are begun before a process that only starts others has paid for its own start. */
const MANY = 16;

/** Runs stages on this machine. */
export function localExecutor({ shell = '/bin/sh', launcher }: LocalOptions = {}): Executor {
  const takePipes = pipeSource();
  const { file, after } = launcher ?? { file: findLaunchProgram(), after: MANY };
  const launching: Launching = { ready: undefined };
  let count = 0;
  return {
    name: 'local',
    start(task): Execution {
      const stop = new AbortController();
      count += 1;
      if (count === after + 1 && file !== undefined) {
        const opened = openLauncher({ file, env: task.env });
        void opened.then((ready) => {
          launching.ready = ready;
        });
        // Where every task is to go that way, as tests wish, the first waits for it.
        if (after === 0) launching.first = opened;
      }
      const finished = perform(task, { shell, takePipes, launching, stop: stop.signal });
      return { finished, stop: () => stop.abort() };
    },
  };
}

interface Launching {
  ready: Launcher | undefined;
  first?: Promise<unknown>;
}

interface Means {
  readonly shell: string;
  readonly launching: Launching;
  readonly takePipes: TakePipes;
  readonly stop: AbortSignal;
}

/** A shell that waits at its gate. */
interface Started {
  readonly kind: 'started';
  readonly pid: number;
  readonly gate: Gate;
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
  for (const file of [task.recordFile, ...command.files.keys()]) removeFile(file);
  return ending;
}

async function start(task: Task, command: ShellCommand, means: Means): Promise<Started | NotStarted> {
  const texts = [task.cwd, ...task.scripts, ...Object.entries(task.env).flat()];
  if (texts.some((text) => text.includes('\0'))) {
    return { kind: 'not-started', message: 'a command or its environment contains a NUL character' };
  }
  try {
    const channels = await openChannels(means.takePipes, dirname(task.recordFile));
    try {
      await means.launching.first;
      const begun = await begin(task, { shell: means.shell, command, channels, launcher: means.launching.ready });
      return { kind: 'started', pid: begun.pid, exit: begun.exit, ...connect(channels.attach(begun.child), task) };
    } catch (error) {
      channels.discard();
      throw error;
    }
  } catch (error) {
    return { kind: 'not-started', message: explain(error, task, means.shell) };
  }
}

interface Beginning {
  readonly shell: string;
  readonly command: ShellCommand;
  readonly channels: Channels;
  readonly launcher: Launcher | undefined;
}

interface Begun extends Launched {
  /** Undefined where another process is its parent. */
  readonly child: ChildProcess | undefined;
}

async function begin({ cwd, env }: Task, { shell, command, channels, launcher }: Beginning): Promise<Begun> {
  const { args } = command;
  const descriptors = channels.stdio.filter((one) => one !== 'pipe');
  if (launcher !== undefined && descriptors.length === channels.stdio.length) {
    return { child: undefined, ...(await launcher.launch({ shell, args, cwd, env, descriptors })) };
  }
  const stdio: StdioOptions = ['ignore', ...channels.stdio];
  // Not execa: it adds two milliseconds of CPU per process, and all that it is good at is done otherwise here.
  const child = spawn(shell, args, { cwd, env: { ...env }, detached: true, stdio });
  return { child, pid: await pidOf(child), exit: exitOf(child) };
}

/** Rejects with what kept the process from starting. */
function pidOf(child: ChildProcess): Promise<number> {
  return new Promise((resolve, reject) => {
    // Stays listening: without a listener a later error would end lockstep.
    child.on('error', reject);
    if (child.pid !== undefined) resolve(child.pid);
  });
}

function exitOf(child: ChildProcess): Promise<Exit> {
  return new Promise((resolve) => {
    child.once('exit', (code, signal) =>
      resolve(signal === null ? { kind: 'exited', code: code ?? 0 } : { kind: 'signalled', signal }),
    );
  });
}

function connect({ gate, stdout, stderr }: OurEnds, task: Task): Pick<Started, 'gate' | 'output'> {
  return { gate, output: deliver({ stdout, stderr }, task.onOutput) };
}

interface Release {
  readonly command: ShellCommand;
  readonly started: Started;
  readonly stop: AbortSignal;
}

/** Writes down whom to look for, and only then opens the gate. */
async function release(task: Task, { command, started, stop }: Release): Promise<NotStarted | undefined> {
  const { pid, gate } = started;
  try {
    for (const [path, text] of command.files) writeWhole(path, text);
    const table = processTable();
    const startTime = (await table.find(pid))?.startTime;
    const group = { runId: task.run, pid, startTime, bootId: table.bootId() };
    writeWhole(task.recordFile, JSON.stringify({ ...task.record, ...group }));
    if (stop.aborted) gate.close();
    else gate.open();
    return undefined;
  } catch (error) {
    gate.close();
    const reason = error instanceof Error ? error.message : String(error);
    return { kind: 'not-started', message: `cannot record the process: ${reason}` };
  }
}

/** As a whole or not at all. Without syncing: after a power cut nothing is left to be found. */
function writeWhole(path: string, text: string): void {
  const temporary = `${path}.tmp`;
  try {
    writeFileSync(temporary, text);
  } catch (error) {
    if (!isErrno(error, 'ENOENT')) throw error;
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(temporary, text);
  }
  renameSync(temporary, path);
}

/** At the end of a stage there is nobody to tell that a record could not be removed; whoever finds it finds it dead. */
function removeFile(path: string): void {
  try {
    unlinkSync(path);
  } catch {}
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
