import { type RawBuilder, type SqlBool, sql } from 'kysely';
import { experimentNumber } from '../logged/experiments.ts';
import { type LoggedRun, readRuns } from '../logged/read-runs.ts';
import { isAnyOf } from '../statements.ts';
import type { TrackingDatabase } from '../tracking-database.ts';
import type { Comparison, Condition, Ordering } from './condition.ts';
import { conditionSql } from './condition-sql.ts';
import { offsetOf, pageOf } from './page-token.ts';
import { parseFilter, parseOrderings } from './parse.ts';
import { compareRun, metricTest, orderedValue, RUN_VOCABULARY, type RunScope } from './run-sql.ts';

export type View = 'ACTIVE_ONLY' | 'DELETED_ONLY' | 'ALL';

export interface RunSearch {
  readonly experimentIds: readonly string[];
  readonly filter: string;
  readonly view: View;
  readonly orderBy: readonly string[];
  readonly limit: number;
  readonly pageToken: string | undefined;
  readonly artifactRoot: string;
}

export interface RunsPage {
  readonly runs: readonly LoggedRun[];
  readonly next: string | undefined;
}

export async function searchRuns(tracking: TrackingDatabase, search: RunSearch): Promise<RunsPage> {
  const scope: RunScope = { dialect: tracking.dialect, artifactRoot: search.artifactRoot };
  const filter = parseFilter(search.filter, RUN_VOCABULARY);
  const orderings = parseOrderings(search.orderBy, RUN_VOCABULARY);
  const offset = offsetOf(search.pageToken);
  const experiments = search.experimentIds.flatMap((id) => experimentNumber(id) ?? []);
  if (experiments.length === 0) return { runs: [], next: undefined };
  const question = { scope, filter, orderings, within: within(tracking, experiments, search.view) };
  const found = await findRuns(tracking, question, { offset, limit: search.limit + 1 });
  const { page, next } = pageOf(found, { offset, limit: search.limit });
  return { runs: await readRuns(tracking, page), next };
}

/** One experiment and one stage of life are said as equalities, for which there is an index in the usual order. */
function within({ dialect }: TrackingDatabase, experiments: readonly number[], view: View): RawBuilder<SqlBool> {
  const [first] = experiments;
  const column = sql`runs.experiment_id`;
  const inExperiment =
    experiments.length === 1 ? sql<SqlBool>`${column} = ${first}` : isAnyOf(dialect, column, experiments);
  if (view === 'ALL') return inExperiment;
  return sql`${inExperiment} and runs.lifecycle_stage = ${view === 'ACTIVE_ONLY' ? 'active' : 'deleted'}`;
}

interface Question {
  readonly scope: RunScope;
  readonly filter: Condition | undefined;
  readonly orderings: readonly Ordering[];
  readonly within: RawBuilder<SqlBool>;
}

interface Window {
  readonly offset: number;
  readonly limit: number;
}

async function findRuns(tracking: TrackingDatabase, question: Question, window: Window): Promise<readonly number[]> {
  const [first] = question.orderings;
  if (first?.subject.of === 'metric') return await findByMetric(tracking, question, { ...window, by: first });
  return await numbers(
    tracking,
    sql`select runs.run from runs where ${where(question)} order by ${order(question)}
      limit ${window.limit} offset ${window.offset}`,
  );
}

/**
 * Runs that have the metric are read off the index of its values, best first and no more than the page needs; the
 * others come after all of these, and are asked for only when the page reaches them.
 */
async function findByMetric(
  tracking: TrackingDatabase,
  question: Question,
  { by, limit, offset }: Window & { readonly by: Ordering },
): Promise<readonly number[]> {
  const { key } = by.subject;
  const tests = testsOf(question.filter, key);
  const column = { value: sql`o.value`, isNan: sql`o.is_nan` };
  const narrowed = tests.map((test) => sql` and ${metricTest(test.test, column, question.scope.dialect)}`);
  // The order of a cross join is one that SQLite keeps to.
  const having = sql`from latest_metrics o cross join runs
    where o.key = ${key} and o.is_nan = 0${sql.join(narrowed, sql``)} and runs.run = o.run and ${where(question)}`;
  const direction = by.descending ? sql`desc` : sql`asc`;
  const found = await numbers(
    tracking,
    sql`select runs.run ${having} order by o.value ${direction}, ${order(question, 1)} limit ${limit} offset ${offset}`,
  );
  if (found.length === limit || tests.some(({ test }) => test.operator !== '!=')) return found;
  const before = found.length > 0 || offset === 0 ? offset + found.length : await countOf(tracking, having);
  const others = sql`not exists (select 1 from latest_metrics m
    where m.run = runs.run and m.key = ${key} and m.is_nan = 0)`;
  const nanFirst = sql`exists (select 1 from latest_metrics m where m.run = runs.run and m.key = ${key}) desc`;
  const rest = await numbers(
    tracking,
    sql`select runs.run from runs where ${where(question)} and ${others} order by ${nanFirst}, ${order(question, 1)}
      limit ${limit - found.length} offset ${Math.max(offset - before, 0)}`,
  );
  return [...found, ...rest];
}

/** Comparisons with this metric that all of the runs must pass. */
function testsOf(filter: Condition | undefined, key: string): readonly Comparison[] {
  if (filter === undefined) return [];
  if (filter.kind === 'and') return filter.operands.flatMap((operand) => testsOf(operand, key));
  if (filter.kind !== 'compare' || filter.subject.of !== 'metric' || filter.subject.key !== key) return [];
  return filter.test.operator === 'is null' || filter.test.operator === 'is not null' ? [] : [filter];
}

function where({ filter, within, scope }: Question): RawBuilder<SqlBool> {
  if (filter === undefined) return within;
  return sql`${within} and ${conditionSql(filter, (comparison) => compareRun(comparison, scope))}`;
}

/** From this ordering on; what is missing comes last in both directions, and the newest run first at the end. */
function order({ orderings, scope }: Question, from = 0): RawBuilder<unknown> {
  const terms = orderings.slice(from).flatMap(({ subject, descending }) => {
    const value = orderedValue(subject, scope);
    const direction = descending ? sql`desc` : sql`asc`;
    if (subject.of === 'attribute' && NEVER_MISSING.includes(subject.key)) return [sql`${value} ${direction}`];
    const nan = subject.of === 'metric' ? [sql`${isMissing(subject.key)} asc`] : [];
    return [sql`${value} is null asc`, ...nan, sql`${value} ${direction}`];
  });
  return sql.join([...terms, sql`runs.start_time desc`, sql`runs.run_id asc`]);
}

const NEVER_MISSING = ['start_time', 'run_id', 'status', 'run_name', 'artifact_uri'];

function isMissing(key: string): RawBuilder<unknown> {
  return sql`(not exists (select 1 from latest_metrics m where m.run = runs.run and m.key = ${key}))`;
}

async function numbers({ db }: TrackingDatabase, question: RawBuilder<unknown>): Promise<readonly number[]> {
  const { rows } = await (question as RawBuilder<{ run: number }>).execute(db);
  return rows.map(({ run }) => run);
}

async function countOf({ db }: TrackingDatabase, having: RawBuilder<unknown>): Promise<number> {
  const { rows } = await sql<{ count: number }>`select count(*) as count ${having}`.execute(db);
  return Number(rows[0]?.count ?? 0);
}
