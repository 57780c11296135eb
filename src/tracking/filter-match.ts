import { unreachable } from '../base/unreachable.ts';
import type { Comparison, Filter, FilterValue } from './filter.ts';
import type { Run } from './run.ts';
import { type Cell, cellOf, type Subject } from './subject.ts';

/** Whether a run is one of those asked for. A comparison with something that the run does not have is false. */
export function matches(run: Run, filter: Filter): boolean {
  switch (filter.kind) {
    case 'and':
      return matches(run, filter.left) && matches(run, filter.right);
    case 'or':
      return matches(run, filter.left) || matches(run, filter.right);
    case 'not':
      return !matches(run, filter.operand);
    case 'compare': {
      const cell = cellOf(run, filter.subject);
      return cell !== undefined && compares(cell, filter);
    }
    default:
      return unreachable(filter);
  }
}

function compares(cell: Cell, { operator, value }: Comparison): boolean {
  switch (operator) {
    case '=':
      return equals(cell, value);
    case '!=':
      return !equals(cell, value);
    case 'like':
      return patternOf(String(value), 's').test(cell.text);
    case 'ilike':
      return patternOf(String(value), 'is').test(cell.text);
    case '>':
      return order(cell.value, value) === 1;
    case '<':
      return order(cell.value, value) === -1;
    case '>=':
      return order(cell.value, value) === 1 || order(cell.value, value) === 0;
    case '<=':
      return order(cell.value, value) === -1 || order(cell.value, value) === 0;
    default:
      return unreachable(operator);
  }
}

/** Text also equals what is written so: `params.lr = '0.1'` finds the number 0.1. */
function equals(cell: Cell, value: FilterValue): boolean {
  if (typeof value === 'string') return cell.text === value;
  return cell.value === value || (Number.isNaN(cell.value) && Number.isNaN(value));
}

/** Undefined where two values have no order: of different kinds, or NaN. */
function order(a: Cell['value'], b: FilterValue): -1 | 0 | 1 | undefined {
  if (typeof a === 'number' && typeof b === 'number') return a < b ? -1 : a > b ? 1 : a === b ? 0 : undefined;
  if (typeof a === 'string' && typeof b === 'string') return a < b ? -1 : a > b ? 1 : 0;
  return undefined;
}

/** SQL's patterns: `%` is any text, `_` any one character. */
function patternOf(pattern: string, flags: string): RegExp {
  const source = pattern
    .replace(/[.*+?^${}()|[\]\\/]/g, '\\$&')
    .replaceAll('%', '.*')
    .replaceAll('_', '.');
  return new RegExp(`^${source}$`, `${flags}u`);
}

/** Runs in order of one subject; those that have no value there come last either way, NaN before them. */
export function sortRuns(
  runs: readonly Run[],
  by: { readonly subject: Subject; readonly descending: boolean },
): readonly Run[] {
  const rank = (value: Cell['value'] | undefined) => (value === undefined ? 2 : Number.isNaN(value) ? 1 : 0);
  const sign = by.descending ? -1 : 1;
  return runs
    .map((run) => ({ run, value: cellOf(run, by.subject)?.value }))
    .sort((a, b) => rank(a.value) - rank(b.value) || sign * ascending(a.value, b.value))
    .map(({ run }) => run);
}

/** Values of different kinds are sorted by kind, so that the order is one. */
function ascending(a: Cell['value'] | undefined, b: Cell['value'] | undefined): number {
  if (typeof a !== typeof b) return typeof a < typeof b ? -1 : 1;
  return order(a ?? null, b ?? null) ?? (Number(a) - Number(b) || 0);
}
