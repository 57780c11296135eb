import { execFile } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, openSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';

/**
 * A nameless pipe of the kernel's, opened for both directions. Opening `/proc/self/fd/<number>` gives a descriptor for
 * one direction.
 */
export type PipeDescriptor = number;

/** As many pipes as wished for, made by way of this directory; undefined where the system has no way to make them. */
export type TakePipes = (count: number, directory: string) => Promise<readonly PipeDescriptor[] | undefined>;

/** How the directories that are here for a moment are called; one is left when lockstep is killed in that moment. */
export const FIFO_DIRECTORY = /^fifos-\w+$/;

/** Pipes made at once: a smaller lot costs more processes, a larger one holds more file descriptors. */
const LOT = 48;

export function pipeSource(): TakePipes {
  const spare: PipeDescriptor[] = [];
  let possible = existsSync('/proc/self/fd');
  let making: Promise<void> | undefined;
  async function make(directory: string): Promise<void> {
    const made = await makePipes(directory);
    possible = made.length > 0;
    spare.push(...made);
    making = undefined;
  }
  return async (count, directory) => {
    while (possible && spare.length < count) {
      making ??= make(directory);
      await making;
    }
    return possible ? spare.splice(0, count) : undefined;
  };
}

/** None where the file system has no FIFOs; the executor can do without, and reports a directory that it cannot write. */
async function makePipes(directory: string): Promise<readonly PipeDescriptor[]> {
  let place: string | undefined;
  try {
    mkdirSync(directory, { recursive: true });
    const made = mkdtempSync(join(directory, 'fifos-'));
    place = made;
    const names = Array.from({ length: LOT }, (_, index) => join(made, String(index)));
    await promisify(execFile)('mkfifo', names);
    return names.map((name) => openSync(name, 'r+'));
  } catch {
    return [];
  } finally {
    if (place !== undefined) rmSync(place, { recursive: true, force: true });
  }
}
