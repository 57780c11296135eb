import { spawnSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import SqliteFile from 'better-sqlite3';
import { type Case, type Place, type Row, times } from './case.ts';
import { type Server, startLockstep, startMlflow } from './servers.ts';
import { each, faster, fillRuns, fine, ifThere, RUNS, searchRuns } from './tracking.ts';

/** What grows with a project's age, and what a training script waits for. */
export const trackingScaleCases: readonly Case[] = [
  {
    name: 'tracking-many-runs',
    compares:
      'the searches of tracking-search among 10,000 and among 100,000 runs, on the wall clock; the bound is how much the logarithm of their number grows',
    measure: manyRuns,
  },
  {
    name: 'tracking-stage',
    compares:
      'log_metric of MLflow’s client, called 10,000 times by a stage of `lockstep repro`, against 1,000 times, taken tenfold, with `mlflow server` of 1 and of 4 workers, of which the better counts; seconds as the script measures them',
    measure: (place) => ifThere('log_metric from a stage', (python) => fromStage(place, python)),
  },
];

const GROWTH = 10;

async function manyRuns({ directory, lockstep }: Place): Promise<readonly Row[]> {
  const project = join(directory, 'ours');
  const few = await withServer(await startLockstep(lockstep, project), async (server) => {
    await fillRuns(server, RUNS);
    return await searchTimes(server);
  });
  multiplyRuns(join(project, '.lockstep/lockstep.db'), GROWTH);
  const many = await withServer(await startLockstep(lockstep, project), searchTimes);
  const allowed = Math.log(RUNS * GROWTH) / Math.log(RUNS);
  return (['hundred', 'thousand'] as const).map((of) => {
    const ratio = many[of] / few[of];
    return {
      what: `search of ${of === 'hundred' ? '100' : '1,000'} among 100,000 runs`,
      ours: fine(many[of]),
      peer: `among 10,000 runs: ${fine(few[of])}`,
      ratio: times(ratio),
      allowed: times(allowed),
      verdict: ratio <= allowed ? 'met' : 'missed',
    };
  });
}

async function withServer<T>(server: Server, work: (server: Server) => Promise<T>): Promise<T> {
  try {
    return await work(server);
  } finally {
    await server.stop();
  }
}

async function searchTimes(server: Server) {
  return {
    hundred: await each(40, () => searchRuns(server, 100)),
    thousand: await each(20, () => searchRuns(server, 1000)),
  };
}

/** So many times the runs with all they hold, each copy under an id of its own and with other values. */
function multiplyRuns(file: string, count: number): void {
  const sqlite = new SqliteFile(file);
  const all = (sqlite.pragma('table_info(runs)') as { name: string }[]).map(({ name }) => name);
  const rest = all.filter((name) => name !== 'run' && name !== 'run_id').join(', ');
  const copies = `with recursive copies(n) as (select 1 union all select n + 1 from copies where n < ${count - 1}),
    size(runs) as (select runs from before)`;
  const copy = (table: string, columns: string, values: string) =>
    sqlite.exec(`insert into ${table} (run, ${columns})
      ${copies} select run + n * size.runs, ${values} from ${table} cross join copies cross join size
      where run <= size.runs`);
  const point = 'position, key, timestamp, step, is_nan, value';
  const moved = 'position, key, timestamp, step, is_nan, value + n / 10.0';
  sqlite.transaction(() => {
    sqlite.exec('create temp table before as select max(run) as runs from runs');
    const parts: readonly (readonly [string, string, string])[] = [
      ['params', 'position, key, value', 'position, key, value'],
      ['tags', 'key, value', 'key, value'],
      ['metrics', point, moved],
      ['latest_metrics', point, moved],
    ];
    sqlite.pragma('defer_foreign_keys = ON');
    for (const [table, columns, values] of parts) copy(table, columns, values);
    copy('runs', `run_id, ${rest}`, `lower(hex(randomblob(16))), ${rest}`);
  })();
  sqlite.close();
}

const SCRIPT = `import sys, time
import mlflow
with mlflow.start_run():
    mlflow.log_metric("warm", 0)
    begin = time.perf_counter()
    for step in range(int(sys.argv[1])):
        mlflow.log_metric("loss", step / 7, step=step)
    print("took", time.perf_counter() - begin)
`;

async function fromStage({ directory, lockstep }: Place, python: string): Promise<readonly Row[]> {
  const script = join(directory, 'log.py');
  writeFileSync(script, SCRIPT);
  const env = { ...process.env, MLFLOW_DISABLE_TELEMETRY: 'true', GIT_PYTHON_REFRESH: 'quiet' };
  const project = join(directory, 'ours');
  mkdirSync(join(project, '.lockstep'), { recursive: true });
  writeFileSync(join(project, 'pipeline.yaml'), `stages:\n  train:\n    cmd: ${python} ${script} 10000\n`);
  const ours = tookBy([...lockstep, 'repro'], { cwd: project, env });
  const theirs: number[] = [];
  for (const workers of [1, 4]) {
    const server = await startMlflow(python, join(directory, `theirs-${workers}`), workers);
    const named = { ...env, MLFLOW_TRACKING_URI: server.address };
    theirs.push(10 * (await withServer(server, async () => tookBy([python, script, '1000'], { env: named }))));
  }
  return [faster({ what: '10,000 log_metric calls of a stage', ours, theirs: Math.min(...theirs), atLeast: 4 })];
}

/** What the script printed, wherever its output went. */
function tookBy(
  [program = '', ...args]: readonly string[],
  options: { readonly cwd?: string; readonly env: NodeJS.ProcessEnv },
): number {
  const { stdout, stderr } = spawnSync(program, args, { ...options, encoding: 'utf8' });
  const seconds = Number(/took ([\d.]+)/.exec(stdout + stderr)?.[1]);
  if (Number.isNaN(seconds)) throw new Error(`the script did not say how long it took: ${stderr}`);
  return seconds;
}
