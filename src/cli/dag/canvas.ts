import { widthOf } from '../fit-text.ts';

/** Directions in which a line leaves a cell, as bits. */
export const UP = 1;
export const RIGHT = 2;
export const DOWN = 4;
export const LEFT = 8;

/** By bits: 3 is a corner from above to the right, and so on. */
const LINE_CHARACTERS = ' ╵╶╰╷│╭├╴╯─┴╮┤┬┼';

/** Lines of one owner join where they meet; lines of two owners cross. */
type Cell = { readonly text: string } | { readonly lines: Map<number, number> };

export interface Canvas {
  readonly rows: Cell[][];
  /** Which line goes through where two cross. */
  readonly through: 'vertical' | 'horizontal';
}

export function createCanvas(through: Canvas['through']): Canvas {
  return { rows: [], through };
}

/** Puts a text on the canvas, each character in its cell; a wide one takes two. */
export function putText(canvas: Canvas, [x, y]: readonly [number, number], text: string): void {
  let column = x;
  for (const { segment } of new Intl.Segmenter().segment(text)) {
    put(canvas, [column, y], segment);
    const width = widthOf(segment);
    for (let rest = 1; rest < width; rest += 1) put(canvas, [column + rest, y], '');
    column += width;
  }
}

/** Puts one already painted character. */
export function put(canvas: Canvas, [x, y]: readonly [number, number], text: string): void {
  rowOf(canvas, y)[x] = { text };
}

export function addLine(
  canvas: Canvas,
  [x, y]: readonly [number, number],
  line: { owner: number; bits: number },
): void {
  const row = rowOf(canvas, y);
  const cell = row[x];
  const lines = cell !== undefined && 'lines' in cell ? cell.lines : new Map<number, number>();
  lines.set(line.owner, (lines.get(line.owner) ?? 0) | line.bits);
  row[x] = { lines };
}

export function canvasLines(canvas: Canvas): string[] {
  return Array.from(canvas.rows, (row) =>
    row === undefined
      ? ''
      : Array.from(row, (cell) => characterOf(cell, canvas.through))
          .join('')
          .trimEnd(),
  );
}

function characterOf(cell: Cell | undefined, through: Canvas['through']): string {
  if (cell === undefined) return ' ';
  if ('text' in cell) return cell.text;
  const [only, ...others] = cell.lines.values();
  if (others.length === 0) return LINE_CHARACTERS[only ?? 0] ?? ' ';
  return through === 'vertical' ? '│' : '─';
}

function rowOf(canvas: Canvas, y: number): Cell[] {
  canvas.rows[y] ??= [];
  return canvas.rows[y];
}
