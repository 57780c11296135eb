import { execFile } from 'node:child_process';
import { existsSync, mkdtempSync, openSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';

/**
 * A nameless pipe of the kernel's, opened for both directions. Opening `/proc/self/fd/<number>` gives a descriptor for
 * one direction.
 */
export type PipeDescriptor = number;

/** As many pipes as wished for; undefined where the system has no way to make them. */
export type TakePipes = (count: number) => Promise<readonly PipeDescriptor[] | undefined>;

/** Pipes made at once: a smaller lot costs more processes, a larger one holds more file descriptors. */
const LOT = 48;

export function pipeSource(): TakePipes {
  const spare: PipeDescriptor[] = [];
  let possible = existsSync('/proc/self/fd');
  let making: Promise<void> | undefined;
  async function make(): Promise<void> {
    const made = await makePipes();
    possible = made.length > 0;
    spare.push(...made);
    making = undefined;
  }
  return async (count) => {
    while (possible && spare.length < count) {
      making ??= make();
      await making;
    }
    return possible ? spare.splice(0, count) : undefined;
  };
}

/** FIFOs, opened and at once unlinked. None where they cannot be made, for lack of a temporary directory perhaps. */
async function makePipes(): Promise<readonly PipeDescriptor[]> {
  let directory: string | undefined;
  try {
    const parent = mkdtempSync(join(tmpdir(), 'lockstep-'));
    directory = parent;
    const names = Array.from({ length: LOT }, (_, index) => join(parent, String(index)));
    await promisify(execFile)('mkfifo', names);
    return names.map((name) => openSync(name, 'r+'));
  } catch {
    return [];
  } finally {
    if (directory !== undefined) rmSync(directory, { recursive: true, force: true });
  }
}
