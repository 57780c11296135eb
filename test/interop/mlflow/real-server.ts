import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import type { AddressInfo } from 'node:net';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { until } from '../../faults/support.ts';
import { MLFLOW_PYTHON } from './real-mlflow.ts';

/** MLflow's own server, with a database and artifacts of its own. */
export class MlflowServer implements AsyncDisposable {
  readonly address: string;
  readonly #child: ChildProcess;
  readonly #directory: string;

  private constructor(parts: { address: string; child: ChildProcess; directory: string }) {
    this.address = parts.address;
    this.#child = parts.child;
    this.#directory = parts.directory;
  }

  static async start(): Promise<MlflowServer> {
    const directory = mkdtempSync(join(tmpdir(), 'lockstep-mlflow-'));
    const port = await freePort();
    const place = ['--backend-store-uri', `sqlite:///${directory}/mlflow.db`, '--artifacts-destination', directory];
    const door = ['--host', '127.0.0.1', '--port', String(port), '--workers', '1'];
    const child = spawn(MLFLOW_PYTHON ?? '', ['-m', 'mlflow', 'server', ...place, ...door], {
      cwd: directory,
      env: { ...process.env, MLFLOW_DISABLE_TELEMETRY: 'true' },
      stdio: 'ignore',
      detached: true,
    });
    const server = new MlflowServer({ address: `http://127.0.0.1:${port}`, child, directory });
    await until("MLflow's server", async () => {
      const answer = await fetch(`${server.address}/health`).catch(() => undefined);
      return answer?.ok === true;
    }).catch(async (error: unknown) => {
      await server[Symbol.asyncDispose]();
      throw error;
    });
    return server;
  }

  async post(path: string, body: object): Promise<Record<string, never>> {
    const headers = { 'content-type': 'application/json' };
    const answer = await fetch(`${this.address}/api/2.0/mlflow/${path}`, {
      method: 'POST',
      headers,
      body: JSON.stringify(body),
    });
    if (!answer.ok) throw new Error(await answer.text());
    return (await answer.json()) as Record<string, never>;
  }

  async get(path: string): Promise<Record<string, never>> {
    const answer = await fetch(`${this.address}/api/2.0/mlflow/${path}`);
    if (!answer.ok) throw new Error(await answer.text());
    return (await answer.json()) as Record<string, never>;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#child.exitCode === null && this.#child.pid !== undefined) {
      const gone = once(this.#child, 'close');
      // With its workers.
      process.kill(-this.#child.pid, 'SIGKILL');
      await gone;
    }
    rmSync(this.#directory, { recursive: true, force: true, maxRetries: 5 });
  }
}

async function freePort(): Promise<number> {
  const probe = createServer().listen(0, '127.0.0.1');
  await once(probe, 'listening');
  const { port } = probe.address() as AddressInfo;
  probe.close();
  await once(probe, 'close');
  return port;
}
