import { isAlias, isMap, isNode, isScalar, isSeq, type Node, parseDocument, visit, type YAMLMap } from 'yaml';
import type { Diagnostic, Place } from '../../base/error.ts';
import { placeAt } from '../read-yaml.ts';
import { tooDeepAt } from '../yaml-depth.ts';
import { dateTextOf, floatOf, integerOf, kindOfPlain } from './plain.ts';
import { type DvcValue, isList, isMapValue, keyText } from './value.ts';

export type ValuesRead =
  | { readonly ok: true; readonly value: DvcValue; readonly placeOf: (path: readonly PropertyKey[]) => Place }
  | { readonly ok: false; readonly diagnostics: readonly Diagnostic[] };

/** With every alias written out; a text of more values is a trap. */
const MOST_VALUES = 2_000_000;

/** Line ends of YAML 1.1, at which DVC's writer breaks text off, and its reader puts it together again. */
const OLD_BREAKS = / *([\x85\u2028\u2029]) */g;

/** Reads YAML as DVC does, keeping of a map the order of its keys and their kinds. `<<` merges. */
export function readValues(file: string, text: string): ValuesRead {
  const deep = tooDeepAt(text);
  if (deep !== undefined) {
    const message = 'lists and maps stand in one another too deeply to be read';
    return { ok: false, diagnostics: [{ message, place: placeAt(file, text, deep) }] };
  }
  // Scalars are told apart here, as DVC's reader does; the package's own ways differ from both YAML 1.1 and it.
  const document = parseDocument(text.replace(OLD_BREAKS, '$1'), {
    schema: 'failsafe',
    version: '1.2',
    uniqueKeys: false,
    prettyErrors: false,
    logLevel: 'error',
  });
  const place = (offset: number) => placeAt(file, text, Math.min(offset, text.length));
  const errors = [...document.errors, ...document.warnings];
  if (errors.length > 0) {
    const words = (message: string) => message.charAt(0).toLowerCase() + message.slice(1);
    return {
      ok: false,
      diagnostics: errors.map(({ message, pos }) => ({ message: words(message), place: place(pos[0]) })),
    };
  }
  const reading: Reading = { place, anchors: new Map(), done: new Map(), open: new Set(), diagnostics: [] };
  visit(document, {
    Node(_key, node) {
      if (isAlias(node)) reading.done.set(node, { target: reading.anchors.get(node.source) });
      else if (node.anchor !== undefined) reading.anchors.set(node.anchor, node);
    },
  });
  const { value } = read(reading, document.contents);
  if (reading.diagnostics.length > 0) return { ok: false, diagnostics: reading.diagnostics };
  return { ok: true, value, placeOf: (path) => place(offsetOf(document.contents, path)) };
}

interface Reading {
  readonly place: (offset: number) => Place;
  readonly anchors: Map<string, Node>;
  /** Values of what was read before; of an alias at first what it stands for. */
  readonly done: Map<Node, Sized | { readonly target: Node | undefined }>;
  /** What the current node stands in. */
  readonly open: Set<Node>;
  readonly diagnostics: Diagnostic[];
}

interface Sized {
  readonly value: DvcValue;
  readonly size: number;
}

const NOTHING: Sized = { value: null, size: 1 };

function read(reading: Reading, node: Node | null): Sized {
  if (node === null) return NOTHING;
  const known = reading.done.get(node);
  if (known !== undefined && 'value' in known) return known;
  if (known !== undefined || reading.open.has(node)) return readAlias(reading, node, known?.target);
  reading.open.add(node);
  const sized = readOwn(reading, node);
  reading.open.delete(node);
  reading.done.set(node, sized);
  return sized;
}

function readAlias(reading: Reading, alias: Node, target: Node | undefined): Sized {
  if (target === undefined) return refuse(reading, alias, 'no anchor of this name stands before this alias');
  if (reading.open.has(target)) return refuse(reading, alias, 'the alias stands inside of what it repeats');
  return read(reading, target);
}

function refuse(reading: Reading, node: Node, message: string): Sized {
  reading.diagnostics.push({ message, place: reading.place(startOf(node)) });
  return NOTHING;
}

function readOwn(reading: Reading, node: Node): Sized {
  if (isMap(node)) return readMap(reading, node);
  if (isScalar(node)) {
    const text = String(node.value ?? '');
    return { value: node.type === 'PLAIN' ? plainValue(text) : text, size: 1 };
  }
  if (!isSeq(node)) return NOTHING;
  const items = node.items.map((item) => read(reading, isNode(item) ? item : null));
  return bounded(reading, node, { value: items.map(({ value }) => value), size: sizeOf(items) });
}

function bounded(reading: Reading, node: Node, sized: Sized): Sized {
  if (sized.size <= MOST_VALUES) return sized;
  return refuse(reading, node, 'the aliases of this file repeat one another millions of times');
}

function sizeOf(parts: readonly Sized[]): number {
  return parts.reduce((sum, { size }) => sum + size, 1);
}

function readMap(reading: Reading, map: YAMLMap): Sized {
  const own = new Map<string, readonly [DvcValue, DvcValue]>();
  const merged = new Map<string, readonly [DvcValue, DvcValue]>();
  const parts: Sized[] = [];
  for (const { key: keyNode, value: valueNode } of map.items) {
    const value = read(reading, isNode(valueNode) ? valueNode : null);
    parts.push(value);
    if (isScalar(keyNode) && keyNode.type === 'PLAIN' && keyNode.value === '<<') {
      for (const one of isList(value.value) ? value.value : [value.value]) {
        if (!isMapValue(one)) refuse(reading, keyNode, 'only a map, or a list of maps, can be merged with `<<`');
        else for (const entry of one.entries) if (!merged.has(nameOf(entry[0]))) merged.set(nameOf(entry[0]), entry);
      }
      continue;
    }
    const key = read(reading, isNode(keyNode) ? keyNode : null).value;
    if (own.has(nameOf(key)) && isNode(keyNode)) refuse(reading, keyNode, `the key '${keyText(key)}' stands twice`);
    own.set(nameOf(key), [key, value.value]);
  }
  const entries = [...own.values(), ...[...merged].filter(([name]) => !own.has(name)).map(([, entry]) => entry)];
  return bounded(reading, map, { value: { kind: 'map', entries }, size: sizeOf(parts) });
}

/** Different for `1` and `'1'`. */
function nameOf(key: DvcValue): string {
  return `${typeof key} ${keyText(key)}`;
}

/** What DVC's reader takes unquoted text for. */
export function plainValue(text: string): DvcValue {
  switch (kindOfPlain(text)) {
    case 'null':
      return null;
    case 'boolean':
      return text.toLowerCase() === 'true';
    case 'integer':
      return integerOf(text) ?? text;
    case 'float':
      return floatOf(text);
    case 'date':
      return { kind: 'date', text: dateTextOf(text) };
    default:
      return text;
  }
}

/** Where a path of keys stands, or the nearest thing above it that is there; a member of a map at its key. */
function offsetOf(root: Node | null, path: readonly PropertyKey[]): number {
  let node: unknown = root;
  let offset = root === null ? 0 : startOf(root);
  for (const step of path) {
    if (isMap(node)) {
      const pair = node.items.find(({ key }) => isScalar(key) && String(key.value ?? '') === step);
      if (pair === undefined) return offset;
      if (isNode(pair.key)) offset = startOf(pair.key);
      node = pair.value;
    } else if (isSeq(node) && typeof step === 'number') {
      node = node.items[step];
      if (isNode(node)) offset = startOf(node);
    } else return offset;
  }
  return offset;
}

function startOf(node: Node): number {
  return node.range?.[0] ?? 0;
}
