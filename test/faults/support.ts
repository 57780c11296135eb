import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { processTable } from '../../src/base/process-identity.ts';

/** The built program, as a user starts it. */
const PROGRAM = fileURLToPath(new URL('../../bin/lockstep.cjs', import.meta.url));

/** Milliseconds after which something that must come counts as not coming: far above what it takes on a busy machine. */
const DEADLINE = 30_000;

/** One line of `repro --json`. */
export interface Event {
  readonly event: string;
  readonly [field: string]: unknown;
}

export interface Ended {
  /** Null when a signal ended it. */
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** Looks again and again until there is an answer; fails, naming what was waited for, when none comes. */
export async function until<T>(what: string, look: () => T | undefined | false | Promise<T | undefined | false>) {
  for (const start = performance.now(); ; ) {
    const answer = await look();
    if (answer !== undefined && answer !== false) return answer;
    if (performance.now() - start > DEADLINE) throw new Error(`waited in vain for ${what}`);
    await pause(5);
  }
}

/** A lockstep that was started and may still be running. */
export class Running {
  readonly ended: Promise<Ended>;
  readonly #child: ChildProcess;
  readonly #what: string;
  #stdout = '';
  #stderr = '';
  #isOver = false;

  constructor(child: ChildProcess, what: string) {
    this.#child = child;
    this.#what = what;
    child.stdout?.setEncoding('utf8').on('data', (text: string) => {
      this.#stdout += text;
    });
    child.stderr?.setEncoding('utf8').on('data', (text: string) => {
      this.#stderr += text;
    });
    this.ended = new Promise((resolve, reject) => {
      child.once('error', reject);
      child.once('close', (code, signal) => {
        this.#isOver = true;
        resolve({ code, signal, stdout: this.#stdout, stderr: this.#stderr });
      });
    });
  }

  get pid(): number {
    if (this.#child.pid === undefined) throw new Error('lockstep could not be started');
    return this.#child.pid;
  }

  get isOver(): boolean {
    return this.#isOver;
  }

  get stderr(): string {
    return this.#stderr;
  }

  /** All events so far. */
  get events(): readonly Event[] {
    return eventsOf(this.#stdout);
  }

  send(signal: NodeJS.Signals): void {
    this.#child.kill(signal);
  }

  /** Waits for the event that fulfils the condition, if it has not come already; fails if the program ends without it. */
  async event(what: string, fits: (event: Event) => boolean): Promise<Event> {
    return await this.#awaited(what, () => this.events.find(fits));
  }

  /** Waits until stderr has a text. */
  async says(pattern: RegExp): Promise<string> {
    return await this.#awaited(String(pattern), () => pattern.exec(this.#stderr)?.[0]);
  }

  async #awaited<T>(what: string, look: () => T | undefined): Promise<T> {
    return await until(`${what} of ${this.#what}:\n${this.#stderr}`, () => {
      const over = this.#isOver;
      const found = look();
      if (found === undefined && over) throw new Error(`${this.#what} ended without ${what}:\n${this.#stderr}`);
      return found;
    });
  }
}

/** The whole lines of an output as events; what a killed lockstep left of its last line is none. */
function eventsOf(stdout: string): readonly Event[] {
  const lines = stdout.slice(0, stdout.lastIndexOf('\n') + 1).split('\n');
  return lines.filter((line) => line.startsWith('{')).map((line) => JSON.parse(line) as Event);
}

/** A project on the real file system that the built program works on; nothing of it is left at the end of its scope. */
export class Workspace implements AsyncDisposable {
  readonly root: string;
  readonly #started: Running[] = [];

  constructor(root: string) {
    this.root = root;
  }

  path(relative: string): string {
    return join(this.root, relative);
  }

  has(relative: string): boolean {
    return existsSync(this.path(relative));
  }

  read(relative: string): string {
    return readFileSync(this.path(relative), 'utf8');
  }

  write(relative: string, text: string | Uint8Array): void {
    mkdirSync(dirname(this.path(relative)), { recursive: true });
    writeFileSync(this.path(relative), text);
  }

  remove(relative: string): void {
    rmSync(this.path(relative), { recursive: true });
  }

  start(...args: string[]): Running {
    return this.startAs([], args);
  }

  /** Starts lockstep through another program, which is given node's and lockstep's arguments. */
  startAs(prefix: readonly string[], args: readonly string[]): Running {
    const [file = '', ...rest] = [...prefix, process.execPath, PROGRAM, ...args];
    const { PATH, TMPDIR } = process.env;
    const env = { PATH, HOME: this.root, ...(TMPDIR === undefined ? {} : { TMPDIR }) };
    const child = spawn(file, rest, { cwd: this.root, env, stdio: ['ignore', 'pipe', 'pipe'] });
    const running = new Running(child, `lockstep ${args.join(' ')}`);
    this.#started.push(running);
    return running;
  }

  async run(...args: string[]): Promise<Ended> {
    return await this.start(...args).ended;
  }

  /** Runs `repro --json`, which must succeed, and gives its summary without the empty lists. */
  async repro(...args: string[]): Promise<Record<string, readonly string[]>> {
    const { code, stdout, stderr } = await this.run('repro', '--json', ...args);
    if (code !== 0) throw new Error(`repro ended with ${code}:\n${stderr}`);
    return summaryOf(stdout);
  }

  /** The processes of stages of this project: what a stage starts inherits the variable. */
  async stageProcesses(): Promise<readonly number[]> {
    const table = processTable();
    const found: number[] = [];
    for (const { pid, zombie } of await table.list()) {
      if (!zombie && (await table.hasVariable(pid, 'LOCKSTEP_ROOT', this.root))) found.push(pid);
    }
    return found;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const running of this.#started) if (!running.isOver) running.send('SIGKILL');
    await Promise.allSettled(this.#started.map((running) => running.ended));
    await until('the stages to be gone', async () => {
      const left = await this.stageProcesses();
      for (const pid of left) end(pid);
      return left.length === 0;
    });
    rmSync(this.root, { recursive: true, force: true, maxRetries: 5 });
  }
}

function end(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
  }
}

/** The last event, without its empty lists, each in the order of names: stages end in an order of their own. */
export function summaryOf(stdout: string): Record<string, readonly string[]> {
  const { event, ...lists } = eventsOf(stdout).at(-1) ?? { event: 'none' };
  if (event !== 'summary') throw new Error(`the last event is not the summary but ${event}`);
  const filled = Object.entries(lists as Record<string, readonly string[]>).filter(([, names]) => names.length > 0);
  return Object.fromEntries(filled.map(([name, stages]) => [name, [...stages].sort()]));
}

/** `await using w = await workspace({ 'pipeline.yaml': '…' })`. */
export function workspace(files: Readonly<Record<string, string>>): Workspace {
  const made = new Workspace(realpathSync(mkdtempSync(join(tmpdir(), 'lockstep-faults-'))));
  mkdirSync(made.path('.lockstep'));
  for (const [path, text] of Object.entries(files)) made.write(path, text);
  return made;
}

/** Says visibly that something could not be tested here. */
export function notTested(what: string, why: string): void {
  console.warn(`not tested: ${what} (${why})`);
}
