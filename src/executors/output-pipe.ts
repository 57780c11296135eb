import { execFile } from 'node:child_process';
import { closeSync, constants, existsSync, mkdtempSync, openSync, rmSync } from 'node:fs';
import { Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import { promisify } from 'node:util';

/** A pipe of the kernel's: our end to read from, and the end that a child inherits. */
export interface OutputPipe {
  readonly reader: Readable;
  /** A file descriptor; to be closed here once the child has it, or the reader never ends. */
  readonly childEnd: number;
}

/** Two pipes, for stdout and stderr; undefined where the system has no way to make them. */
export type TakePipes = () => Promise<readonly [OutputPipe, OutputPipe] | undefined>;

/** Pipes made at once; a second lot costs another process, a larger one holds more file descriptors. */
const LOT = 16;

/**
 * Node gives its children sockets for their output, and on Linux a socket cannot be opened by name: `> /dev/stderr` and
 * `tee /dev/stdout`, which work in a terminal and under make, fail there. So real pipes are made: FIFOs, opened and
 * unlinked, of which both ends are opened again through /proc. Elsewhere opening /dev/stderr copies the descriptor,
 * which sockets allow, and node's own way is good.
 */
export function pipeSource(): TakePipes {
  const spare: number[] = [];
  let possible = existsSync('/proc/self/fd');
  let making: Promise<void> | undefined;
  async function make(): Promise<void> {
    const made = await makePipes();
    possible = made.length > 0;
    spare.push(...made);
    making = undefined;
  }
  return async () => {
    while (possible && spare.length < 2) {
      making ??= make();
      await making;
    }
    const [stdout, stderr] = spare.splice(0, 2);
    return stdout === undefined || stderr === undefined ? undefined : [openEnds(stdout), openEnds(stderr)];
  };
}

/** None where FIFOs cannot be made: no temporary directory, or a file system without them. */
async function makePipes(): Promise<readonly number[]> {
  let directory: string | undefined;
  try {
    directory = mkdtempSync(join(tmpdir(), 'lockstep-'));
    const names = Array.from({ length: LOT }, (_, index) => join(directory ?? '', String(index)));
    await promisify(execFile)('mkfifo', names);
    return names.map((name) => openSync(name, 'r+'));
  } catch {
    return [];
  } finally {
    if (directory !== undefined) rmSync(directory, { recursive: true, force: true });
  }
}

function openEnds(both: number): OutputPipe {
  const name = `/proc/self/fd/${both}`;
  try {
    // Only our end may be non-blocking: programs take a failed write to a full pipe for an error.
    const childEnd = openSync(name, constants.O_WRONLY);
    const readEnd = openSync(name, constants.O_RDONLY | constants.O_NONBLOCK);
    return { reader: new Socket({ fd: readEnd, readable: true, writable: false }), childEnd };
  } finally {
    closeSync(both);
  }
}
