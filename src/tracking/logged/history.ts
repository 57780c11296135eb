import { sql } from 'kysely';
import { isAnyOf } from '../statements.ts';
import type { TrackingDatabase } from '../tracking-database.ts';

export interface PointRow {
  readonly key: string;
  readonly value: number;
  readonly is_nan: number;
  readonly step: number | string;
  readonly timestamp: number | string;
}

/** A double holds whole numbers up to here; SQLite's driver rounds others unless they come as text. */
const EXACT = 2 ** 53 - 1;

const wholeNumber = (column: string) =>
  sql<number | string>`case when ${sql.ref(column)} between ${sql.lit(-EXACT)} and ${sql.lit(EXACT)}
    then ${sql.ref(column)} else cast(${sql.ref(column)} as text) end`;

export const POINT_FIELDS = ['key', 'value', 'is_nan', 'step', 'timestamp'] as const;

interface Series {
  readonly runId: string;
  readonly key: string;
  readonly offset: number;
  /** Without: all. */
  readonly limit: number | undefined;
}

/** In order of time, step and value, which is the order in which the points stand. */
export async function readHistory({ db, dialect }: TrackingDatabase, series: Series): Promise<readonly PointRow[]> {
  let points = db
    .selectFrom('metrics')
    .where('key', '=', series.key)
    .where('run', '=', db.selectFrom('runs').select('run').where('run_id', '=', series.runId))
    .orderBy('timestamp')
    .orderBy('step')
    .orderBy('value')
    .select(['key', 'value', 'is_nan']);
  points = points.offset(series.offset);
  // SQLite knows no offset without a limit.
  const { limit = EXACT } = series;
  return await points
    .limit(limit)
    .select(dialect.name === 'sqlite' ? [wholeNumber('step').as('step'), wholeNumber('timestamp').as('timestamp')] : [])
    .$if(dialect.name === 'postgres', (query) => query.select(['step', 'timestamp']))
    .$castTo<PointRow>()
    .execute();
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
