import { plainOf } from '../pipeline/literal.ts';
import { latestMetrics } from '../tracking/latest-metrics.ts';
import type { Run } from '../tracking/run.ts';
import type { Output } from './context.ts';
import { oneLine } from './fit-text.ts';
import { durationText } from './quantity.ts';
import { renderTable } from './render-table.ts';
import { stageLabels } from './run-reference.ts';
import { type Styles, stylesOf } from './style.ts';

/** A run as `runs list --json` gives it; documented in docs/runs.md. */
export interface RunJson {
  readonly id: string;
  /** Null for a repro, the parent of the runs in it. */
  readonly stage: string | null;
  readonly status: string;
  readonly startTime: number;
  readonly endTime: number | null;
  readonly gitSha: string | null;
  readonly dirty: boolean | null;
  readonly params: Readonly<Record<string, unknown>>;
  readonly metrics: Readonly<Record<string, number | string>>;
}

export function runsJson(runs: readonly Run[]): string {
  return `${JSON.stringify({ runs: rowsOf(runs) })}\n`;
}

function rowsOf(runs: readonly Run[]): readonly RunJson[] {
  const labelOf = stageLabels(runs);
  return runs.map((run) => ({
    id: run.id,
    stage: labelOf(run),
    status: run.status,
    startTime: run.startTime,
    endTime: run.endTime,
    gitSha: run.code?.gitSha ?? null,
    dirty: run.code?.dirty ?? null,
    params: paramsJson(run),
    metrics: metricsJson(run),
  }));
}

/** Flat and typed. */
export function paramsJson(run: Run): Readonly<Record<string, unknown>> {
  return recordOf(run.params.map(({ key, value }) => [key, plainOf(value)]));
}

/** Latest values; what JSON has no number for is text: `"NaN"`, `"Infinity"`, `"-Infinity"`. */
export function metricsJson(run: Run): Readonly<Record<string, number | string>> {
  return recordOf(latestMetrics(run.metrics).map(({ key, value }) => [key, jsonNumber(value)]));
}

export function jsonNumber(value: number): number | string {
  return Number.isFinite(value) ? value : String(value);
}

/** Without a prototype, so that a key called `__proto__` is a key. */
function recordOf<T>(entries: readonly (readonly [string, T])[]): Readonly<Record<string, T>> {
  const record: Record<string, T> = Object.create(null);
  for (const [key, value] of entries) record[key] = value;
  return record;
}

const FIXED = ['id', 'stage', 'status', 'startTime', 'endTime', 'gitSha', 'dirty'] as const;

/** A column for every param and metric that any of the runs has. */
export function runsCsv(runs: readonly Run[]): string {
  const rows = rowsOf(runs);
  const params = keysOf(rows.map((row) => row.params));
  const metrics = keysOf(rows.map((row) => row.metrics));
  const header = [...FIXED, ...params.map((key) => `params.${key}`), ...metrics.map((key) => `metrics.${key}`)];
  const lines = rows.map((row) => [
    ...FIXED.map((name) => row[name]),
    ...params.map((key) => row.params[key]),
    ...metrics.map((key) => row.metrics[key]),
  ]);
  return [header, ...lines].map((cells) => `${cells.map(csvCell).join(',')}\r\n`).join('');
}

function keysOf(records: readonly Readonly<Record<string, unknown>>[]): readonly string[] {
  return [...new Set(records.flatMap(Object.keys))].sort();
}

/** RFC 4180. */
function csvCell(value: unknown): string {
  if (value === undefined || value === null) return '';
  const text = typeof value === 'object' ? JSON.stringify(value) : String(value);
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}

/** Digits of an id that are shown; enough to tell a project's runs apart, and to be typed. */
export const SHOWN_ID = 8;

const COLUMNS = [
  { title: 'RUN' },
  { title: 'STAGE', shrink: true },
  { title: 'STATUS' },
  { title: 'STARTED', align: 'right' },
  { title: 'TOOK', align: 'right' },
  { title: 'CODE' },
  { title: 'METRICS', shrink: true },
  { title: 'PARAMS', shrink: true },
] as const;

export function runsTable(
  runs: readonly Run[],
  options: { readonly output: Pick<Output, 'isTerminal' | 'columns' | 'colors'>; readonly now: number },
): string {
  const { output, now } = options;
  const labelOf = stageLabels(runs);
  const style = stylesOf(output);
  const rows = runs.map((run) => [
    run.id.slice(0, SHOWN_ID),
    oneLine(labelOf(run) ?? '(repro)'),
    run.status,
    ageText(now - run.startTime, run.startTime),
    run.endTime === null ? '' : durationText(run.endTime - run.startTime),
    codeText(run),
    pairsText(Object.entries(metricsJson(run)).map(([key, value]) => [key, metricText(value)])),
    pairsText(run.params.map(({ key, value }) => [key, value.replace(/^"(\w+)"$/, '$1')])),
  ]);
  const filled = COLUMNS.map((_, index) => rows.some((row) => row[index] !== ''));
  const cells = <T>(row: readonly T[]) => row.filter((_, index) => filled[index]);
  // What reads a pipe can cope with long lines, but not with cut ones.
  const columns = output.isTerminal ? output.columns : Number.POSITIVE_INFINITY;
  const table = renderTable(cells(COLUMNS), rows.map(cells), { columns, title: style.dim });
  return paintStatuses(table, style);
}

/** After the layout, which counts characters. */
function paintStatuses(table: string, style: Styles): string {
  return table
    .replace(/^(\w{8} .*? )(FAILED|KILLED)(?= )/gm, (_, before: string, status: string) => before + style.red(status))
    .replace(/^(\w{8} .*? )(RUNNING)(?= )/gm, (_, before: string, status: string) => before + style.yellow(status));
}

function codeText(run: Run): string {
  if (run.code === null) return '';
  return `${run.code.gitSha?.slice(0, 7) ?? 'no git'}${run.code.dirty ? '+' : ''}`;
}

function pairsText(pairs: readonly (readonly [string, string])[]): string {
  return oneLine(pairs.map(([key, value]) => `${key}=${value}`).join(' '));
}

/** Four digits tell two results apart; `--json` has all. */
export function metricText(value: number | string): string {
  if (typeof value === 'string' || Number.isInteger(value)) return String(value);
  return String(Number(value.toPrecision(4)));
}

const MINUTE = 60_000;

/** How long ago, or the day once that says more. */
function ageText(age: number, time: number): string {
  if (age < MINUTE) return `${Math.max(0, Math.round(age / 1000))}s ago`;
  if (age < 60 * MINUTE) return `${Math.floor(age / MINUTE)}m ago`;
  if (age < 48 * 60 * MINUTE) return `${Math.floor(age / (60 * MINUTE))}h ago`;
  return new Date(time).toISOString().slice(0, 10);
}
