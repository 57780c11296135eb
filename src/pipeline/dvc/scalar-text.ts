import { kindOfPlain } from './plain.ts';

/** A column that lines are folded at where they can be; what stands before the fold may reach beyond it. */
const WIDTH = 80;

/** Where the writing of a text stands. */
export interface Pen {
  text: string;
  /** Characters of the current line, those beyond the 16-bit ones counted once. */
  column: number;
  /** The last thing written parts words by itself, so that no blank is due. */
  parted: boolean;
  /** Nothing but blanks and `-`, `?` or `:` stand in the current line. */
  indented: boolean;
}

export interface ScalarPlace {
  /** Blanks before the lines that a scalar goes on over. */
  readonly indent: number;
  /** A key before its colon: it must stay on one line. */
  readonly key: boolean;
}

export function put(pen: Pen, text: string): void {
  pen.text += text;
  pen.column += lengthOf(text);
}

/** In characters as Python counts them. */
export function lengthOf(text: string): number {
  return /[\ud800-\udfff]/.test(text) ? Array.from(text).length : text.length;
}

/** A mark of YAML's own, with a blank before it where one is due. */
export function putMark(pen: Pen, mark: string, options: { readonly close?: boolean; readonly opens?: boolean } = {}) {
  put(pen, pen.parted || options.close === true ? mark : ` ${mark}`);
  pen.parted = false;
  pen.indented = pen.indented && options.opens === true;
}

function endLine(pen: Pen, end = '\n'): void {
  pen.text += end;
  pen.column = 0;
  pen.parted = true;
  pen.indented = true;
}

/** Goes to a column: on this line where nothing stands in the way, else on the next. */
export function indentTo(pen: Pen, indent: number): void {
  if (!pen.indented || pen.column > indent || (pen.column === indent && !pen.parted)) endLine(pen);
  if (pen.column >= indent) return;
  put(pen, ' '.repeat(indent - pen.column));
  pen.parted = true;
}

/** Text that is written as it is, being no text of the reader's: a number, `true`, a date. */
export function putPlain(pen: Pen, text: string, { indent, key }: ScalarPlace): void {
  if (text === '') return;
  if (!pen.parted) put(pen, ' ');
  pen.parted = false;
  pen.indented = false;
  for (const run of text.match(/ +|[^ ]+/g) ?? []) {
    const length = lengthOf(run);
    // Real DVC folds long keys, too, and cannot read them again; they are left whole here.
    const fold = key ? false : run === ' ' ? pen.column >= WIDTH : length + pen.column > WIDTH && pen.column > indent;
    if (!run.startsWith(' ')) {
      if (fold) indentTo(pen, indent);
      put(pen, run);
    } else if (fold && run === ' ') {
      indentTo(pen, indent);
      pen.parted = false;
      pen.indented = false;
    } else put(pen, run);
  }
}

/** A string, in the style that DVC's YAML writer takes for it. */
export function putText(pen: Pen, text: string, place: ScalarPlace): void {
  const shape = shapeOf(text);
  const multiline = /[\n\x85\u2028\u2029]/.test(text);
  const single = shape.single && !(place.key && multiline) && !/['\n]/.test(text);
  if (shape.plain && kindOfPlain(text) === 'text') putPlain(pen, text, place);
  else if (single) putSingle(pen, text, place);
  else putDouble(pen, text, place);
}

interface Shape {
  readonly plain: boolean;
  readonly single: boolean;
}

const BREAK = '[\\n\\x85\\u2028\\u2029]';
const SPECIAL = /[^\n\x20-\x7e\x85\xa0-\ud7ff\ud800-\udfff\ue000-\ufffd]|\ufeff/;
const BLANK_BESIDE_BREAK = new RegExp(`${BREAK} | ${BREAK}`);
const INDICATOR_FIRST = /^(?:[#,[\]{}&*!|>'"%@`]|[-?:](?=[\0 \t\r\n\x85\u2028\u2029]|$)|---|\.\.\.)/;
const INDICATOR_WITHIN = /:(?=[\0 \t\r\n\x85\u2028\u2029]|$)|[\0 \t\r\n\x85\u2028\u2029]#/;

function shapeOf(text: string): Shape {
  const single = !SPECIAL.test(text) && !BLANK_BESIDE_BREAK.test(text);
  const indicators = INDICATOR_FIRST.test(text) || INDICATOR_WITHIN.test(text.slice(1)) || / #/.test(text.slice(0, 2));
  const edges = /^[ \n\x85\u2028\u2029]|[ \n\x85\u2028\u2029]$/.test(text);
  return { plain: single && !indicators && !edges && !new RegExp(BREAK).test(text), single };
}

function putSingle(pen: Pen, text: string, { indent, key }: ScalarPlace): void {
  putMark(pen, "'");
  const runs = text.match(/ +|[\x85\u2028\u2029]+|[^ \x85\u2028\u2029]+/g) ?? [];
  for (const [position, run] of runs.entries()) {
    const inside = position > 0 && position < runs.length - 1;
    if (/^[\x85\u2028\u2029]/.test(run)) {
      for (const end of run) endLine(pen, end);
      indentTo(pen, indent);
    } else if (run === ' ' && inside && !key && pen.column > WIDTH) indentTo(pen, indent);
    else put(pen, run);
  }
  putMark(pen, "'", { close: true });
}

const ESCAPES: Readonly<Record<string, string>> = {
  '\0': '0',
  '\x07': 'a',
  '\x08': 'b',
  '\t': 't',
  '\n': 'n',
  '\x0b': 'v',
  '\x0c': 'f',
  '\r': 'r',
  '\x1b': 'e',
  '"': '"',
  '\\': '\\',
  '\x85': 'N',
  '\u2028': 'L',
  '\u2029': 'P',
};
const ESCAPED = /^(?:["\\\x85\u2028\u2029\ufeff]|[^\x20-\x7e\xa0-\ud7ff\ue000-\ufffd\u{10000}-\u{10ffff}])$/u;

function escapeOf(character: string): string {
  const known = ESCAPES[character];
  if (known !== undefined) return `\\${known}`;
  const code = character.codePointAt(0) ?? 0;
  const hex = code.toString(16).toUpperCase();
  if (code <= 0xff) return `\\x${hex.padStart(2, '0')}`;
  return code <= 0xffff ? `\\u${hex.padStart(4, '0')}` : `\\U${hex.padStart(8, '0')}`;
}

function putDouble(pen: Pen, text: string, { indent, key }: ScalarPlace): void {
  putMark(pen, '"');
  const characters = Array.from(text);
  // What stands from `start` to the current character is still to be written.
  let start = 0;
  for (let end = 0; end <= characters.length; end += 1) {
    const character = characters[end];
    if (character === undefined || ESCAPED.test(character)) {
      put(pen, characters.slice(start, end).join(''));
      start = Math.max(start, end);
      if (character !== undefined) {
        put(pen, escapeOf(character));
        start = end + 1;
      }
    }
    const inside = end > 0 && end < characters.length - 1;
    if (key || !inside || !(character === ' ' || start >= end) || pen.column + end - start <= WIDTH) continue;
    const bare = foldsWithoutBackslash(characters, start, end);
    put(pen, characters.slice(start, end).join('') + (bare ? '' : '\\'));
    start = Math.max(start, end);
    pen.indented = false;
    indentTo(pen, indent);
    pen.parted = false;
    pen.indented = false;
    // A blank that begins a line would be lost; a line end without a backslash stands for one itself.
    if (characters[start] === ' ' && bare) start += 1;
    else if (characters[start] === ' ') put(pen, '\\');
  }
  putMark(pen, '"', { close: true });
}

/**
 * Whether a line of a double-quoted scalar ends without a backslash at `end`. The rule is that of DVC's YAML writer
 * down to its oddities: it looks ahead to the next blank or line end, and at the quotes up to there.
 */
function foldsWithoutBackslash(characters: readonly string[], start: number, end: number): boolean {
  const blank = characters.indexOf(' ', end);
  if (blank < 0) return false;
  const lineEnd = characters.indexOf('\n', end);
  const next = lineEnd >= 0 && lineEnd < blank ? lineEnd : blank;
  const after = characters[next + 1];
  if (after === undefined || after === ' ' || after === '\n') return false;
  if (characters[next] === '\n') return false;
  const ahead = characters.slice(end, next);
  if (ahead.includes('"') || ahead.includes("'")) return false;
  return !(characters[end - 1] === ' ' && characters[end] === ' ') && start !== end;
}
