import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { readFile, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { vi } from 'vitest';
import type { RunId } from '../../src/base/brand.ts';
import { processTable } from '../../src/base/process-identity.ts';
import type { Execution, Executor, Exit, Task } from '../../src/executors/executor.ts';

export const RUN = '0123456789abcdef0123456789abcdef' as RunId;

export interface Running extends Execution {
  /** What came so far, as text. */
  readonly stdout: () => string;
  readonly stderr: () => string;
}

export interface Ended {
  readonly exit: Exit;
  readonly stdout: string;
  readonly stderr: string;
}

/** A directory of its own in which an executor runs scripts; FIFOs in it hold a script up and let it go. */
export class ExecutorRig implements Disposable {
  readonly root = realpathSync(mkdtempSync(join(tmpdir(), 'lockstep-test-')));
  readonly recordFile = this.path('running/stage.json');
  readonly #executor: Executor;
  readonly #started: Execution[] = [];

  constructor(executor: Executor) {
    this.#executor = executor;
  }

  path(relative: string): string {
    return join(this.root, relative);
  }

  start(scripts: string | readonly string[], change: Partial<Task> = {}): Running {
    const chunks = { stdout: [] as Uint8Array[], stderr: [] as Uint8Array[] };
    const task: Task = {
      run: RUN,
      scripts: typeof scripts === 'string' ? [scripts] : scripts,
      cwd: this.root,
      env: { PATH: '/usr/bin:/bin', LOCKSTEP_RUN_ID: RUN },
      grace: 60_000,
      recordFile: this.recordFile,
      record: {},
      onOutput: (stream, chunk) => chunks[stream].push(chunk),
      ...change,
    };
    const execution = this.#executor.start(task);
    this.#started.push(execution);
    return {
      ...execution,
      stdout: () => Buffer.concat(chunks.stdout).toString(),
      stderr: () => Buffer.concat(chunks.stderr).toString(),
    };
  }

  async run(scripts: string | readonly string[], change: Partial<Task> = {}): Promise<Ended> {
    const running = this.start(scripts, change);
    const exit = await running.finished;
    return { exit, stdout: running.stdout(), stderr: running.stderr() };
  }

  fifo(relative: string): string {
    execFileSync('mkfifo', [this.path(relative)]);
    return this.path(relative);
  }

  /** Lets go a script that reads from the FIFO; resolves when it does. */
  async letGo(relative: string): Promise<void> {
    await writeFile(this.path(relative), 'go\n');
  }

  /** What a script writes into the FIFO; resolves when it has. */
  async hear(relative: string): Promise<string> {
    return (await readFile(this.path(relative), 'utf8')).trim();
  }

  exists(relative: string): boolean {
    return existsSync(this.path(relative));
  }

  write(relative: string, text: string): void {
    mkdirSync(dirname(this.path(relative)), { recursive: true });
    writeFileSync(this.path(relative), text);
  }

  read(relative: string): string {
    return readFileSync(this.path(relative), 'utf8').trim();
  }

  [Symbol.dispose](): void {
    for (const execution of this.#started) execution.stop();
    rmSync(this.root, { recursive: true, force: true });
  }
}

/** Whether a process is there and not dead. */
export async function lives(pid: number | string): Promise<boolean> {
  const info = await processTable().find(Number(pid));
  return info !== undefined && !info.zombie;
}

export async function untilGone(pid: number | string): Promise<void> {
  await vi.waitFor(
    async () => {
      if (await lives(pid)) throw new Error(`process ${pid} still lives`);
    },
    { timeout: 20_000, interval: 10 },
  );
}
