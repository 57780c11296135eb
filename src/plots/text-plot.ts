import type { Datapoints, Row } from './datapoints.ts';
import { type Bar, drawBars, drawChart, markOf, type Series } from './text-chart.ts';

interface TextOptions {
  readonly template: string;
  readonly columns: number;
  readonly paint: (text: string, series: number) => string;
}

const LINES = 10;

/** A plot as lines of text, in the manner of its template; of a user's own template as lines through the points. */
export function plotText(points: Datapoints, options: TextOptions): string {
  const { template } = options;
  if (template.startsWith('confusion')) return confusionText(points, options);
  if (template.startsWith('bar_horizontal')) return barsText(points, options);
  return chartText(points, options);
}

function chartText(points: Datapoints, { template, columns, paint }: TextOptions): string {
  const series = seriesOf(points);
  const connected = !template.startsWith('scatter');
  const chart = drawChart(series, { columns, lines: LINES }, { connected, paint });
  if (chart === '') return 'its columns are no numbers';
  const axes = `${points.yLabel} by ${points.xLabel}`;
  const legend = series.length < 2 ? [] : series.map(({ name }, index) => `${paint(markOf(index), index)} ${name}`);
  return [chart, [axes, ...legend].join('   ')].join('\n');
}

function seriesOf({ rows, x, y, group, revisions }: Datapoints): readonly Series[] {
  const found = new Map<string, [number, number][]>();
  for (const row of rows) {
    const name = nameOf(row, group?.field, revisions.length > 1);
    const points = found.get(name) ?? [];
    points.push([numberOf(row[x]), numberOf(row[y])]);
    found.set(name, points);
  }
  return [...found].map(([name, points]) => ({ name, points }));
}

function nameOf(row: Row, group: string | undefined, several: boolean): string {
  const parts = [...(group === undefined ? [] : [row[group]]), ...(several || group === undefined ? [row.rev] : [])];
  return parts.map(String).join(' ');
}

function numberOf(value: unknown): number {
  if (typeof value === 'number') return value;
  return typeof value === 'string' && value.trim() !== '' ? Number(value) : Number.NaN;
}

function barsText({ rows, x, y, revisions }: Datapoints, { template, columns, paint }: TextOptions): string {
  const bars: Bar[] = rows.map((row) => ({
    label: revisions.length > 1 ? `${row[y]} ${row.rev}` : String(row[y]),
    value: numberOf(row[x]),
    series: revisions.indexOf(String(row.rev)),
  }));
  const sorted = template === 'bar_horizontal_sorted' ? bars.sort((a, b) => b.value - a.value) : bars;
  return drawBars(sorted, columns, paint);
}

function confusionText({ rows, x, y, revisions, xLabel, yLabel }: Datapoints, { template }: TextOptions): string {
  const classes = (field: string) => [...new Set(rows.map((row) => String(row[field])))].sort();
  const [xs, ys] = [classes(x), classes(y)];
  const shares = template === 'confusion_normalized';
  return revisions
    .map((revision) => {
      const own = rows.filter((row) => row.rev === revision);
      const table = ys.map((of) => {
        const row = own.filter((one) => String(one[y]) === of);
        const counts = xs.map((value) => row.filter((one) => String(one[x]) === value).length);
        return [of, ...counts.map((count) => (shares ? (count / Math.max(1, row.length)).toFixed(2) : String(count)))];
      });
      const heading = `${yLabel} by ${xLabel}${revisions.length > 1 ? `, ${revision}` : ''}`;
      return `${heading}\n${aligned([['', ...xs], ...table])}`;
    })
    .join('\n');
}

function aligned(table: readonly (readonly string[])[]): string {
  const widths = (table[0] ?? []).map((_, index) => Math.max(...table.map((row) => (row[index] ?? '').length)));
  return table
    .map((row) =>
      row
        .map((cell, index) => (index === 0 ? cell.padEnd(widths[0] ?? 0) : cell.padStart(widths[index] ?? 0)))
        .join('  ')
        .trimEnd(),
    )
    .join('\n');
}
