import { z } from 'zod';
import { parseLooseJson } from './loose-json.ts';
import { DEEPEST, isMap, parseData, type Row, tablesOf } from './table-file.ts';

/** One point of a metric's series. */
export interface SeriesPoint {
  readonly key: string;
  readonly value: number;
  readonly step: number;
  /** Milliseconds since the epoch. */
  readonly timestamp: number;
}

/** What stands where a line leaves it out. */
export interface SeriesDefaults {
  readonly timestamp: number;
}

const number = z.union([z.number(), z.enum(['NaN', 'Infinity', '-Infinity']).transform(Number)]);
const line = z.object({
  key: z.string().min(1),
  value: number,
  step: z.int().optional(),
  timestamp: z.number().nonnegative().transform(Math.floor).optional(),
});

const MOST_WARNINGS = 5;

/**
 * What a stage appended to the file named in `$LOCKSTEP_METRICS`: a JSON object a line. A line that is none is left
 * out with a warning; a last line without its end is what a killed stage leaves, and no warning is due.
 */
export function readSeriesLog(
  text: string,
  defaults: SeriesDefaults,
): { readonly points: readonly SeriesPoint[]; readonly warnings: readonly string[] } {
  const points: SeriesPoint[] = [];
  const warnings: string[] = [];
  const nextStep = new Map<string, number>();
  const lines = text.split('\n');
  for (const [index, content] of lines.entries()) {
    if (content.trim() === '') continue;
    const read = readLine(content);
    if (typeof read === 'string') {
      if (index < lines.length - 1) warnings.push(`line ${index + 1} ${read}`);
      continue;
    }
    const { key, value, step = nextStep.get(key) ?? 0, timestamp = defaults.timestamp } = read;
    nextStep.set(key, step + 1);
    points.push({ key, value, step, timestamp });
  }
  return { points, warnings: shortened(warnings) };
}

/** The line's content, or what is wrong with it. */
function readLine(content: string): z.infer<typeof line> | string {
  const data = parseLooseJson(content);
  if (data === undefined) return `is not JSON: ${content.trim().slice(0, 60)}`;
  const result = line.safeParse(data);
  if (result.success) return result.data;
  const issue = result.error.issues[0];
  const at = issue?.path[0];
  return at === undefined ? 'is not an object with key and value' : `has no usable ${String(at)}`;
}

function shortened(warnings: readonly string[]): readonly string[] {
  if (warnings.length <= MOST_WARNINGS) return warnings;
  return [...warnings.slice(0, MOST_WARNINGS), `${warnings.length - MOST_WARNINGS} more lines are unusable`];
}

/** A list this long is data that happens to stand in a metrics file. */
const LONGEST_LIST = 1000;

/** Every number in a metrics file (JSON, YAML, TOML), maps flattened with dots, lists with indexes: `a.b[0]`. */
export function metricsOf(path: string, text: string, defaults: SeriesDefaults): readonly SeriesPoint[] {
  const points: SeriesPoint[] = [];
  const visit = (key: string, node: unknown, depth: number): void => {
    const value = metricOf(node);
    if (value !== undefined) points.push({ key, value, step: 0, ...defaults });
    if (depth < DEEPEST) for (const [name, member] of membersOf(key, node)) visit(name, member, depth + 1);
  };
  const data = parseData(path, text);
  if (isMap(data)) visit('', data, 0);
  else if (metricOf(data) !== undefined) visit(stemOf(path), data, 0);
  return points;
}

function membersOf(key: string, node: unknown): readonly (readonly [key: string, member: unknown])[] {
  if (Array.isArray(node)) {
    return node.length > LONGEST_LIST ? [] : node.map((member, index) => [`${key}[${index}]`, member] as const);
  }
  if (!isMap(node)) return [];
  return Object.entries(node).map(([name, member]) => [key === '' ? name : `${key}.${name}`, member] as const);
}

/**
 * The series of a table: CSV or TSV with a header, or a list of maps anywhere in JSON or YAML. A table is one of
 * series when it counts its rows by a column of this kind; any other table is a picture of one moment.
 */
export function seriesOf(path: string, text: string, defaults: SeriesDefaults): readonly SeriesPoint[] {
  return tablesOf(path, text).flatMap((rows) => pointsOf(rows, defaults));
}

const STEP_COLUMNS = ['step', 'global_step', 'iteration', 'iter', 'round', 'epoch', 'batch'];

function pointsOf(rows: readonly Row[], defaults: SeriesDefaults): readonly SeriesPoint[] {
  const column = stepColumn(rows);
  if (column === undefined) return [];
  return rows.flatMap((row) => {
    const step = numberOf(row[column]) ?? 0;
    const timestamp = wholeNumber(row.timestamp) ?? defaults.timestamp;
    return Object.entries(row).flatMap(([key, cell]) => {
      const value = key === column || key === 'timestamp' ? undefined : numberOf(cell);
      return value === undefined ? [] : [{ key, value, step, timestamp }];
    });
  });
}

/** The first of the known names, in any case, under which every row has a whole number. */
function stepColumn(rows: readonly Row[]): string | undefined {
  const columns = Object.keys(rows[0] ?? {});
  return STEP_COLUMNS.flatMap((name) => columns.filter((column) => column.toLowerCase() === name)).find((column) =>
    rows.every((row) => wholeNumber(row[column]) !== undefined),
  );
}

function wholeNumber(value: unknown): number | undefined {
  const number = numberOf(value);
  return Number.isSafeInteger(number) ? number : undefined;
}

/** Text is no metric, save the words that JSON has no numbers for. */
function metricOf(value: unknown): number | undefined {
  return typeof value === 'string' && !/^(NaN|-?Infinity)$/.test(value) ? undefined : numberOf(value);
}

/** In a table text counts as a number: CSV has nothing else. */
function numberOf(value: unknown): number | undefined {
  if (typeof value === 'number') return value;
  if (typeof value !== 'string') return undefined;
  if (/^[-+]?(\d+\.?\d*|\.\d+)(e[-+]?\d+)?$/i.test(value.trim())) return Number(value);
  return WORDS[value.trim().toLowerCase().replace(/^\+/, '')];
}

const WORDS: Readonly<Record<string, number>> = Object.assign(Object.create(null), {
  nan: Number.NaN,
  inf: Number.POSITIVE_INFINITY,
  infinity: Number.POSITIVE_INFINITY,
  '-inf': Number.NEGATIVE_INFINITY,
  '-infinity': Number.NEGATIVE_INFINITY,
});

function stemOf(path: string): string {
  return path.slice(path.lastIndexOf('/') + 1).replace(/\.[^.]*$/, '');
}
