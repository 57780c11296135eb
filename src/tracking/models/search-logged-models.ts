import { type RawBuilder, type SqlBool, sql } from 'kysely';
import { invalid } from '../logged/keys.ts';
import type { Attribute, Comparison, Condition, Subject, Vocabulary } from '../search/condition.ts';
import { conditionSql, testSql } from '../search/condition-sql.ts';
import { offsetOf, pageOf } from '../search/page-token.ts';
import { parseFilter, parseOrderings } from '../search/parse.ts';
import { isAnyOf } from '../statements.ts';
import type { TrackingDatabase } from '../tracking-database.ts';
import { type LoggedModel, withParts } from './logged-models.ts';

const TEXTS = ['name', 'model_id', 'model_type', 'status', 'source_run_id'];
const TIMES = [
  ['creation_timestamp', 'creation_time'],
  ['creation_time', 'creation_time'],
  ['last_updated_timestamp', 'last_updated_time'],
  ['last_updated_time', 'last_updated_time'],
] as const;

const ATTRIBUTES: ReadonlyMap<string, Attribute> = new Map<string, Attribute>([
  ...TEXTS.map((name) => [name, { name, type: 'text' }] as const),
  ...TIMES.map(([spelling, name]) => [spelling, { name, type: 'number' }] as const),
]);

const VOCABULARY: Vocabulary = { families: ['attribute', 'tag', 'param', 'metric'], attributes: ATTRIBUTES };

interface Dataset {
  readonly name: string | undefined;
  readonly digest: string | undefined;
}

interface LoggedModelOrder {
  readonly field: string;
  readonly ascending: boolean;
  /** Of a metric: the one that was measured on this. */
  readonly dataset: Dataset;
}

export interface LoggedModelSearch {
  readonly experimentIds: readonly string[];
  readonly filter: string;
  /** Only metrics that were measured on one of these count; none: on anything. */
  readonly datasets: readonly Dataset[];
  readonly orderBy: readonly LoggedModelOrder[];
  readonly limit: number;
  readonly pageToken: string | undefined;
}

export async function searchLoggedModels(
  tracking: TrackingDatabase,
  search: LoggedModelSearch,
): Promise<{ readonly models: readonly LoggedModel[]; readonly next: string | undefined }> {
  const { db, dialect } = tracking;
  const filter = parseFilter(search.filter, VOCABULARY);
  const written = search.orderBy.map(({ field, ascending }) => `${field} ${ascending ? 'ASC' : 'DESC'}`);
  const terms = parseOrderings(written, VOCABULARY).flatMap(({ subject, descending }, i) => {
    const value = orderedBy(subject, search.orderBy[i]?.dataset);
    return [sql`${value} is null asc`, sql`${value} ${descending ? sql`desc` : sql`asc`}`];
  });
  const experiments = search.experimentIds.filter((id) => /^\d+$/.test(id)).map(Number);
  const offset = offsetOf(search.pageToken);
  let query = db
    .selectFrom('logged_models')
    .selectAll()
    .where('lifecycle_stage', '=', 'active')
    .where(isAnyOf(dialect, sql.ref('logged_models.experiment_id'), experiments));
  const measured = onAnyOf(search.datasets);
  if (search.datasets.length > 0 && !asksForMetric(filter))
    query = query.where(sql<SqlBool>`exists (select 1
    from logged_model_metrics m where m.model_id = logged_models.model_id and ${measured})`);
  if (filter !== undefined) {
    query = query.where(conditionSql(filter, (comparison) => compare(comparison, { tracking, measured })));
  }
  const rows = await query
    .orderBy(sql.join([...terms, sql`logged_models.creation_time desc`, sql`logged_models.model_id asc`]))
    .limit(search.limit + 1)
    .offset(offset)
    .execute();
  const { page, next } = pageOf(rows, { offset, limit: search.limit });
  return { models: await withParts(tracking, page), next };
}

function columnOf(key: string): RawBuilder<unknown> {
  return sql`${sql.ref(`logged_models.${key}`)}`;
}

function orderedBy({ of, key }: Subject, dataset: Dataset | undefined): RawBuilder<unknown> {
  if (of === 'attribute') return columnOf(key);
  if (of !== 'metric') throw invalid(`Invalid order by field name: ${of}s.${key}. Only metrics are supported.`);
  return sql`(select m.value from logged_model_metrics m where m.model_id = logged_models.model_id and m.key = ${key}
    and ${onAnyOf(dataset === undefined ? [] : [dataset])} order by m.timestamp desc, m.step desc limit 1)`;
}

/** Whether the metric `m` was measured on one of these. */
function onAnyOf(datasets: readonly Dataset[]): RawBuilder<SqlBool> {
  if (datasets.length === 0) return sql`1 = 1`;
  const each = datasets.map(({ name, digest }) => {
    const named = name === undefined ? sql`1 = 1` : sql`m.dataset_name = ${name}`;
    return digest === undefined ? named : sql`(${named} and m.dataset_digest = ${digest})`;
  });
  return sql`(${sql.join(each, sql` or `)})`;
}

function asksForMetric(condition: Condition | undefined): boolean {
  switch (condition?.kind) {
    case undefined:
      return false;
    case 'compare':
      return condition.subject.of === 'metric';
    case 'not':
      return asksForMetric(condition.operand);
    default:
      return condition?.operands.some(asksForMetric) ?? false;
  }
}

const TABLES = { tag: 'logged_model_tags', param: 'logged_model_params', metric: 'logged_model_metrics' } as const;

interface Comparing {
  readonly tracking: TrackingDatabase;
  /** Which metrics count. */
  readonly measured: RawBuilder<SqlBool>;
}

function compare({ subject, test }: Comparison, { tracking: { dialect }, measured }: Comparing): RawBuilder<SqlBool> {
  if (subject.of === 'attribute' || subject.of === 'dataset') return testSql(dialect, columnOf(subject.key), test);
  const counted = subject.of === 'metric' ? sql`and m.is_nan = 0 and ${measured}` : sql``;
  const rows = sql`select 1 from ${sql.table(TABLES[subject.of])} m
    where m.model_id = logged_models.model_id and m.key = ${subject.key} ${counted}`;
  if (test.operator === 'is null') return sql`not exists (${rows})`;
  if (test.operator === 'is not null') return sql`exists (${rows})`;
  return sql`exists (${rows} and ${testSql(dialect, sql`m.value`, test)})`;
}
