import { type RawBuilder, type Selectable, type SqlBool, sql } from 'kysely';
import { unreachable } from '../../base/unreachable.ts';
import type { Database, RegisteredModelRow } from '../schema.ts';
import type { Attribute, Comparison, Condition, Vocabulary } from '../search/condition.ts';
import { conditionSql, testSql } from '../search/condition-sql.ts';
import { offsetOf, pageOf } from '../search/page-token.ts';
import { parseFilter, parseOrderings } from '../search/parse.ts';
import type { TrackingDatabase } from '../tracking-database.ts';
import { type ModelVersion, PROMPT_TAG, withVersionParts } from './model-versions.ts';

export interface RegistrySearch {
  readonly filter: string;
  readonly orderBy: readonly string[];
  readonly limit: number;
  readonly pageToken: string | undefined;
}

const text = (spelling: string, name = spelling): [string, Attribute] => [spelling, { name, type: 'text' }];
const number = (spelling: string, name = spelling): [string, Attribute] => [spelling, { name, type: 'number' }];

const UPDATED = [
  number('timestamp', 'last_updated_time'),
  number('last_updated_timestamp', 'last_updated_time'),
  number('creation_timestamp', 'creation_time'),
] as const;

const MODELS: Vocabulary = { families: ['attribute', 'tag'], attributes: new Map([text('name'), ...UPDATED]) };

const VERSIONS: Vocabulary = {
  families: ['attribute', 'tag'],
  attributes: new Map([
    text('name'),
    text('run_id'),
    text('source_path', 'source'),
    number('version_number', 'version'),
    ...UPDATED,
  ]),
};

/** Prompts are kept in the registry, too, and only found by those who ask for them. */
export async function searchRegistered(
  tracking: TrackingDatabase,
  search: RegistrySearch,
): Promise<{ readonly models: readonly Selectable<RegisteredModelRow>[]; readonly next: string | undefined }> {
  const filter = parseFilter(search.filter, MODELS);
  const offset = offsetOf(search.pageToken);
  let query = tracking.db.selectFrom('registered_models').selectAll();
  if (filter === undefined || !asksForPrompts(filter)) query = query.where(sql<SqlBool>`not ${isPrompt()}`);
  if (filter !== undefined)
    query = query.where(conditionSql(filter, (one) => compare(one, tracking, 'registered_models')));
  const ordered = orderOf(search.orderBy, MODELS, { table: 'registered_models', tracking });
  const rows = await query
    .orderBy(sql.join([...ordered, sql`registered_models.name${tracking.dialect.byBytes} asc`]))
    .limit(search.limit + 1)
    .offset(offset)
    .execute();
  const { page, next } = pageOf(rows, { offset, limit: search.limit });
  return { models: page, next };
}

export async function searchVersions(
  tracking: TrackingDatabase,
  search: RegistrySearch,
): Promise<{ readonly versions: readonly ModelVersion[]; readonly next: string | undefined }> {
  const filter = parseFilter(search.filter, VERSIONS);
  const offset = offsetOf(search.pageToken);
  let query = tracking.db.selectFrom('model_versions').selectAll().where('deleted_time', 'is', null);
  if (filter !== undefined)
    query = query.where(conditionSql(filter, (one) => compare(one, tracking, 'model_versions')));
  const ordered = orderOf(search.orderBy, VERSIONS, { table: 'model_versions', tracking });
  const newest = [sql`model_versions.last_updated_time desc`];
  const rows = await query
    .orderBy(
      sql.join([
        ...(ordered.length === 0 ? newest : ordered),
        sql`model_versions.name${tracking.dialect.byBytes} asc`,
        sql`model_versions.version desc`,
      ]),
    )
    .limit(search.limit + 1)
    .offset(offset)
    .execute();
  const { page, next } = pageOf(rows, { offset, limit: search.limit });
  return { versions: await withVersionParts(tracking, page), next };
}

type Table = keyof Pick<Database, 'registered_models' | 'model_versions'>;

function orderOf(
  orderBy: readonly string[],
  vocabulary: Vocabulary,
  { table, tracking }: { readonly table: Table; readonly tracking: TrackingDatabase },
): readonly RawBuilder<unknown>[] {
  return parseOrderings(orderBy, vocabulary).map(({ subject, descending }) => {
    const isText = vocabulary.attributes.get(subject.key)?.type === 'text';
    const bytes = isText ? tracking.dialect.byBytes : sql``;
    return sql`${sql.ref(`${table}.${subject.key}`)}${bytes} ${descending ? sql`desc` : sql`asc`}`;
  });
}

function isPrompt(): RawBuilder<SqlBool> {
  return sql`exists (select 1 from registered_model_tags t
    where t.name = registered_models.name and t.key = ${PROMPT_TAG} and t.value = 'true')`;
}

function asksForPrompts(condition: Condition): boolean {
  switch (condition.kind) {
    case 'and':
    case 'or':
      return condition.operands.some(asksForPrompts);
    case 'not':
      return asksForPrompts(condition.operand);
    case 'compare':
      return isPromptTag(condition) && condition.test.operator === '=';
    default:
      return unreachable(condition);
  }
}

function isPromptTag({ subject }: Comparison): boolean {
  return subject.of === 'tag' && subject.key === PROMPT_TAG;
}

function compare(
  { subject, test, kind }: Comparison,
  { dialect }: TrackingDatabase,
  table: Table,
): RawBuilder<SqlBool> {
  if (subject.of === 'attribute') return testSql(dialect, sql`${sql.ref(`${table}.${subject.key}`)}`, test);
  const rows =
    table === 'registered_models'
      ? sql`select 1 from registered_model_tags t where t.name = registered_models.name and t.key = ${subject.key}`
      : sql`select 1 from model_version_tags t
          where t.name = model_versions.name and t.version = model_versions.version and t.key = ${subject.key}`;
  if (test.operator === 'is null') return sql`not exists (${rows})`;
  if (test.operator === 'is not null') return sql`exists (${rows})`;
  // Clients leave prompts out this way, and mean models without the tag as well.
  if (isPromptTag({ subject, test, kind }) && test.operator === '!=') {
    return sql`not exists (${rows} and t.value = ${test.value})`;
  }
  return sql`exists (${rows} and ${testSql(dialect, sql`t.value`, test)})`;
}
