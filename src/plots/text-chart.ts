/** One line or cloud of points; `points` in the order to be drawn. */
export interface Series {
  readonly name: string;
  readonly points: readonly (readonly [x: number, y: number])[];
}

export interface ChartSize {
  /** Columns of text, the axis included. */
  readonly columns: number;
  /** Lines of text of the drawing itself. */
  readonly lines: number;
}

export interface ChartStyle {
  /** Between points. */
  readonly connected: boolean;
  /** Paints the marks of the series of a number. */
  readonly paint: (text: string, series: number) => string;
}

/** Told apart by shape: colour alone says nothing to many. */
const MARKS = ['●', '○', '×', '+', '▲', '□', '◆'] as const;

export function markOf(series: number): string {
  return MARKS[series % MARKS.length] ?? '●';
}

/** Series in one frame of characters, with the ends of both axes written out; a single line is drawn finely. */
export function drawChart(series: readonly Series[], { columns, lines }: ChartSize, style: ChartStyle): string {
  const finite = series.map(({ points }) => points.filter(([x, y]) => Number.isFinite(x) && Number.isFinite(y)));
  const xs = rangeOf(finite.flatMap((points) => points.map(([x]) => x)));
  const ys = rangeOf(finite.flatMap((points) => points.map(([, y]) => y)));
  if (xs === undefined || ys === undefined) return '';
  const labels = [numberLabel(ys[1]), numberLabel(ys[0])] as const;
  const margin = Math.max(...labels.map((label) => label.length));
  const width = Math.max(8, columns - margin - 2);
  const frame = { width, lines, xs, ys };
  const fine = series.length === 1 && style.connected;
  const body = fine ? drawFine(finite[0] ?? [], frame, style) : drawMarks(finite, frame, style);
  const rows = body.map((row, index) => {
    const label = index === 0 ? labels[0] : index === lines - 1 ? labels[1] : '';
    return `${label.padStart(margin)} ${label === '' ? '│' : '┤'}${row}`;
  });
  const [low, high] = [numberLabel(xs[0]), numberLabel(xs[1])];
  const gap = ' '.repeat(Math.max(1, width - low.length - high.length));
  const blank = ' '.repeat(margin + 1);
  return [...rows, `${blank}└${'─'.repeat(width)}`, `${blank} ${low}${gap}${high}`]
    .map((row) => row.trimEnd())
    .join('\n');
}

type Range = readonly [low: number, high: number];

interface Frame {
  readonly width: number;
  readonly lines: number;
  readonly xs: Range;
  readonly ys: Range;
}

function rangeOf(values: readonly number[]): Range | undefined {
  if (values.length === 0) return undefined;
  let [low, high] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
  for (const value of values) [low, high] = [Math.min(low, value), Math.max(high, value)];
  return [low, high];
}

/** Four digits, and no more zeros than it takes. */
function numberLabel(value: number): string {
  const text = String(Number(value.toPrecision(4)));
  return text.length <= 8 ? text : value.toExponential(2);
}

/** Where a value lies among so many cells, counted from the low end. */
function cellOf(value: number, [low, high]: Range, cells: number): number {
  return high === low ? Math.floor(cells / 2) : Math.round(((value - low) / (high - low)) * (cells - 1));
}

/** The cells of a grid that a series touches; rows count from the top. */
function* cellsOf(points: Series['points'], grid: Frame, connected: boolean): Generator<readonly [number, number]> {
  let last: readonly [number, number] | undefined;
  for (const [x, y] of points) {
    const at = [cellOf(x, grid.xs, grid.width), grid.lines - 1 - cellOf(y, grid.ys, grid.lines)] as const;
    if (connected && last !== undefined) yield* between(last, at);
    yield at;
    last = at;
  }
}

function* between(
  from: readonly [number, number],
  to: readonly [number, number],
): Generator<readonly [number, number]> {
  const [dx, dy] = [to[0] - from[0], to[1] - from[1]];
  const steps = Math.max(Math.abs(dx), Math.abs(dy));
  for (let step = 1; step < steps; step++) {
    yield [from[0] + Math.round((dx * step) / steps), from[1] + Math.round((dy * step) / steps)];
  }
}

/** Bits of a Braille character by column and row of its dots. */
const DOTS = [
  [0x01, 0x02, 0x04, 0x40],
  [0x08, 0x10, 0x20, 0x80],
] as const;

function drawFine(points: Series['points'], frame: Frame, { paint }: ChartStyle): readonly string[] {
  const { width, lines } = frame;
  const cells = Array.from({ length: lines }, () => new Uint8Array(width));
  for (const [column, row] of cellsOf(points, { ...frame, width: width * 2, lines: lines * 4 }, true)) {
    const cell = cells[row >> 2];
    const bit = DOTS[column & 1]?.[row & 3] ?? 0;
    if (cell !== undefined) cell[column >> 1] = (cell[column >> 1] ?? 0) | bit;
  }
  return cells.map((row) =>
    [...row].map((bits) => (bits === 0 ? ' ' : paint(String.fromCharCode(0x2800 + bits), 0))).join(''),
  );
}

function drawMarks(
  series: readonly Series['points'][],
  frame: Frame,
  { paint, connected }: ChartStyle,
): readonly string[] {
  const rows = Array.from({ length: frame.lines }, () => Array.from({ length: frame.width }, () => ' '));
  for (const [index, points] of series.entries()) {
    const mark = paint(markOf(index), index);
    for (const [column, row] of cellsOf(points, frame, connected)) {
      const cells = rows[row];
      if (cells !== undefined) cells[column] = mark;
    }
  }
  return rows.map((row) => row.join(''));
}

export interface Bar {
  readonly label: string;
  readonly value: number;
  readonly series: number;
}

/** Horizontal bars with their values, all to one scale from zero. */
export function drawBars(bars: readonly Bar[], columns: number, paint: ChartStyle['paint']): string {
  const finite = bars.filter(({ value }) => Number.isFinite(value));
  const margin = Math.min(Math.max(0, ...finite.map(({ label }) => label.length)), Math.floor(columns / 3));
  const values = Math.max(0, ...finite.map(({ value }) => numberLabel(value).length));
  const room = Math.max(4, columns - margin - values - 2);
  const highest = Math.max(...finite.map(({ value }) => Math.abs(value)), Number.MIN_VALUE);
  return finite
    .map(({ label, value, series }) => {
      const name = label.length > margin ? `${label.slice(0, margin - 1)}…` : label.padEnd(margin);
      const length = Math.round((Math.abs(value) / highest) * room);
      return `${name} ${paint(BARS[series % BARS.length]?.repeat(length) ?? '', series)} ${numberLabel(value)}`;
    })
    .join('\n');
}

const BARS = ['█', '▒', '▓', '░'] as const;
