import { type RawBuilder, type SqlBool, sql } from 'kysely';
import { unreachable } from '../../base/unreachable.ts';
import type { Dialect } from '../dialect.ts';
import { isAnyOf } from '../statements.ts';
import type { Comparison, Condition, Test } from './condition.ts';

/** A condition as SQL; `compare` knows where the things that are compared stand. */
export function conditionSql(
  condition: Condition,
  compare: (comparison: Comparison) => RawBuilder<SqlBool>,
): RawBuilder<SqlBool> {
  switch (condition.kind) {
    case 'and':
    case 'or': {
      const operands = condition.operands.map((operand) => conditionSql(operand, compare));
      return sql`(${sql.join(operands, condition.kind === 'and' ? sql` and ` : sql` or `)})`;
    }
    case 'not':
      // Nothing known is not a match: with `is true` what has no value there is found by `not`.
      return sql`not (${conditionSql(condition.operand, compare)}) is true`;
    case 'compare':
      return compare(condition);
    default:
      return unreachable(condition);
  }
}

/** Whether the value that an expression gives passes. */
export function testSql(dialect: Dialect, value: RawBuilder<unknown>, test: Test): RawBuilder<SqlBool> {
  switch (test.operator) {
    case '=':
      return sql`${value} = ${constant(dialect, test.value)}`;
    case '!=':
      return sql`${value} <> ${constant(dialect, test.value)}`;
    case '>':
      return sql`${value} > ${constant(dialect, test.value)}`;
    case '>=':
      return sql`${value} >= ${constant(dialect, test.value)}`;
    case '<':
      return sql`${value} < ${constant(dialect, test.value)}`;
    case '<=':
      return sql`${value} <= ${constant(dialect, test.value)}`;
    case 'like':
      return dialect.name === 'sqlite'
        ? sql`${value} glob ${globOf(test.value)}`
        : sql`${value} like ${test.value} escape ''`;
    case 'ilike':
      return dialect.name === 'sqlite' ? sql`${value} like ${test.value}` : sql`${value} ilike ${test.value} escape ''`;
    case 'in':
      return isAnyOf(dialect, value, test.values);
    case 'not in':
      return sql`not (${isAnyOf(dialect, value, test.values)})`;
    case 'is null':
      return sql`${value} is null`;
    case 'is not null':
      return sql`${value} is not null`;
    default:
      return unreachable(test);
  }
}

/** Said to be a double, for a whole number's column would have it be one, too. */
function constant(dialect: Dialect, value: number | string): RawBuilder<unknown> {
  return typeof value === 'number' ? sql`cast(${value} as ${sql.raw(dialect.real)})` : sql`${value}`;
}

/** SQLite's `like` takes capitals for small letters; its `glob` does not. */
function globOf(pattern: string): string {
  return pattern.replace(/[*?[]/g, '[$&]').replaceAll('%', '*').replaceAll('_', '?');
}
