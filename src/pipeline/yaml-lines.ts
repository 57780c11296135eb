import { isCollection, isMap, isScalar, isSeq, type Node, type YAMLMap } from 'yaml';
import { entryOf, keyOf, startOf, type YamlEntry, type YamlSource } from './yaml-source.ts';

/** Characters of a text, from the first to before the last. */
export interface Span {
  readonly start: number;
  readonly end: number;
}

export function splice(text: string, span: Span, inserted: string): string {
  return text.slice(0, span.start) + inserted + text.slice(span.end);
}

/** The entry that stands in a map itself, not merged into it. */
export function ownEntry(map: unknown, key: string): YamlEntry | undefined {
  if (!isMap(map)) return undefined;
  return map.items.map(entryOf).find((entry) => keyOf(entry.key) === key);
}

/** A map with each entry on lines of its own. */
export function isBlockMap(node: unknown): node is YAMLMap {
  return isMap(node) && node.flow !== true && node.items.length > 0;
}

/** Blanks before an entry's key. */
export function columnOf(text: string, node: Node): number {
  return startOf(node) - lineStart(text, startOf(node));
}

/** The lines of an entry: from the line of its key to the last line that holds a part of its value. */
export function linesOf({ text }: YamlSource, { key, value }: YamlEntry): Span {
  const last = value === null ? (key.range?.[1] ?? startOf(key)) : lastOffset(value, key);
  return { start: lineStart(text, startOf(key)), end: nextLine(text, last) };
}

/** The end of the comments below some lines that are indented like them, and so speak of what stands there. */
export function endWithComments(text: string, end: number, column: number): number {
  let after = end;
  for (let at = end; at < text.length; at = nextLine(text, at + 1)) {
    const line = text.slice(at, nextLine(text, at + 1));
    if (line.trim() === '') continue;
    const indent = line.length - line.trimStart().length;
    if (line[indent] !== '#' || indent < column || column === 0) break;
    after = at + line.length;
  }
  return after;
}

/** The start of the comments that stand right above a line, indented like it. */
export function startWithComments(text: string, start: number, column: number): number {
  let before = start;
  while (before > 0) {
    const above = lineStart(text, before - 1);
    const line = text.slice(above, before);
    if (line[column] !== '#' || line.slice(0, column).trim() !== '') break;
    before = above;
  }
  return before;
}

export function lineStart(text: string, offset: number): number {
  return offset === 0 ? 0 : text.lastIndexOf('\n', offset - 1) + 1;
}

/** The start of the line after the one that ends at or after an offset. */
function nextLine(text: string, offset: number): number {
  if (text[offset - 1] === '\n') return offset;
  const end = text.indexOf('\n', offset);
  return end < 0 ? text.length : end + 1;
}

/** The end of what is written last in a node. A range of the parser can go on over blank lines and comments. */
function lastOffset(node: Node, before: Node): number {
  if (isCollection(node) && node.flow !== true) {
    if (isSeq(node)) return lastOffset((node.items.at(-1) as Node | undefined) ?? before, before);
    const last = isMap(node) ? node.items.at(-1) : undefined;
    if (last !== undefined) {
      const { key, value } = entryOf(last);
      return value === null ? (key.range?.[1] ?? 0) : lastOffset(value, key);
    }
  }
  const unwritten = isScalar(node) && node.source === '' && node.type === 'PLAIN';
  return (unwritten ? before : node).range?.[1] ?? startOf(node);
}
