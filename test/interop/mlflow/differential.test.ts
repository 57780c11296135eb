import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, test } from 'vitest';
import { project } from '../../support/rig.ts';
import { ServerProgram } from '../../support/server-program.ts';
import { Peer } from './compare-servers.ts';
import { randomRequests } from './random-requests.ts';
import { MLFLOW_PYTHON } from './real-mlflow.ts';
import { WANTED_DIFFERENCES, type WantedDifference } from './wanted-differences.ts';

/** A real `mlflow server` on a free port, gone with its workers at the end of the scope. */
class MlflowServer implements AsyncDisposable {
  readonly address: string;
  readonly #end: () => Promise<void>;

  private constructor(address: string, end: () => Promise<void>) {
    this.address = address;
    this.#end = end;
  }

  static async start(python: string): Promise<MlflowServer> {
    const directory = mkdtempSync(join(tmpdir(), 'lockstep-mlflow-'));
    const port = await freePort();
    const where = [
      '--backend-store-uri',
      `sqlite:///${directory}/m.db`,
      '--artifacts-destination',
      join(directory, 'a'),
    ];
    const how = ['--serve-artifacts', '--host', '127.0.0.1', '--port', String(port), '--workers', '1'];
    const child = spawn(python, ['-m', 'mlflow', 'server', ...where, ...how], {
      cwd: directory,
      // A group of its own, by which its workers are ended with it.
      detached: true,
      stdio: 'ignore',
      env: { ...process.env, MLFLOW_DISABLE_TELEMETRY: 'true' },
    });
    const server = new MlflowServer(`http://127.0.0.1:${port}`, async () => {
      const closed = once(child, 'close');
      if (child.exitCode === null && child.pid !== undefined) process.kill(-child.pid, 'SIGKILL');
      await closed;
      rmSync(directory, { recursive: true, force: true, maxRetries: 5 });
    });
    for (let waited = 0; !(await answers(server.address)); waited += 1) {
      if (child.exitCode !== null || waited > 600) throw new Error('mlflow server did not start');
      await sleep(200);
    }
    return server;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.#end();
  }
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  server.close();
  await once(server, 'close');
  if (address === null || typeof address === 'string') throw new Error('no port');
  return address.port;
}

async function answers(address: string): Promise<boolean> {
  return await fetch(`${address}/health`).then(
    ({ ok }) => ok,
    () => false,
  );
}

describe.skipIf(MLFLOW_PYTHON === undefined)(
  'the same requests to a real `mlflow server`',
  { timeout: 300_000 },
  () => {
    test('are answered alike, but for what is better on purpose', async () => {
      await using rig = await project({});
      await using ours = await ServerProgram.start(rig.root);
      await using theirs = await MlflowServer.start(MLFLOW_PYTHON ?? '');
      const peers = [new Peer(ours.address), new Peer(theirs.address)] as const;
      const needed = new Set<string>();
      for (const request of randomRequests(2, 2000)) {
        const [mine, other] = await Promise.all([peers[0].ask(request), peers[1].ask(request)]);
        const alike = (differences: readonly WantedDifference[]) => {
          const [a, b] = [mine, other].map((answer) =>
            differences.reduce((said, one) => one.level(said, request), answer),
          );
          return { same: JSON.stringify(a) === JSON.stringify(b), a, b };
        };
        const { a, b } = alike(WANTED_DIFFERENCES);
        expect({ request, answer: a }).toEqual({ request, answer: b });
        for (const one of WANTED_DIFFERENCES) {
          if (!alike(WANTED_DIFFERENCES.filter((other) => other !== one)).same) needed.add(one.reason);
        }
      }
      expect([...needed].sort()).toEqual(WANTED_DIFFERENCES.map(({ reason }) => reason).sort());
    });
  },
);
