import { type RawBuilder, type SqlBool, sql } from 'kysely';
import { unreachable } from '../../base/unreachable.ts';
import type { Dialect } from '../dialect.ts';
import { RUN_NAME } from '../logged/run-head.ts';
import { COMMIT_TAG, NAME_TAG, PARENT_TAG } from '../logged/tags.ts';
import { literalsOfText } from '../param-literal.ts';
import { isAnyOf } from '../statements.ts';
import type { Attribute, Comparison, Subject, Test, Vocabulary } from './condition.ts';
import { testSql } from './condition-sql.ts';

const attribute = (name: string, type: Attribute['type'], ...spellings: readonly string[]) =>
  [name, ...spellings].map((spelling) => [spelling, { name, type }] as const);

export const RUN_VOCABULARY: Vocabulary = {
  families: ['metric', 'param', 'tag', 'attribute', 'dataset'],
  attributes: new Map([
    ...attribute('run_id', 'text', 'id'),
    ...attribute('run_name', 'text', 'run name', 'name'),
    ...attribute('user_id', 'text', 'user'),
    ...attribute('status', 'text'),
    ...attribute('artifact_uri', 'text'),
    ...attribute('start_time', 'number', 'created'),
    ...attribute('end_time', 'number'),
  ]),
};

/** Where search finds what belongs to a run; questions are about the table `runs`. */
export interface RunScope {
  readonly dialect: Dialect;
  readonly artifactRoot: string;
}

function attributeSql(name: string, { artifactRoot }: RunScope): RawBuilder<unknown> {
  if (name === 'run_name') return RUN_NAME;
  if (name !== 'artifact_uri') return sql`${sql.ref(`runs.${name}`)}`;
  return sql`coalesce(runs.artifact_uri, coalesce(
    (select artifact_location from experiments e where e.experiment_id = runs.experiment_id),
    ${artifactRoot} || '/' || runs.experiment_id) || '/' || runs.run_id || '/artifacts')`;
}

export function compareRun({ subject, test }: Comparison, scope: RunScope): RawBuilder<SqlBool> {
  switch (subject.of) {
    case 'metric':
      return presence(test, sql`select 1 from latest_metrics m where m.run = runs.run and m.key = ${subject.key}`, () =>
        metricTest(test, { value: sql`m.value`, isNan: sql`m.is_nan` }, scope.dialect),
      );
    case 'param':
      return presence(test, sql`select 1 from params p where p.run = runs.run and p.key = ${subject.key}`, () =>
        paramTest(test, scope.dialect),
      );
    case 'tag':
      return compareTag(subject.key, test, scope);
    case 'attribute':
      return testSql(scope.dialect, attributeSql(subject.key, scope), test);
    case 'dataset':
      return presence(test, datasetRows(subject.key), () =>
        testSql(scope.dialect, subject.key === 'context' ? sql`t.value` : sql.ref(`d.${subject.key}`), test),
      );
    default:
      return unreachable(subject.of);
  }
}

/** Every test is of something that is there, except those that ask just that. */
function presence(test: Test, rows: RawBuilder<unknown>, condition: () => RawBuilder<SqlBool>): RawBuilder<SqlBool> {
  if (test.operator === 'is null') return sql`not exists (${rows})`;
  if (test.operator === 'is not null') return sql`exists (${rows})`;
  return sql`exists (${rows} and ${condition()})`;
}

/** NaN is unequal to every number, and in no order with any. */
export function metricTest(
  test: Test,
  column: { readonly value: RawBuilder<unknown>; readonly isNan: RawBuilder<unknown> },
  dialect: Dialect,
): RawBuilder<SqlBool> {
  const passes = testSql(dialect, column.value, test);
  return test.operator === '!=' ? sql`(${column.isNan} = 1 or ${passes})` : sql`${column.isNan} = 0 and ${passes}`;
}

/** Values are kept as literals. Equality asks for those that a client sees as this text; patterns need the text. */
function paramTest(test: Test, dialect: Dialect): RawBuilder<SqlBool> {
  const value = sql`p.value`;
  if (test.operator === '=') return isAnyOf(dialect, value, literalsOfText(String(test.value)));
  if (test.operator === '!=') return sql`not (${isAnyOf(dialect, value, literalsOfText(String(test.value)))})`;
  if (test.operator === 'in') return isAnyOf(dialect, value, test.values.flatMap(literalsOfText));
  if (test.operator === 'not in') return sql`not (${isAnyOf(dialect, value, test.values.flatMap(literalsOfText))})`;
  return testSql(dialect, paramText(dialect, value), test);
}

function paramText(dialect: Dialect, value: RawBuilder<unknown>): RawBuilder<unknown> {
  const unquoted = dialect.name === 'sqlite' ? sql`json_extract(${value}, '$')` : sql`cast(${value} as json) #>> '{}'`;
  return sql`case when substr(${value}, 1, 1) = '"' then ${unquoted} else ${value} end`;
}

/** What repro records in columns, clients look for in tags. */
const COLUMN_TAGS: ReadonlyMap<string, RawBuilder<unknown>> = new Map([
  [NAME_TAG, RUN_NAME],
  [PARENT_TAG, sql`runs.parent_run_id`],
  [COMMIT_TAG, sql`runs.git_sha`],
]);

function compareTag(key: string, test: Test, scope: RunScope): RawBuilder<SqlBool> {
  const column = COLUMN_TAGS.get(key);
  // The parent's column is all there is to know, and it has an index.
  if (column !== undefined && key === PARENT_TAG) return testSql(scope.dialect, column, test);
  if (column !== undefined) return testSql(scope.dialect, tagText(key), test);
  return presence(test, sql`select 1 from tags t where t.run = runs.run and t.key = ${key}`, () =>
    testSql(scope.dialect, sql`t.value`, test),
  );
}

function tagText(key: string): RawBuilder<unknown> {
  const tag = sql`(select value from tags t where t.run = runs.run and t.key = ${key})`;
  const column = COLUMN_TAGS.get(key);
  return column === undefined ? tag : sql`coalesce(${tag}, ${column})`;
}

function datasetRows(key: string): RawBuilder<unknown> {
  if (key === 'context') {
    return sql`select 1 from dataset_input_tags t where t.run = runs.run and t.key = 'mlflow.data.context'`;
  }
  return sql`select 1 from dataset_inputs i join datasets d on d.dataset = i.dataset where i.run = runs.run`;
}

/** What runs are ordered by, without a direction; missing ones are null, and so is NaN. */
export function orderedValue({ of, key }: Subject, scope: RunScope): RawBuilder<unknown> {
  const { byBytes } = scope.dialect;
  switch (of) {
    case 'metric':
      return sql`(select m.value from latest_metrics m where m.run = runs.run and m.key = ${key} and m.is_nan = 0)`;
    case 'param':
      return sql`(select ${paramText(scope.dialect, sql`p.value`)}${byBytes} from params p
        where p.run = runs.run and p.key = ${key})`;
    case 'tag':
      return sql`${tagText(key)}${byBytes}`;
    case 'attribute': {
      const value = attributeSql(key, scope);
      return RUN_VOCABULARY.attributes.get(key)?.type === 'text' ? sql`${value}${byBytes}` : value;
    }
    case 'dataset':
      return sql`(select min(d.${sql.ref(key === 'context' ? 'name' : key)}) from dataset_inputs i
        join datasets d on d.dataset = i.dataset where i.run = runs.run)`;
    default:
      return unreachable(of);
  }
}
