import type { ProjectPath } from '../base/brand.ts';
import { relativeTo } from '../base/project-path.ts';
import { growthOf, type ValuePair } from '../pipeline/flat-values.ts';
import type { Output } from './context.ts';
import { oneLine } from './fit-text.ts';
import { type Column, renderMarkdownTable, renderTable } from './render-table.ts';
import { stylesOf } from './style.ts';
import { cellText, flatJson, numberText } from './value-text.ts';

export interface ValuesTable {
  readonly pairs: readonly ValuePair[];
  /** What a value is called: `Metric` or `Param`. */
  readonly noun: string;
  /** The two sides. */
  readonly names: readonly [string, string];
  readonly here: ProjectPath;
  readonly precision: number;
  readonly withPath: boolean;
  /** With a column of how much numbers grew. */
  readonly withChange: boolean;
}

export function renderValues(table: ValuesTable, output: Output): string {
  const { columns, rows } = cellsOf(table);
  const room = output.isTerminal ? output.columns : Number.POSITIVE_INFINITY;
  return renderTable(columns, rows, { columns: room, title: stylesOf(output).bold });
}

export function renderValuesMarkdown(table: ValuesTable): string {
  const { columns, rows } = cellsOf(table);
  return renderMarkdownTable(
    columns.map(({ title }) => title),
    rows,
  );
}

function cellsOf({ pairs, noun, names, here, precision, withPath, withChange }: ValuesTable): {
  readonly columns: readonly Column[];
  readonly rows: readonly (readonly string[])[];
} {
  const columns: Column[] = [
    ...(withPath ? [{ title: 'Path', shrink: true }] : []),
    { title: noun, shrink: true },
    ...names.map((title) => ({ title, shrink: true })),
    ...(withChange ? [{ title: 'Change' }] : []),
  ];
  const rows = pairs.map((pair) => [
    ...(withPath ? [oneLine(relativeTo(here, pair.file))] : []),
    oneLine(pair.key),
    cellText(pair.was, precision),
    cellText(pair.now, precision),
    ...(withChange ? [growthText(pair, precision)] : []),
  ]);
  return { columns, rows };
}

function growthText(pair: ValuePair, precision: number): string {
  const growth = growthOf(pair);
  if (growth === undefined) return '-';
  return typeof growth === 'bigint' ? String(growth) : numberText(growth, precision);
}

/** `{"metrics.json": {"acc": {"old": 0.1, "new": 0.2, "diff": 0.1}}}`. */
export function valuesJson(pairs: readonly ValuePair[], here: ProjectPath): Readonly<Record<string, unknown>> {
  const files: Record<string, Record<string, unknown>> = {};
  for (const pair of pairs) {
    const path = relativeTo(here, pair.file);
    files[path] = {
      ...files[path],
      [pair.key]: { old: flatJson(pair.was), new: flatJson(pair.now), ...growthJson(pair) },
    };
  }
  return files;
}

function growthJson(pair: ValuePair): { readonly diff?: number | string } {
  const growth = growthOf(pair);
  if (growth === undefined) return {};
  const number = Number(growth);
  const fits = typeof growth === 'bigint' ? Number.isSafeInteger(number) : Number.isFinite(number);
  return { diff: fits ? number : String(growth) };
}
