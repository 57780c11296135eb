import type { ChildProcess } from 'node:child_process';
import { closeSync, constants, openSync, writeSync } from 'node:fs';
import { Socket } from 'node:net';
import type { Readable } from 'node:stream';
import type { PipeDescriptor, TakePipes } from './fifo.ts';

/** What connects us with a child: its stdout, its stderr, and the gate at which it waits, on descriptor 3. */
export interface Channels {
  /** For descriptors 1 to 3 of the child. */
  readonly stdio: readonly ['pipe' | number, 'pipe' | number, 'pipe' | number];
  /** Our ends; to be called once, when the child is there, be it ours or, with descriptors only, another's. */
  attach(child: ChildProcess | undefined): OurEnds;
  /** To be called when there will be no child. */
  discard(): void;
}

export interface OurEnds {
  readonly stdout: Readable;
  readonly stderr: Readable;
  readonly gate: Gate;
}

/** The child reads one line, or the end of the file if we close before, be it because we died. */
export interface Gate {
  open(): void;
  close(): void;
}

/**
 * Node gives its children sockets for their output, and on Linux a socket cannot be opened by name: `> /dev/stderr` and
 * `tee /dev/stdout`, which work in a terminal and under make, fail there. So real pipes are used. Elsewhere opening
 * /dev/stderr copies the descriptor, which sockets allow, and node's own way is good.
 */
export async function openChannels(takePipes: TakePipes, directory: string): Promise<Channels> {
  const [stdout, stderr, gate] = (await takePipes(3, directory)) ?? [];
  if (stdout === undefined || stderr === undefined || gate === undefined) return SOCKETS;
  return pipeChannels([stdout, stderr, gate]);
}

function pipeChannels(pipes: readonly [PipeDescriptor, PipeDescriptor, PipeDescriptor]): Channels {
  const opened: number[] = [...pipes];
  const reopen = (pipe: PipeDescriptor, flags: number): number => {
    const descriptor = openSync(`/proc/self/fd/${pipe}`, flags);
    opened.push(descriptor);
    return descriptor;
  };
  const discard = () => {
    for (const descriptor of opened.splice(0)) closeSync(descriptor);
  };
  const [stdout, stderr, gate] = pipes;
  try {
    const stdio = [
      reopen(stdout, constants.O_WRONLY),
      reopen(stderr, constants.O_WRONLY),
      reopen(gate, constants.O_RDONLY),
    ] as const;
    // Only our ends may be non-blocking: programs take a failed write to a full pipe for an error.
    const readers = [stdout, stderr].map((pipe) => reopen(pipe, constants.O_RDONLY | constants.O_NONBLOCK));
    return {
      stdio,
      discard,
      attach() {
        opened.length = 0;
        // The child's ends, or we would never see the end of a file, and those for both directions.
        for (const descriptor of [...stdio, stdout, stderr]) closeSync(descriptor);
        const [fromStdout, fromStderr] = readers.map((fd) => new Socket({ fd, readable: true, writable: false }));
        if (!fromStdout || !fromStderr) throw new Error('a pipe is missing');
        return { stdout: fromStdout, stderr: fromStderr, gate: pipeGate(gate) };
      },
    };
  } catch (error) {
    discard();
    throw error;
  }
}

function pipeGate(pipe: PipeDescriptor): Gate {
  return {
    open() {
      writeSync(pipe, 'go\n');
      closeSync(pipe);
    },
    close: () => closeSync(pipe),
  };
}

const SOCKETS: Channels = {
  stdio: ['pipe', 'pipe', 'pipe'],
  discard: () => {},
  attach(child) {
    const { stdout, stderr } = child ?? {};
    const gate = child?.stdio[3];
    if (!stdout || !stderr || !gate || !('end' in gate)) throw new Error('the child has no channels');
    // The shell may have died meanwhile; its exit says so.
    gate.on('error', () => {});
    return { stdout, stderr, gate: { open: () => gate.end('go\n'), close: () => gate.destroy() } };
  },
};
