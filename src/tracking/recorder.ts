import type { Statement } from 'better-sqlite3';
import { type CompiledQuery, type Insertable, sql } from 'kysely';
import { digestOf } from '../base/hash.ts';
import { CLIENT_POSITION } from './client-position.ts';
import { latestMetrics } from './latest-metrics.ts';
import type { EnvironmentRecord, MetricPoint, Run } from './run.ts';
import { saysTheSame } from './same-param.ts';
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
    change: ready(
      db
        .updateTable('runs')
        .set(Object.fromEntries(CHANGING_COLUMNS.map((column) => [column, null])))
        .where('run', '=', 0),
    ),
    // What stays is what clients logged. `lockstep.` begins the keys that are ours alone.
    forget: [
      ...(['params', 'metrics', 'latest_metrics'] as const).map((table) =>
        ready(db.deleteFrom(table).where('run', '=', 0).where('position', '<', sql.lit(CLIENT_POSITION))),
      ),
      ...(['inputs', 'artifacts'] as const).map((table) => ready(db.deleteFrom(table).where('run', '=', 0))),
      ready(
        db
          .deleteFrom('tags')
          .where('run', '=', 0)
          .where('key', '>=', sql.lit('lockstep.'))
          .where('key', '<', sql.lit('lockstep/')),
      ),
    ],
    loggedParams: ready(db.selectFrom('params').select(['key', 'value']).where('run', '=', 0)),
    declare: ready(db.updateTable('params').set({ value: '', position: 0 }).where('run', '=', 0).where('key', '=', '')),
    differs: inserter(open, 'logged_params', ['run', 'key', 'value'], 'last'),
    environment: ready(
      db
        .insertInto('environments')
        .values({ environment: '', record: '' })
        .onConflict((c) => c.doNothing()),
    ),
    run: inserter(open, 'runs', RUN_COLUMNS),
    params: inserter(open, 'params', ['run', 'position', 'key', 'value'], 'last'),
    metrics: inserter(open, 'metrics', POINT_COLUMNS, 'first'),
    latest: inserter(open, 'latest_metrics', POINT_COLUMNS, 'latest'),
    tags: inserter(open, 'tags', ['run', 'key', 'value'], 'last'),
    inputs: inserter(open, 'inputs', ['run', 'position', 'path', 'digest', 'size', 'producer']),
    artifacts: inserter(open, 'artifacts', ['run', 'position', 'path', 'digest', 'size', 'kind', 'stored']),
  };
}

const POINT_COLUMNS = ['run', 'position', 'key', 'value', 'is_nan', 'step', 'timestamp'] as const;

const CHANGING_COLUMNS = [
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

/** A client may have moved a run to another experiment, so that is said only once. */
const RUN_COLUMNS = ['run_id', 'experiment_id', ...CHANGING_COLUMNS] as const;

/**
 * Inserts one row; takes the columns' values in the order given here. Of rows with the same key the first stays as it
 * is (a point that is said twice is one point) or takes the last one's value.
 */
function inserter<T extends keyof Database>(
  { sqlite, db }: OpenDatabase,
  table: T,
  columns: readonly (keyof Insertable<Database[T]> & string)[],
  keep?: keyof typeof ON_CONFLICT,
): Statement<unknown[]> {
  const row = Object.fromEntries(columns.map((column) => [column, null])) as unknown as Insertable<Database[T]>;
  const insert = db.insertInto(table).values(row).compile().sql;
  return sqlite.prepare(keep === undefined ? insert : `${insert} ${ON_CONFLICT[keep]}`);
}

const ON_CONFLICT = {
  first: 'on conflict do nothing',
  last: 'on conflict do update set value = excluded.value',
  latest: `on conflict do update
    set value = excluded.value, is_nan = excluded.is_nan, step = excluded.step, timestamp = excluded.timestamp
    where (excluded.step, excluded.timestamp, 1 - excluded.is_nan, excluded.value)
      > (latest_metrics.step, latest_metrics.timestamp, 1 - latest_metrics.is_nan, latest_metrics.value)`,
};

function recordOne(statements: Statements, run: Run): void {
  const environment = recordEnvironment(statements, run.environment);
  const known = statements.find.get(run.id) as number | undefined;
  if (known === undefined) {
    const head = [run.id, DEFAULT_EXPERIMENT, ...headOf(run), environment];
    recordParts(statements, statements.run.run(...head).lastInsertRowid as number, run);
    return;
  }
  statements.change.run(...headOf(run), environment, known);
  for (const statement of statements.forget) statement.run(known);
  recordParts(statements, known, { ...run, params: [] });
  declareParams(statements, known, run);
}

/** A declared param takes the place of one that a client logged; where they differ, both are kept. */
function declareParams(statements: Statements, number: number, { params }: Run): void {
  const rows = statements.loggedParams.all(number) as readonly { readonly key: string; readonly value: string }[];
  const logged = new Map(rows.map(({ key, value }) => [key, value]));
  for (const [i, { key, value }] of params.entries()) {
    const other = logged.get(key);
    if (other === undefined) statements.params.run(number, i, key, value);
    else if (other !== value) {
      if (!saysTheSame(value, other)) statements.differs.run(number, key, other);
      statements.declare.run(value, i, number, key);
    }
  }
}

function headOf(run: Run): readonly unknown[] {
  const { code } = run;
  return [
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
