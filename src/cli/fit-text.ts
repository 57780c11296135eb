import stringWidth from 'fast-string-width';

/** Columns that a text takes in a terminal; colour sequences take none. */
export function widthOf(text: string): number {
  return stringWidth(text);
}

/** The text cut to some columns, ending in `…` where something is missing. For text without colour sequences. */
export function fitText(text: string, columns: number): string {
  if (widthOf(text) <= columns) return text;
  let kept = '';
  let width = 0;
  for (const { segment } of new Intl.Segmenter().segment(text)) {
    width += widthOf(segment);
    if (width > columns - 1) break;
    kept += segment;
  }
  return `${kept.trimEnd()}…`;
}

/** The text on several lines where it is too long for one, broken between words. Colour sequences take no room. */
export function wrapText(text: string, columns: number, indent: string): string {
  let width = 0;
  let wrapped = '';
  for (const word of text.match(/ *[^ ]+/g) ?? []) {
    const fits = width === 0 || width + widthOf(word) <= columns;
    const piece = fits ? word : indent + word.trimStart();
    wrapped += fits ? piece : `\n${piece}`;
    width = (fits ? width : 0) + widthOf(piece);
  }
  return wrapped;
}

export function padText(text: string, columns: number, side: 'left' | 'right' = 'left'): string {
  const blanks = ' '.repeat(Math.max(0, columns - widthOf(text)));
  return side === 'left' ? text + blanks : blanks + text;
}

/** The text on one line, control characters written out, so that a path or a command cannot disturb the terminal. */
export function oneLine(text: string): string {
  return text.replace(/[\p{Cc}\u2028\u2029]/gu, (character) => JSON.stringify(character).slice(1, -1));
}
