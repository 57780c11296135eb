import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, test } from 'vitest';
import { runs } from '../support/hunt.ts';
import { project } from '../support/rig.ts';
import { ServerProgram } from '../support/server-program.ts';

const CLIENTS = 16;
/** More shows hardly more, and the gate has other things to do for the rest of a minute: that is for `npm run hunt`. */
const SECONDS = runs(1) > 1 ? 60 : 8;

interface Logged {
  readonly run: string;
  /** Steps of the metric `m` that the server said it has. */
  readonly steps: number[];
  readonly params: Map<string, string>;
}

interface Load {
  readonly logged: Logged[];
  readonly refused: string[];
  searches: number;
}

class Lost extends Error {}

async function ask(
  address: string,
  path: string,
  body: object,
): Promise<{ status: number; body: Record<string, unknown> }> {
  try {
    const response = await fetch(`${address}/api/2.0/mlflow/${path}`, {
      method: 'POST',
      headers: { 'Content-Type': 'application/json' },
      body: JSON.stringify(body),
    });
    return { status: response.status, body: (await response.json()) as Record<string, unknown> };
  } catch (error) {
    throw new Lost('the server is gone', { cause: error });
  }
}

/** Logs until told to stop, or until the server is gone; what it has been told is kept, is in `load`. */
async function client(address: string, load: Load, signal: AbortSignal): Promise<void> {
  const { body } = await ask(address, 'runs/create', { experiment_id: '0', start_time: 1 });
  const run = (body.run as { info: { run_id: string } }).info.run_id;
  const logged: Logged = { run, steps: [], params: new Map() };
  load.logged.push(logged);
  for (let step = 0; !signal.aborted; ) {
    const batch = Array.from({ length: step % 7 === 0 ? 50 : 1 }, (_, i) => step + i);
    const metrics = batch.map((at) => ({ key: 'm', value: at / 2, timestamp: 1000 + at, step: at }));
    const params = step % 5 === 0 ? [{ key: `p${step}`, value: String(step) }] : [];
    const { status, body: said } = await ask(address, 'runs/log-batch', { run_id: run, metrics, params });
    if (status !== 200) load.refused.push(JSON.stringify(said));
    else {
      logged.steps.push(...batch);
      for (const { key, value } of params) logged.params.set(key, value);
    }
    step += batch.length;
  }
}

async function searcher(address: string, load: Load, signal: AbortSignal): Promise<void> {
  while (!signal.aborted) {
    const { status, body } = await ask(address, 'runs/search', {
      experiment_ids: ['0'],
      filter: 'metrics.m >= 3',
      order_by: ['metrics.m DESC'],
      max_results: 100,
    });
    if (status !== 200) load.refused.push(JSON.stringify(body));
    load.searches += 1;
  }
}

async function under(address: string, signal: AbortSignal): Promise<Load> {
  const load: Load = { logged: [], refused: [], searches: 0 };
  const clients = Array.from({ length: CLIENTS }, () => client(address, load, signal));
  const searchers = Array.from({ length: 2 }, () => searcher(address, load, signal));
  for (const end of await Promise.allSettled([...clients, ...searchers])) {
    if (end.status === 'rejected' && !(end.reason instanceof Lost)) throw end.reason;
  }
  return load;
}

/** What a server that was started anew does not have of what was acknowledged. */
async function missing(root: string, { logged }: Load): Promise<readonly string[]> {
  await using server = await ServerProgram.start(root);
  const lost: string[] = [];
  for (const { run, steps, params } of logged) {
    const history = new URL(`${server.address}/api/2.0/mlflow/metrics/get-history?run_id=${run}&metric_key=m`);
    const { metrics = [] } = (await (await fetch(history)).json()) as { metrics?: { step: number; value: number }[] };
    const there = new Map(metrics.map(({ step, value }) => [step, value]));
    lost.push(...steps.filter((step) => there.get(step) !== step / 2).map((step) => `${run} m at ${step}`));
    const got = await fetch(`${server.address}/api/2.0/mlflow/runs/get?run_id=${run}`);
    const { data } = ((await got.json()) as { run: { data: { params?: { key: string; value: string }[] } } }).run;
    const values = new Map((data.params ?? []).map(({ key, value }) => [key, value]));
    lost.push(...[...params].filter(([key, value]) => values.get(key) !== value).map(([key]) => `${run} ${key}`));
  }
  return lost;
}

describe(`${CLIENTS} clients that log while others search`, { timeout: (SECONDS * 2 + 120) * 1000 }, () => {
  test('are never refused, and nothing of theirs is lost', async () => {
    await using rig = await project({});
    await using server = await ServerProgram.start(rig.root);
    const load = await under(server.address, AbortSignal.timeout(SECONDS * 1000));
    expect(load.refused).toEqual([]);
    expect(load.logged).toHaveLength(CLIENTS);
    expect(Math.min(...load.logged.map(({ steps }) => steps.length))).toBeGreaterThan(50);
    expect(load.searches).toBeGreaterThan(1);
    expect(await server.stop()).toEqual({ code: 0, stderr: '' });
    expect(await missing(rig.root, load)).toEqual([]);
  });

  test('lose nothing that was acknowledged to a kill -9 of the server', async () => {
    await using rig = await project({});
    const server = await ServerProgram.start(rig.root);
    const whole = under(server.address, AbortSignal.timeout(SECONDS * 1000));
    await sleep((SECONDS * 1000) / 3);
    await server[Symbol.asyncDispose]();
    const load = await whole;
    expect(load.refused).toEqual([]);
    expect(load.logged.flatMap(({ steps }) => steps).length).toBeGreaterThan(CLIENTS);
    expect(await missing(rig.root, load)).toEqual([]);
    const { stdout } = await rig.lockstep(['runs', 'list', '--json', '--all']);
    expect(JSON.parse(stdout).runs.length).toBeGreaterThanOrEqual(load.logged.length);
  });
});
