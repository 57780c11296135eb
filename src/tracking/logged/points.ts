import { type Kysely, sql } from 'kysely';
import type { Dialect } from '../dialect.ts';
import { latestMetrics } from '../latest-metrics.ts';
import type { Database } from '../schema.ts';
import { insertRows, KEEP_FIRST } from '../statements.ts';
import type { WritableRun } from './run-head.ts';

/** One point of a series, as clients log it. */
export interface LoggedPoint {
  readonly key: string;
  readonly value: number;
  readonly step: number | bigint;
  readonly timestamp: number | bigint;
  /** The logged model that was measured, and with which data. */
  readonly modelId?: string | undefined;
  readonly datasetName?: string | undefined;
  readonly datasetDigest?: string | undefined;
}

export interface PointsOfRun {
  readonly run: WritableRun;
  readonly points: readonly LoggedPoint[];
}

/** Where rows stand that are written now: behind all that were written before. */
export function positionAt(now: number): number {
  return now * 1000;
}

/** Appends points of any number of runs: one insert for all of them and one for the series that got a later point. */
export async function appendPoints(
  trx: Kysely<Database>,
  dialect: Dialect,
  { logged, now }: { readonly logged: readonly PointsOfRun[]; readonly now: number },
): Promise<void> {
  const position = positionAt(now);
  const all = logged.flatMap(({ run, points }) => points.map((point, i) => rowOf(run, point, position + i)));
  if (all.length === 0) return;
  // In the order of the table, so that a series' points are written side by side.
  all.sort(([runA, a], [runB, b]) => Number(runA) - Number(runB) || (String(a) < String(b) ? -1 : a === b ? 0 : 1));
  const latest = logged.flatMap(({ run, points }) =>
    latestMetrics(points).map((point, i) => rowOf(run, point, position + i)),
  );
  await insertRows(trx, dialect, { table: 'metrics', columns: COLUMNS, rows: all, conflict: KEEP_FIRST });
  await insertRows(trx, dialect, { table: 'latest_metrics', columns: COLUMNS, rows: latest, conflict: KEEP_LATER });
  const measured = logged.flatMap(({ run, points }) => points.flatMap((point) => modelRows(run, point)));
  const rows = { table: 'logged_model_metrics', columns: MODEL_COLUMNS, rows: measured, conflict: KEEP_FIRST } as const;
  await insertRows(trx, dialect, rows);
}

const COLUMNS = ['run', 'key', 'value', 'is_nan', 'step', 'timestamp', 'position'];

const KEEP_LATER = sql`on conflict (run, key) do update
  set value = excluded.value, is_nan = excluded.is_nan, step = excluded.step, timestamp = excluded.timestamp
  where (excluded.step, excluded.timestamp, 1 - excluded.is_nan, excluded.value)
    > (latest_metrics.step, latest_metrics.timestamp, 1 - latest_metrics.is_nan, latest_metrics.value)`;

function rowOf({ run }: WritableRun, point: LoggedPoint, position: number): readonly unknown[] {
  return [run, point.key, ...valueColumns(point), position];
}

const MODEL_COLUMNS = [
  'model_id',
  'run_id',
  'key',
  'value',
  'is_nan',
  'step',
  'timestamp',
  'dataset_name',
  'dataset_digest',
];

function modelRows(run: WritableRun, point: LoggedPoint): readonly (readonly unknown[])[] {
  const { modelId, datasetName = '', datasetDigest = '' } = point;
  if (modelId === undefined || modelId === '') return [];
  return [[modelId, run.run_id, point.key, ...valueColumns(point), datasetName, datasetDigest]];
}

function valueColumns({ value, step, timestamp }: LoggedPoint): readonly unknown[] {
  const nan = Number.isNaN(value);
  return [nan ? 0 : value, nan ? 1 : 0, step, timestamp];
}
