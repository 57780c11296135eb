import { type RawBuilder, type SqlBool, sql } from 'kysely';
import { type Experiment, withTags } from '../logged/experiments.ts';
import type { TrackingDatabase } from '../tracking-database.ts';
import type { Attribute, Comparison, Vocabulary } from './condition.ts';
import { conditionSql, testSql } from './condition-sql.ts';
import { offsetOf, pageOf } from './page-token.ts';
import { parseFilter, parseOrderings } from './parse.ts';
import type { View } from './search-runs.ts';

const NUMERIC = ['creation_time', 'last_update_time', 'experiment_id'];

const ATTRIBUTES: ReadonlyMap<string, Attribute> = new Map(
  ['name', ...NUMERIC].map((name) => [name, { name, type: NUMERIC.includes(name) ? 'number' : 'text' }]),
);

const VOCABULARY: Vocabulary = { families: ['attribute', 'tag'], attributes: ATTRIBUTES };

export interface ExperimentSearch {
  readonly filter: string;
  readonly view: View;
  readonly orderBy: readonly string[];
  readonly limit: number;
  readonly pageToken: string | undefined;
}

export async function searchExperiments(
  tracking: TrackingDatabase,
  search: ExperimentSearch,
): Promise<{ readonly experiments: readonly Experiment[]; readonly next: string | undefined }> {
  const { dialect, db } = tracking;
  const filter = parseFilter(search.filter, VOCABULARY);
  const terms = parseOrderings(search.orderBy, VOCABULARY).flatMap(({ subject, descending }) => {
    const value = columnOf(subject.key);
    const bytes = subject.key === 'name' ? dialect.byBytes : sql``;
    return [sql`${value} is null asc`, sql`${value}${bytes} ${descending ? sql`desc` : sql`asc`}`];
  });
  const offset = offsetOf(search.pageToken);
  let query = db.selectFrom('experiments').selectAll();
  if (search.view !== 'ALL') {
    query = query.where('lifecycle_stage', '=', search.view === 'ACTIVE_ONLY' ? 'active' : 'deleted');
  }
  if (filter !== undefined) {
    query = query.where(conditionSql(filter, (comparison) => compare(comparison, tracking)));
  }
  const newest = [sql`experiments.creation_time is null asc`, sql`experiments.creation_time desc`];
  const rows = await query
    .orderBy(sql.join([...(terms.length === 0 ? newest : terms), sql`experiments.experiment_id asc`]))
    .limit(search.limit + 1)
    .offset(offset)
    .execute();
  const { page, next } = pageOf(rows, { offset, limit: search.limit });
  return { experiments: await withTags(tracking, page), next };
}

function columnOf(key: string): RawBuilder<unknown> {
  return sql`${sql.ref(`experiments.${key}`)}`;
}

function compare({ subject, test }: Comparison, { dialect }: TrackingDatabase): RawBuilder<SqlBool> {
  if (subject.of === 'attribute') return testSql(dialect, columnOf(subject.key), test);
  const rows = sql`select 1 from experiment_tags t
    where t.experiment_id = experiments.experiment_id and t.key = ${subject.key}`;
  if (test.operator === 'is null') return sql`not exists (${rows})`;
  if (test.operator === 'is not null') return sql`exists (${rows})`;
  return sql`exists (${rows} and ${testSql(dialect, sql`t.value`, test)})`;
}
