import type { Statement } from 'better-sqlite3';
import type { CompiledQuery, Insertable } from 'kysely';
import { digestOf } from '../base/hash.ts';
import { latestMetrics } from './latest-metrics.ts';
import type { EnvironmentRecord, MetricPoint, Run } from './run.ts';
import type { Database } from './schema.ts';
import type { OpenDatabase } from './sqlite-open.ts';

/**
 * Writes whole runs. Every statement is compiled by kysely and prepared by SQLite once per process and then only
 * bound: a run costs 0.2 ms in batches of 100, fsync included, where compiling its queries each time costs 1 ms more.
 * One row per statement: with bound statements inside one transaction, longer inserts were not faster.
 */
export function makeRecorder(open: OpenDatabase): (runs: readonly Run[]) => void {
  const statements = prepare(open);
  const recordAll = open.sqlite.transaction((runs: readonly Run[]) => {
    for (const run of runs) recordOne(statements, run);
  });
  return (runs) => void recordAll.immediate(runs);
}

type Statements = ReturnType<typeof prepare>;

function prepare(open: OpenDatabase) {
  const { sqlite, db } = open;
  const ready = (query: { compile(): CompiledQuery }) => sqlite.prepare<unknown[]>(query.compile().sql);
  return {
    find: ready(db.selectFrom('runs').select('run').where('run_id', '=', '')).pluck(),
    remove: ready(db.deleteFrom('runs').where('run', '=', 0)),
    environment: ready(
      db
        .insertInto('environments')
        .values({ environment: '', record: '' })
        .onConflict((c) => c.doNothing()),
    ),
    run: inserter(open, 'runs', RUN_COLUMNS),
    params: inserter(open, 'params', ['run', 'position', 'key', 'value'], 'last'),
    metrics: inserter(open, 'metrics', POINT_COLUMNS, 'first'),
    latest: inserter(open, 'latest_metrics', POINT_COLUMNS),
    tags: inserter(open, 'tags', ['run', 'key', 'value']),
    inputs: inserter(open, 'inputs', ['run', 'position', 'path', 'digest', 'size', 'producer']),
    artifacts: inserter(open, 'artifacts', ['run', 'position', 'path', 'digest', 'size', 'kind', 'stored']),
  };
}

const POINT_COLUMNS = ['run', 'position', 'key', 'value', 'is_nan', 'step', 'timestamp'] as const;

const RUN_COLUMNS = [
  'run',
  'run_id',
  'experiment_id',
  'parent_run_id',
  'stage',
  'file',
  'status',
  'start_time',
  'end_time',
  'command',
  'git_sha',
  'git_branch',
  'git_remote_url',
  'git_dirty',
  'git_patch',
  'git_omitted',
  'environment',
] as const;

/**
 * Inserts one row; takes the columns' values in the order given here. Of rows with the same key the first stays as it
 * is (a point that is said twice is one point) or takes the last one's value.
 */
function inserter<T extends keyof Database>(
  { sqlite, db }: OpenDatabase,
  table: T,
  columns: readonly (keyof Insertable<Database[T]> & string)[],
  keep?: 'first' | 'last',
): Statement<unknown[]> {
  const row = Object.fromEntries(columns.map((column) => [column, null])) as unknown as Insertable<Database[T]>;
  const insert = db.insertInto(table).values(row).compile().sql;
  return sqlite.prepare(keep === undefined ? insert : `${insert} ${ON_CONFLICT[keep]}`);
}

const ON_CONFLICT = {
  first: 'on conflict do nothing',
  last: 'on conflict do update set value = excluded.value',
};

function recordOne(statements: Statements, run: Run): void {
  // Replacing keeps the run's number and with it its place among runs of the same millisecond.
  const known = statements.find.get(run.id) as number | undefined;
  if (known !== undefined) statements.remove.run(known);
  const environment = recordEnvironment(statements, run.environment);
  const number = statements.run.run(known ?? null, ...headOf(run), environment).lastInsertRowid as number;
  recordParts(statements, number, run);
}

function headOf(run: Run): readonly unknown[] {
  const { code } = run;
  return [
    run.id,
    DEFAULT_EXPERIMENT,
    run.parent,
    run.stage,
    run.file,
    run.status,
    run.startTime,
    run.endTime,
    ...(code === null
      ? [null, null, null, null, null, null, null]
      : [
          code.command,
          code.gitSha,
          code.branch,
          code.remoteUrl,
          code.dirty ? 1 : 0,
          code.patch,
          JSON.stringify(code.omitted),
        ]),
  ];
}

/** All runs of a project are of one experiment, so that children are shown below their parents. */
const DEFAULT_EXPERIMENT = 0;

function recordEnvironment(statements: Statements, environment: EnvironmentRecord | null): string | null {
  if (environment === null) return null;
  const record = JSON.stringify(environment);
  const digest = digestOf(record);
  statements.environment.run(digest, record);
  return digest;
}

function recordParts(statements: Statements, number: number, run: Run): void {
  for (const [i, { key, value }] of run.params.entries()) statements.params.run(number, i, key, value);
  for (const [i, point] of run.metrics.entries()) statements.metrics.run(number, i, ...pointColumns(point));
  for (const [i, point] of latestMetrics(run.metrics).entries()) {
    statements.latest.run(number, i, ...pointColumns(point));
  }
  for (const [key, value] of Object.entries(run.tags)) statements.tags.run(number, key, value);
  for (const [i, { path, digest, size, producer }] of run.data.entries()) {
    statements.inputs.run(number, i, path, digest, size, producer);
  }
  for (const [i, { path, digest, size, kind, stored }] of run.artifacts.entries()) {
    statements.artifacts.run(number, i, path, digest, size, kind, stored ? 1 : 0);
  }
}

function pointColumns({ key, value, step, timestamp }: MetricPoint): readonly unknown[] {
  const nan = Number.isNaN(value);
  return [key, nan ? 0 : value, nan ? 1 : 0, step, timestamp];
}
