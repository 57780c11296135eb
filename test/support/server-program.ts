import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { createInterface } from 'node:readline';

const ROOT = join(import.meta.dirname, '../..');

/** The built program's server, at work in a project. */
export class ServerProgram implements AsyncDisposable {
  readonly address: string;
  readonly #child: ChildProcess;
  #stderr = '';

  private constructor(child: ChildProcess, address: string) {
    this.address = address;
    this.#child = child;
    child.stderr?.setEncoding('utf8').on('data', (text: string) => {
      this.#stderr += text;
    });
  }

  static async start(cwd: string, ...args: readonly string[]): Promise<ServerProgram> {
    const program = join(ROOT, 'bin/lockstep.cjs');
    const child = spawn(process.execPath, [program, 'server', '--port', '0', ...args], {
      cwd,
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    for await (const line of createInterface(child.stdout)) {
      const address = /^lockstep serves (\S+)$/.exec(line)?.[1];
      if (address !== undefined) return new ServerProgram(child, address);
    }
    throw new Error('the server did not start');
  }

  /** As Ctrl-C does; gives the exit code and what was complained about. */
  async stop(): Promise<{ readonly code: number | null; readonly stderr: string }> {
    if (this.#child.exitCode === null) {
      this.#child.kill('SIGINT');
      await once(this.#child, 'close');
    }
    return { code: this.#child.exitCode, stderr: this.#stderr };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#child.exitCode === null && this.#child.signalCode === null) {
      this.#child.kill('SIGKILL');
      await once(this.#child, 'close');
    }
  }
}
