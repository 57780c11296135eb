import { isMap, isScalar, isSeq, type Node, type Pair, parseDocument, type YAMLMap } from 'yaml';
import { type DvcFile, dvcFileMap } from './dvc-file.ts';
import { type DvcMap, type DvcValue, isList, isMapValue, literalOfValue, mapOf, memberOf } from './value.ts';
import { yamlText } from './yaml-text.ts';
import { plainValue, readValues } from './yaml-values.ts';

interface Edit {
  readonly start: number;
  readonly end: number;
  readonly text: string;
}

/**
 * The text of a `.dvc` file that stands, with what is new in it. Comments, layout and the order of keys are the
 * user's and stay, as they do when DVC writes the file; only where lists change their length is a part written anew.
 */
export function updateDvcFile(text: string, file: DvcFile): string {
  const next = dvcFileMap(file);
  const read = readValues('', text);
  if (!read.ok || !isMapValue(read.value)) return yamlText(next);
  const root = parseDocument(text, { schema: 'failsafe', uniqueKeys: false, logLevel: 'error' }).contents;
  const edits: Edit[] = [];
  if (!isMap(root) || !compareMaps(edits, text, root as YAMLMap, next)) return yamlText(inOrderOf(read.value, next));
  const later = [...edits].sort((a, b) => b.start - a.start);
  return later.reduce((result, { start, end, text: by }) => result.slice(0, start) + by + result.slice(end), text);
}

/** Adds what makes a map the next one; false where that takes more than changed scalars, and lines more or less. */
function compareMaps(edits: Edit[], text: string, map: YAMLMap, next: DvcMap): boolean {
  const known = new Set<string>();
  for (const pair of map.items) {
    const key = isScalar(pair.key) ? String(pair.key.value) : undefined;
    if (key === undefined || known.has(key)) return false;
    known.add(key);
    const value = memberOf(next, key);
    if (value === undefined) {
      if (map.flow === true || map.items.length === 1) return false;
      if (!removeLines(edits, text, pair)) return false;
    } else if (!compareNodes(edits, text, pair.value as Node | null, value)) return false;
  }
  const added = next.entries.filter(([key]) => !known.has(String(key)));
  return added.length === 0 || addLines(edits, text, map, mapOf(added));
}

function compareNodes(edits: Edit[], text: string, node: Node | null, value: DvcValue): boolean {
  if (isMap(node)) return isMapValue(value) && compareMaps(edits, text, node as YAMLMap, value);
  if (isSeq(node)) {
    if (!isList(value) || node.items.length !== value.length) return false;
    return value.every((item, index) => compareNodes(edits, text, node.items[index] as Node | null, item));
  }
  if (!isScalar(node) || node.range === null || node.range === undefined || isList(value) || isMapValue(value)) {
    return false;
  }
  const written = String(node.value ?? '');
  const was = node.type === 'PLAIN' ? plainValue(written) : written;
  if (literalOfValue(was) === literalOfValue(value)) return true;
  const [start, end] = node.range;
  const isInline = node.type === 'PLAIN' || node.type === 'QUOTE_SINGLE' || node.type === 'QUOTE_DOUBLE';
  if (!isInline || written === '') return false;
  edits.push({ start, end, text: yamlText(mapOf([['', value]])).slice("'': ".length, -1) });
  return true;
}

/** Only whole lines: a first entry after a dash gives its place to the next. */
function removeLines(edits: Edit[], text: string, pair: Pair): boolean {
  const key = pair.key as Node;
  const value = pair.value as Node | null;
  const keyStart = key.range?.[0] ?? 0;
  const start = text.lastIndexOf('\n', keyStart - 1) + 1;
  const valueEnd = value?.range?.[1] ?? key.range?.[1] ?? 0;
  const lineEnd = text.indexOf('\n', Math.max(valueEnd - 1, keyStart));
  const end = lineEnd < 0 ? text.length : lineEnd + 1;
  if (text.slice(start, keyStart).trim() === '') edits.push({ start, end, text: '' });
  else {
    const nextKey = /^ */.exec(text.slice(end))?.[0].length ?? 0;
    if (nextKey !== keyStart - start) return false;
    edits.push({ start: keyStart, end: end + nextKey, text: '' });
  }
  return true;
}

function addLines(edits: Edit[], text: string, map: YAMLMap, added: DvcMap): boolean {
  const first = map.items[0]?.key as Node | undefined;
  const last = map.items.at(-1);
  const end = ((last?.value ?? last?.key) as Node | null | undefined)?.range?.[1];
  if (map.flow === true || first?.range === undefined || first.range === null || end === undefined) return false;
  const column = first.range[0] - (text.lastIndexOf('\n', first.range[0] - 1) + 1);
  const lineEnd = text.indexOf('\n', end - 1);
  const at = lineEnd < 0 ? text.length : lineEnd + 1;
  const lines = yamlText(added, column);
  edits.push({ start: at, end: at, text: at > 0 && text[at - 1] !== '\n' ? `\n${lines}` : lines });
  return true;
}

/** The next map with its keys in the order they had, and new ones last. */
function inOrderOf(was: DvcValue | undefined, next: DvcValue): DvcMap {
  const map = isMapValue(next) ? next : mapOf([]);
  if (!isMapValue(was)) return map;
  const rank = new Map(was.entries.map(([key], index) => [key, index] as const));
  const place = (key: DvcValue) => rank.get(key) ?? rank.size;
  const sorted = [...map.entries].sort(([a], [b]) => place(a) - place(b));
  return mapOf(sorted.map(([key, value]) => [key, ordered(memberOf(was, String(key)), value)] as const));
}

function ordered(was: DvcValue | undefined, next: DvcValue): DvcValue {
  if (isMapValue(next)) return inOrderOf(was, next);
  if (!isList(next) || was === undefined || !isList(was)) return next;
  return next.map((item, index) => ordered(was[index], item));
}
