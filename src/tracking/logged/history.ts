import { type RawBuilder, sql } from 'kysely';
import { isAnyOf } from '../statements.ts';
import type { TrackingDatabase } from '../tracking-database.ts';

export interface PointRow {
  readonly key: string;
  readonly value: number;
  readonly is_nan: number;
  readonly step: number | string;
  readonly timestamp: number | string;
}

export const POINT_FIELDS = ['key', 'value', 'is_nan', 'step', 'timestamp'] as const;

interface Series {
  readonly runId: string;
  readonly key: string;
  readonly offset: number;
  /** Without: all. */
  readonly limit: number | undefined;
}

/** In order of time, step and value, which is the order in which the points stand. */
export async function readHistory(tracking: TrackingDatabase, series: Series): Promise<readonly PointRow[]> {
  const { key } = series;
  const { rows } = await historyOf(tracking, series, sql`step, timestamp`);
  if (rows.every(isExact)) return rows.map((row) => pointOf(key, row));
  const exact = await historyOf(
    tracking,
    series,
    sql`cast(step as text) as step, cast(timestamp as text) as timestamp`,
  );
  return exact.rows.map((row) =>
    pointOf(key, { ...row, step: shortened(row.step), timestamp: shortened(row.timestamp) }),
  );
}

type Measured = Omit<PointRow, 'key'>;

/** Without what all of them have in common: there may be a hundred thousand. */
async function historyOf(
  { db }: TrackingDatabase,
  { runId, key, offset, limit = EXACT }: Series,
  times: RawBuilder<unknown>,
): Promise<{ readonly rows: readonly Measured[] }> {
  return await sql<Measured>`select value, is_nan, ${times} from metrics
    where run = (select run from runs where run_id = ${runId}) and key = ${key}
    order by metrics.timestamp, metrics.step, metrics.value limit ${limit} offset ${offset}`.execute(db);
}

function pointOf(key: string, { value, is_nan, step, timestamp }: Measured): PointRow {
  return { key, value, is_nan, step, timestamp };
}

/** A double holds whole numbers up to here; SQLite's driver rounds others unless they come as text. */
const EXACT = Number.MAX_SAFE_INTEGER;

function isExact({ step, timestamp }: Measured): boolean {
  return Number.isSafeInteger(step) && Number.isSafeInteger(timestamp);
}

function shortened(number: number | string): number | string {
  return Number.isSafeInteger(Number(number)) ? Number(number) : number;
}

export interface Sampled {
  readonly runIds: readonly string[];
  readonly key: string;
  readonly steps: { readonly from: number; readonly to: number } | undefined;
  /** Of each run, at least its first and last. */
  readonly most: number;
}

/** So many points of each run's series at most, at equal distances, the last one always. */
export async function sampleHistory(
  { db, dialect }: TrackingDatabase,
  { runIds, key, steps, most }: Sampled,
): Promise<readonly (PointRow & { readonly run_id: string })[]> {
  const buckets = sql.lit(Math.max(most - 1, 0));
  let numbered = db
    .selectFrom('metrics')
    .innerJoin('runs', 'runs.run', 'metrics.run')
    .where('metrics.key', '=', key)
    .where(isAnyOf(dialect, sql.ref('runs.run_id'), runIds))
    .select(['runs.run_id', 'metrics.key', 'metrics.value', 'metrics.is_nan', 'metrics.step', 'metrics.timestamp'])
    .select(
      sql<number>`row_number() over (partition by metrics.run order by metrics.step, metrics.timestamp, metrics.value)`.as(
        'place',
      ),
    )
    .select(sql<number>`count(*) over (partition by metrics.run)`.as('points'));
  if (steps !== undefined) {
    numbered = numbered.where('metrics.step', '>=', steps.from).where('metrics.step', '<=', steps.to);
  }
  const begins = sql<boolean>`${buckets} > 0 and
    (place = 1 or ((place - 1) * ${buckets}) / points <> ((place - 2) * ${buckets}) / points)`;
  return await db
    .selectFrom(numbered.as('numbered'))
    .where(({ or }) => or([sql<boolean>`place = points`, begins]))
    .orderBy('run_id')
    .orderBy('place')
    .select(['run_id', ...POINT_FIELDS])
    .execute();
}
