/** The colours a terminal program may ask for, as classes of the picture's style sheet. */
const COLOURS = ['black', 'red', 'green', 'yellow', 'blue', 'magenta', 'cyan', 'white'];

/** One cell of the picture in pixels: the advance of the usual monospace fonts at this size, and its line height. */
const CELL = { width: 8.43, height: 20, font: 14 };
const PADDING = { x: 20, y: 16 };

const STYLE = `
text{font:${CELL.font}px ui-monospace,SFMono-Regular,Menlo,Consolas,'DejaVu Sans Mono',monospace;fill:#1f2328;white-space:pre}
path{fill:none;stroke:#1f2328;stroke-width:1.2}
.card{fill:#f6f8fa;stroke:#d1d9e0}
.bold{font-weight:700}.dim{opacity:.62}.heavy{stroke-width:3}
text.black,text.white{fill:#59636e}
text.red{fill:#cf222e}text.green{fill:#1a7f37}text.yellow{fill:#9a6700}text.blue{fill:#0969da}text.magenta{fill:#8250df}text.cyan{fill:#1b7c83}
path.red{stroke:#cf222e}path.green{stroke:#1a7f37}path.yellow{stroke:#9a6700}path.blue{stroke:#0969da}path.magenta{stroke:#8250df}path.cyan{stroke:#1b7c83}
@media (prefers-color-scheme:dark){
text{fill:#e6edf3}path{stroke:#e6edf3}.card{fill:#151b23;stroke:#3d444d}
text.black,text.white{fill:#9198a1}
text.red{fill:#ff7b72}text.green{fill:#3fb950}text.yellow{fill:#d29922}text.blue{fill:#58a6ff}text.magenta{fill:#bc8cff}text.cyan{fill:#39c5cf}
path.red{stroke:#ff7b72}path.green{stroke:#3fb950}path.yellow{stroke:#d29922}path.blue{stroke:#58a6ff}path.magenta{stroke:#bc8cff}path.cyan{stroke:#39c5cf}
}`;

/** Where lines leave the middle of a cell. Drawn instead of written, since no font closes the gaps between rows. */
const ARMS: Readonly<Record<string, string>> = {
  '─': 'lr',
  '│': 'ud',
  '┌': 'rd',
  '┐': 'ld',
  '└': 'ru',
  '┘': 'lu',
  '├': 'urd',
  '┤': 'uld',
  '┬': 'lrd',
  '┴': 'lru',
  '┼': 'lrud',
  '━': 'lr',
  '╸': 'l',
};

/** The two ends of each rounded corner. */
const CORNERS: Readonly<Record<string, string>> = { '╭': 'rd', '╮': 'ld', '╰': 'ru', '╯': 'lu' };

interface Pen {
  readonly colour: string;
  readonly bold: boolean;
  readonly dim: boolean;
}

interface Piece {
  readonly text: string;
  readonly column: number;
  readonly pen: Pen;
}

const PLAIN: Pen = { colour: '', bold: false, dim: false };

/** A picture of what a terminal shows: lines with escape sequences for colour and weight, and no others. */
export function terminalSvg(lines: readonly string[], title: string): string {
  const rows = paintedRows(lines);
  const columns = Math.max(...rows.flat().map((piece) => piece.column + piece.text.length));
  const width = Math.ceil(columns * CELL.width + 2 * PADDING.x);
  const height = rows.length * CELL.height + 2 * PADDING.y;
  const cells = rows.flatMap((row, index) => row.flatMap((piece) => drawn(piece, index)));
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}" role="img">`,
    `<title>${escaped(title)}</title>`,
    `<style>${STYLE}</style>`,
    `<rect class="card" x=".5" y=".5" width="${width - 1}" height="${height - 1}" rx="8"/>`,
    ...cells,
    '</svg>\n',
  ].join('\n');
}

/** Every line as pieces of one style each; a style goes on over line ends. */
function paintedRows(lines: readonly string[]): Piece[][] {
  let pen = PLAIN;
  return lines.map((line) => {
    const pieces: Piece[] = [];
    let column = 0;
    // biome-ignore lint/suspicious/noControlCharactersInRegex: escape sequences are what is looked for
    for (const part of line.split(/(\u001b\[[\d;]*m)/)) {
      if (part.startsWith('\u001b')) pen = part.slice(2, -1).split(';').reduce(penAfter, pen);
      else if (part !== '') pieces.push({ text: part, column, pen });
      if (!part.startsWith('\u001b')) column += part.length;
    }
    return pieces;
  });
}

function penAfter(pen: Pen, written: string): Pen {
  const code = Number(written);
  if (code === 0) return PLAIN;
  if (code === 1) return { ...pen, bold: true };
  if (code === 2) return { ...pen, dim: true };
  if (code === 22) return { ...pen, bold: false, dim: false };
  if (code === 39) return { ...pen, colour: '' };
  // The background, which is nowhere coloured.
  if (code === 49) return pen;
  const colour = COLOURS[code >= 90 ? code - 90 : code - 30];
  if (colour === undefined) throw new Error(`the picture cannot show the escape sequence ${written}`);
  return { ...pen, colour };
}

function drawn(piece: Piece, row: number): string[] {
  const { pen } = piece;
  const classes = [pen.colour, pen.bold ? 'bold' : '', pen.dim ? 'dim' : ''].filter((name) => name !== '');
  const found: string[] = [];
  // Each word at its own cell, so that columns stand under each other whatever font the reader has.
  for (const match of piece.text.matchAll(
    /[─│┌┐└┘├┤┬┴┼╭╮╰╯]+|[━╸]+|(?:(?![─│┌┐└┘├┤┬┴┼╭╮╰╯━╸])\S)+(?: (?:(?![─│┌┐└┘├┤┬┴┼╭╮╰╯━╸ ])\S)+)*/g,
  )) {
    const [text] = match;
    const column = piece.column + match.index;
    const isLine = text[0] !== undefined && (text[0] in ARMS || text[0] in CORNERS);
    const names = /[━╸]/.test(text) ? [...classes, 'heavy'] : classes;
    const attribute = names.length === 0 ? '' : ` class="${names.join(' ')}"`;
    if (isLine) {
      found.push(
        `<path${attribute} d="${[...text].map((char, index) => strokes(char, { column: column + index, row })).join('')}"/>`,
      );
    } else {
      const x = tenth(PADDING.x + column * CELL.width);
      const y = PADDING.y + row * CELL.height + 14.5;
      const length = tenth(text.length * CELL.width);
      found.push(`<text${attribute} x="${x}" y="${y}" textLength="${length}">${escaped(text)}</text>`);
    }
  }
  return found;
}

function strokes(char: string, at: { readonly column: number; readonly row: number }): string {
  const left = PADDING.x + at.column * CELL.width;
  const top = PADDING.y + at.row * CELL.height;
  const x = tenth(left + CELL.width / 2);
  const y = top + CELL.height / 2;
  const ends: Readonly<Record<string, string>> = {
    l: `${tenth(left)} ${y}`,
    r: `${tenth(left + CELL.width)} ${y}`,
    u: `${x} ${top}`,
    d: `${x} ${top + CELL.height}`,
  };
  const corner = CORNERS[char];
  if (corner !== undefined) return `M${ends[corner[0] ?? '']}Q${x} ${y} ${ends[corner[1] ?? '']}`;
  return [...(ARMS[char] ?? '')].map((arm) => `M${x} ${y}L${ends[arm]}`).join('');
}

function tenth(pixels: number): number {
  return Math.round(pixels * 10) / 10;
}

function escaped(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
}
