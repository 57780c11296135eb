import { createReadStream, createWriteStream, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { type Case, megabytes, type Place, type Row, seconds, times, unmeasured, within } from './case.ts';
import { mlflowPython, type Server, startLockstep, startMlflow } from './servers.ts';

/** `lockstep server` against `mlflow server`, each on a SQLite file of its own, over HTTP on loopback. */
export const trackingCases: readonly Case[] = [
  {
    name: 'tracking-requests',
    compares:
      'requests to `lockstep server` and to `mlflow server` with 1 and with 4 workers, of which the better counts, each on SQLite; seconds for one request, and of many connections for all of them together',
    measure: (place) => ifThere('requests to the tracking server', (python) => requests(place, python)),
  },
  {
    name: 'tracking-search',
    compares:
      'searches among 10,000 runs with 10 metrics and 5 params each, filtered and ordered by a metric, and the history of 100,000 points; `mlflow server` with 4 workers',
    measure: (place) => ifThere('searches on the tracking server', (python) => searches(place, python)),
  },
  {
    name: 'tracking-artifacts',
    compares: '256 MiB up and down through both servers, and a bare stream of node from disk to disk; the wall clock',
    measure: (place) => ifThere('artifacts on the tracking server', (python) => artifacts(place, python)),
  },
];

export async function ifThere(
  what: string,
  measure: (python: string) => Promise<readonly Row[]>,
): Promise<readonly Row[]> {
  const python = mlflowPython();
  return python === undefined ? [unmeasured(what, 'MLflow is not installed in .venv-mlflow')] : await measure(python);
}

interface Speed {
  readonly what: string;
  /** Seconds. */
  readonly ours: number;
  readonly theirs: number;
  readonly atLeast: number;
}

export function faster({ what, ours, theirs, atLeast }: Speed): Row {
  const ratio = theirs / ours;
  return {
    what,
    ours: fine(ours),
    peer: `mlflow server: ${fine(theirs)}`,
    ratio: times(ratio),
    allowed: `at least ${atLeast} ×`,
    verdict: ratio >= atLeast ? 'met' : 'missed',
  };
}

export function fine(value: number): string {
  return value < 0.1 ? `${(value * 1000).toFixed(2)} ms` : seconds(value);
}

type Body = Readonly<Record<string, unknown>>;

async function post({ address }: Server, path: string, body: Body): Promise<Record<string, unknown>> {
  const response = await fetch(`${address}/api/2.0/mlflow/${path}`, {
    method: 'POST',
    headers: { 'Content-Type': 'application/json' },
    body: JSON.stringify(body),
  });
  const answer = (await response.json()) as Record<string, unknown>;
  if (!response.ok) throw new Error(`${path}: ${JSON.stringify(answer)}`);
  return answer;
}

async function newRun(server: Server): Promise<string> {
  const { run } = await post(server, 'runs/create', { experiment_id: '0', start_time: 1 });
  return (run as { info: { run_id: string } }).info.run_id;
}

/** Seconds for each of `count` calls, one after the other, after a few that are not counted. */
export async function each(count: number, call: (i: number) => Promise<unknown>): Promise<number> {
  for (let i = 0; i < 3; i += 1) await call(count + i);
  const begin = performance.now();
  for (let i = 0; i < count; i += 1) await call(i);
  return (performance.now() - begin) / 1000 / count;
}

async function side(connections: number, count: number, call: (i: number) => Promise<unknown>): Promise<number> {
  const begin = performance.now();
  let next = 0;
  const one = async () => {
    while (next < count) {
      next += 1;
      await call(next);
    }
  };
  await Promise.all(Array.from({ length: connections }, one));
  return (performance.now() - begin) / 1000 / count;
}

const points = (count: number, from = 0) =>
  Array.from({ length: count }, (_, i) => ({ key: 'm', value: i / 7, timestamp: 1000 + from + i, step: from + i }));

interface Times {
  readonly start: number;
  readonly memory: number;
  readonly create: number;
  readonly batch: number;
  readonly metric: number;
  readonly metric8: number;
}

async function timesOf(server: Server, count: number): Promise<Times> {
  try {
    const memory = server.memory();
    const create = await each(count, () => newRun(server));
    const run_id = await newRun(server);
    const batch = await each(Math.ceil(count / 4), (i) =>
      post(server, 'runs/log-batch', { run_id, metrics: points(1000, i * 1000) }),
    );
    const log = (i: number) =>
      post(server, 'runs/log-metric', { run_id, key: 'n', value: i, timestamp: 1000 + i, step: i });
    const metric = await each(count, log);
    const metric8 = await side(8, count * 4, (i) => log(10_000 + i));
    return { start: server.start, memory, create, batch, metric, metric8 };
  } finally {
    await server.stop();
  }
}

async function requests({ directory, lockstep }: Place, python: string): Promise<readonly Row[]> {
  const ours = await timesOf(await startLockstep(lockstep, join(directory, 'ours')), 200);
  const one = await timesOf(await startMlflow(python, join(directory, 'one'), 1), 40);
  const four = await timesOf(await startMlflow(python, join(directory, 'four'), 4), 40);
  const best = (of: keyof Times) => Math.min(one[of], four[of]);
  const row = (what: string, of: keyof Times, atLeast: number) =>
    faster({ what, ours: ours[of], theirs: best(of), atLeast });
  return [
    row('log-batch of 1,000 metrics', 'batch', 20),
    row('one log-metric, on one connection', 'metric', 10),
    row('one log-metric, on eight connections', 'metric8', 10),
    row('runs/create', 'create', 10),
    within(`start to the first /health (mlflow server: ${seconds(best('start'))})`, ours.start, {
      atMost: 0.5,
      text: seconds,
    }),
    within(`memory when idle (mlflow server: ${megabytes(best('memory'))})`, ours.memory, {
      atMost: 120e6,
      text: megabytes,
    }),
  ];
}

export const RUNS = 10_000;
const HISTORY = 100_000;

/** Runs with 10 metrics and 5 params each. */
export async function fillRuns(server: Server, runs: number): Promise<void> {
  await side(8, runs, async (i) => {
    const run_id = await newRun(server);
    // Values in no order, each its own.
    const metrics = Array.from({ length: 10 }, (_, k) => ({
      key: `m${k}`,
      value: (i * 7919 + k) % 100_003,
      timestamp: 1000,
      step: 0,
    }));
    const params = Array.from({ length: 5 }, (_, k) => ({ key: `p${k}`, value: String(i % (k + 2)) }));
    await post(server, 'runs/log-batch', { run_id, metrics, params });
  });
}

async function fillHistory(server: Server): Promise<string> {
  const run_id = await newRun(server);
  for (let at = 0; at < HISTORY; at += 1000) {
    await post(server, 'runs/log-batch', { run_id, metrics: points(1000, at) });
  }
  return run_id;
}

export async function searchRuns(server: Server, max_results: number): Promise<unknown> {
  const question = { filter: 'metrics.m3 > 1000', order_by: ['metrics.m5 DESC'], max_results };
  return await post(server, 'runs/search', { experiment_ids: ['0'], ...question });
}

async function searchTimes(server: Server, rounds: number) {
  try {
    await fillRuns(server, RUNS);
    const run_id = await fillHistory(server);
    const search = (max_results: number) => () => searchRuns(server, max_results);
    const history = async () => {
      const url = new URL(`${server.address}/api/2.0/mlflow/metrics/get-history`);
      let count = 0;
      for (let token: string | undefined = ''; token !== undefined; ) {
        const query = { run_id, metric_key: 'm', max_results: '25000', ...(token !== '' && { page_token: token }) };
        url.search = new URLSearchParams(query).toString();
        const page = (await (await fetch(url)).json()) as { metrics: readonly unknown[]; next_page_token?: string };
        count += page.metrics.length;
        token = page.next_page_token || undefined;
      }
      if (count !== HISTORY) throw new Error(`${count} points instead of ${HISTORY}`);
    };
    return {
      hundred: await each(rounds, search(100)),
      thousand: await each(rounds, search(1000)),
      history: await each(rounds, history),
    };
  } finally {
    await server.stop();
  }
}

async function searches({ directory, lockstep }: Place, python: string): Promise<readonly Row[]> {
  const ours = await searchTimes(await startLockstep(lockstep, join(directory, 'ours')), 10);
  const theirs = await searchTimes(await startMlflow(python, join(directory, 'theirs'), 4), 3);
  const row = (what: string, of: keyof typeof ours, atLeast: number) =>
    faster({ what, ours: ours[of], theirs: theirs[of], atLeast });
  return [
    row('search of 100 among 10,000 runs', 'hundred', 20),
    row('search of 1,000 among 10,000 runs', 'thousand', 20),
    row('history of 100,000 points', 'history', 10),
  ];
}

const LARGE = 256 * 2 ** 20;

interface Transfer {
  readonly up: number;
  readonly down: number;
  /** Bytes that the server has in memory more than after a file of an eighth of the size. */
  readonly grown: number;
}

async function transfer(server: Server, file: string): Promise<Transfer> {
  try {
    const run = await newRun(server);
    const urlOf = (name: string) => `${server.address}/api/2.0/mlflow-artifacts/artifacts/0/${run}/artifacts/${name}`;
    await (await fetch(urlOf('small.bin'), { method: 'PUT', body: Buffer.alloc(LARGE / 8, 'lockstep') })).text();
    await (await fetch(urlOf('small.bin'))).arrayBuffer();
    const memory = server.memory();
    const url = urlOf('large.bin');
    const up = await wall(async () => {
      const headers = { 'Content-Length': String(LARGE), 'Content-Type': 'application/octet-stream' };
      const upload = { method: 'PUT', body: Readable.toWeb(createReadStream(file)), headers, duplex: 'half' };
      const response = await fetch(url, upload as unknown as RequestInit);
      if (!response.ok) throw new Error(`PUT: ${response.status}`);
      await response.text();
    });
    const target = `${file}.down`;
    const down = await wall(async () => {
      const { body } = await fetch(url);
      if (body === null) throw new Error('GET: no body');
      await pipeline(Readable.fromWeb(body as Parameters<typeof Readable.fromWeb>[0]), createWriteStream(target));
    });
    if (statSync(target).size !== LARGE) throw new Error('the artifact came back cut short');
    return { up, down, grown: Math.max(0, server.memory() - memory) };
  } finally {
    await server.stop();
  }
}

async function wall(work: () => Promise<void>): Promise<number> {
  const begin = performance.now();
  await work();
  return (performance.now() - begin) / 1000;
}

async function artifacts({ directory, lockstep }: Place, python: string): Promise<readonly Row[]> {
  const file = join(directory, 'large.bin');
  writeFileSync(file, Buffer.alloc(LARGE, 'lockstep'));
  const ours = await transfer(await startLockstep(lockstep, join(directory, 'ours')), file);
  const theirs = await transfer(await startMlflow(python, join(directory, 'theirs'), 4), file);
  const bare = await wall(() => pipeline(createReadStream(file), createWriteStream(`${file}.bare`)));
  rmSync(`${file}.bare`);
  const beside = (what: string, value: number): Row => ({
    what,
    ours: seconds(value),
    peer: `node's stream: ${seconds(bare)}`,
    ratio: times(value / bare),
    allowed: '1.5 ×',
    verdict: value / bare <= 1.5 ? 'met' : 'missed',
  });
  return [
    faster({ what: 'an artifact of 256 MiB up', ours: ours.up, theirs: theirs.up, atLeast: 3 }),
    faster({ what: 'an artifact of 256 MiB down', ours: ours.down, theirs: theirs.down, atLeast: 3 }),
    beside('an artifact of 256 MiB up, against no server', ours.up),
    beside('an artifact of 256 MiB down, against no server', ours.down),
    within('memory for 256 MiB up and down, above that for 32 MiB', ours.grown, { atMost: 32e6, text: megabytes }),
  ];
}
