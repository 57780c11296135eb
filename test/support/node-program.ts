import { type ChildProcess, spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { rmSync } from 'node:fs';
import { resolve } from 'node:path';
import { bundleProgram } from './bundle.ts';

/** A program in a process of its own, which a test may kill. */
export class NodeProgram implements AsyncDisposable {
  readonly #file: string;
  readonly #children: ChildProcess[] = [];

  private constructor(file: string) {
    this.#file = file;
  }

  /** From TypeScript that imports relative to the repository's root, for example from './src/base/error.ts'. */
  static async of(source: string): Promise<NodeProgram> {
    // Beside the packages that it imports.
    const outfile = resolve(`node_modules/.cache/lockstep/program-${randomUUID()}.mjs`);
    await bundleProgram(source, { directory: resolve('.'), outfile });
    return new NodeProgram(outfile);
  }

  /** Its standard error is the test's. */
  start(...args: readonly string[]): ChildProcess & { readonly pid: number } {
    const child = spawn('node', [this.#file, ...args], { stdio: ['pipe', 'pipe', 'inherit'] });
    this.#children.push(child);
    if (child.pid === undefined) throw new Error('node did not start');
    return child as ChildProcess & { readonly pid: number };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const child of this.#children) await kill(child);
    rmSync(this.#file, { force: true });
  }
}

/** Kills at once, without a chance to clean up; resolves when it is dead. */
export async function kill(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  child.kill('SIGKILL');
  await once(child, 'exit');
}
