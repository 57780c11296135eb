import { fitText, padText, widthOf } from './fit-text.ts';

export interface Column {
  readonly title: string;
  readonly align?: 'left' | 'right';
  /** Gives way first when the terminal is too narrow. */
  readonly shrink?: boolean;
}

/** Cells in aligned columns under their titles, no wider than the terminal; nothing for no rows. */
export function renderTable(
  columns: readonly Column[],
  rows: readonly (readonly string[])[],
  room: { readonly columns: number; readonly title?: (text: string) => string },
): string {
  if (rows.length === 0) return '';
  const widths = columns.map((column, index) =>
    Math.max(widthOf(column.title), ...rows.map((row) => widthOf(row[index] ?? ''))),
  );
  shrinkToFit(widths, columns, room.columns);
  const line = (cells: readonly string[]) =>
    cells
      .map((cell, index) =>
        padText(fitText(cell, widths[index] ?? 0), widths[index] ?? 0, columns[index]?.align ?? 'left'),
      )
      .join('  ')
      .trimEnd();
  const title = room.title ?? ((text: string) => text);
  return `${[title(line(columns.map((column) => column.title))), ...rows.map(line)].join('\n')}\n`;
}

/** The same as Markdown, readable as it stands, too; a bar within a cell is escaped. */
export function renderMarkdownTable(titles: readonly string[], rows: readonly (readonly string[])[]): string {
  if (rows.length === 0) return '';
  const cells = [titles, ...rows].map((row) => row.map((cell) => cell.replaceAll('|', '\\|')));
  const widths = titles.map((_, index) => Math.max(3, ...cells.map((row) => widthOf(row[index] ?? ''))));
  const line = (row: readonly string[]) =>
    `| ${widths.map((width, at) => padText(row[at] ?? '', width)).join(' | ')} |\n`;
  const [head = [], ...body] = cells;
  return [line(head), line(widths.map((width) => '-'.repeat(width))), ...body.map(line)].join('');
}

/** Takes what is too much from the shrinking columns, the widest first, but leaves each of them readable. */
function shrinkToFit(widths: number[], columns: readonly Column[], room: number): void {
  const least = 8;
  let excess = widths.reduce((sum, width) => sum + width + 2, -2) - room;
  while (excess > 0) {
    const shrinkable = widths.map((width, index) => (columns[index]?.shrink && width > least ? width : 0));
    const widest = Math.max(...shrinkable);
    if (widest === 0) return;
    widths[shrinkable.indexOf(widest)] = widest - 1;
    excess -= 1;
  }
}
