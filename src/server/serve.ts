import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { LockstepError } from '../base/error.ts';
import { openAccessTokens } from './access-tokens.ts';
import { type GuardOptions, isLoopback, makeGuard } from './guard.ts';
import { type ListenerOptions, makeListener, stopServer } from './listener.ts';

export interface ServeOptions extends Omit<GuardOptions, 'tokens'>, Omit<ListenerOptions, 'guard'> {
  /** 0: any that is free. */
  readonly port: number;
}

export interface RunningServer {
  /** `http://127.0.0.1:5000`. */
  readonly address: string;
  /** Lets running requests end, for a while, and takes no new ones. */
  stop(): Promise<void>;
}

export async function serve(options: ServeOptions): Promise<RunningServer> {
  const { services } = options;
  const tokens = openAccessTokens(services.tracking, services.now);
  if (!options.insecure && !isLoopback(options.host) && !(await tokens.any())) {
    throw new LockstepError('usage', `${options.host} can be reached from other machines, and there is no token yet`, {
      hint: 'lockstep server token add NAME makes one; --insecure serves everyone who can reach the address',
    });
  }
  const server = makeListener({ ...options, guard: makeGuard({ ...options, tokens }) });
  await listen(server, options);
  return { address: addressOf(server, options.host), stop: () => stopServer(server) };
}

async function listen(server: Server, { host, port }: ServeOptions): Promise<void> {
  await new Promise<void>((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) => {
      reject(
        new LockstepError('usage', `cannot listen on ${host} port ${port}: ${error.code ?? error.message}`, {
          cause: error,
          ...(error.code === 'EADDRINUSE' && { hint: 'another program has it: choose one with --port, 0 for any' }),
        }),
      );
    });
    server.listen(port, host, resolve);
  });
}

function addressOf(server: Server, host: string): string {
  const { port } = server.address() as AddressInfo;
  return `http://${host.includes(':') ? `[${host}]` : host}:${port}`;
}
