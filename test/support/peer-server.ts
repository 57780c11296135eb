import { type ChildProcess, spawn } from 'node:child_process';
import { connect } from 'node:net';
import { setImmediate } from 'node:timers/promises';

/** A server of others that was started for a test. */
export interface PeerServer {
  readonly child: ChildProcess;
  readonly stop: () => Promise<void>;
}

export interface PeerProgram {
  readonly program: string;
  readonly args: readonly string[];
  /** Of the loopback, at which it listens. */
  readonly port: number;
  readonly env?: Readonly<Record<string, string>>;
}

/** Resolves once it listens. */
export async function startPeer({ program, args, port, env }: PeerProgram): Promise<PeerServer> {
  const child = spawn(program, args, { stdio: 'ignore', env: { ...process.env, ...env } });
  const ended = new Promise<void>((resolve) => child.once('exit', () => resolve()));
  while (!(await listens(port))) {
    if (child.exitCode !== null) throw new Error(`${program} ended with ${child.exitCode}`);
    await setImmediate();
  }
  return {
    child,
    stop: async () => {
      child.kill();
      await ended;
    },
  };
}

async function listens(port: number): Promise<boolean> {
  return await new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1');
    socket.once('connect', () => resolve(true)).once('error', () => resolve(false));
    socket.once('connect', () => socket.destroy());
  });
}
