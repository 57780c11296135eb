import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, readdirSync, readFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join, resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

/** A tracking server that was started for a measurement. */
export interface Server {
  readonly address: string;
  /** Seconds from its start to the first answer of `/health`. */
  readonly start: number;
  /** Bytes that it and its workers have in memory. */
  memory(): number;
  stop(): Promise<void>;
}

/** The Python that has MLflow, as the tests find it; undefined where there is none. */
export function mlflowPython(): string | undefined {
  const python = resolve(process.env.LOCKSTEP_MLFLOW ?? '.venv-mlflow/bin/python');
  return existsSync(python) ? python : undefined;
}

export async function startLockstep(lockstep: readonly string[], directory: string): Promise<Server> {
  mkdirSync(join(directory, '.lockstep'), { recursive: true });
  const port = await freePort();
  return await start([...lockstep, 'server', '--port', String(port)], { directory, port });
}

export async function startMlflow(python: string, directory: string, workers: number): Promise<Server> {
  mkdirSync(directory, { recursive: true });
  const port = await freePort();
  const where = ['--backend-store-uri', `sqlite:///${directory}/m.db`, '--artifacts-destination', join(directory, 'a')];
  const how = ['--serve-artifacts', '--host', '127.0.0.1', '--port', String(port), '--workers', String(workers)];
  return await start([python, '-m', 'mlflow', 'server', ...where, ...how], { directory, port });
}

async function start(
  argv: readonly string[],
  { directory, port }: { readonly directory: string; readonly port: number },
): Promise<Server> {
  const [program = '', ...args] = argv;
  const begin = process.hrtime.bigint();
  const env = { ...process.env, MLFLOW_DISABLE_TELEMETRY: 'true' };
  // A group of its own, by which its workers are ended with it.
  const child = spawn(program, args, { cwd: directory, detached: true, stdio: 'ignore', env });
  const address = `http://127.0.0.1:${port}`;
  while (!(await answers(address))) {
    if (child.exitCode !== null) throw new Error(`${argv.join(' ')} ended with ${child.exitCode}`);
    await sleep(5);
  }
  return {
    address,
    start: Number(process.hrtime.bigint() - begin) / 1e9,
    memory: () => groupMemory(child),
    stop: async () => {
      const closed = once(child, 'close');
      if (child.pid !== undefined && child.exitCode === null) process.kill(-child.pid, 'SIGKILL');
      await closed;
    },
  };
}

async function answers(address: string): Promise<boolean> {
  return await fetch(`${address}/health`).then(
    ({ ok }) => ok,
    () => false,
  );
}

export async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  server.close();
  await once(server, 'close');
  if (address === null || typeof address === 'string') throw new Error('no port');
  return address.port;
}

/** Resident pages, those that are shared counted for each process. */
function groupMemory({ pid }: ChildProcess): number {
  let bytes = 0;
  for (const name of readdirSync('/proc').filter((one) => /^\d+$/.test(one))) {
    try {
      const stat = readFileSync(`/proc/${name}/stat`, 'utf8');
      const [, , group] = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
      if (Number(group) !== pid) continue;
      bytes += Number(/VmRSS:\s+(\d+) kB/.exec(readFileSync(`/proc/${name}/status`, 'utf8'))?.[1] ?? 0) * 1024;
    } catch {
      // It ended meanwhile.
    }
  }
  return bytes;
}
