import { isAlias, isMap, isScalar, isSeq, type Node, type Scalar, type YAMLMap } from 'yaml';
import type { Diagnostic } from '../base/error.ts';
import {
  entriesOf,
  entryOf,
  isMergeKey,
  keyOf,
  mergedInto,
  placeOf,
  startOf,
  type YamlEntry,
  type YamlSource,
} from './yaml-source.ts';

/** Values in a file with every alias written out; above it the file is a trap and not a pipeline. */
const MOST_VALUES = 2_000_000;

export interface YamlData {
  /** JSON: maps, lists, text, finite numbers, true, false, null. What an alias repeats is one shared object. */
  readonly data: unknown;
  readonly diagnostics: readonly Diagnostic[];
  /** False when the aliases give no data that may be walked. */
  readonly usable: boolean;
}

/** The data of a text, with the mistakes that YAML allows but data does not: keys written twice, endless aliases. */
export function dataOf(source: YamlSource): YamlData {
  const walk: Walk = { source, done: new Map(), open: new Set(), diagnostics: [], usable: true };
  const { data } = convert(walk, source.root);
  return { data, diagnostics: walk.diagnostics, usable: walk.usable };
}

interface Walk {
  readonly source: YamlSource;
  readonly done: Map<Node, Converted>;
  /** Nodes around the current one. */
  readonly open: Set<Node>;
  readonly diagnostics: Diagnostic[];
  usable: boolean;
}

interface Converted {
  readonly data: unknown;
  /** How many values it is, aliases written out. */
  readonly size: number;
}

const NOTHING: Converted = { data: null, size: 1 };

function convert(walk: Walk, node: Node | null): Converted {
  if (node === null) return NOTHING;
  if (isAlias(node)) return convertAlias(walk, node, walk.source.targets.get(node));
  const done = walk.done.get(node);
  if (done !== undefined) return done;
  walk.open.add(node);
  const converted = convertOwn(walk, node);
  walk.open.delete(node);
  walk.done.set(node, converted);
  return converted;
}

function convertAlias(walk: Walk, alias: Node & { source: string }, target: Node | undefined): Converted {
  if (target === undefined) return refuse(walk, alias, `no anchor \`&${alias.source}\` stands before this alias`);
  if (walk.open.has(target))
    return refuse(walk, alias, `the alias \`*${alias.source}\` stands inside of what it repeats`);
  const converted = convert(walk, target);
  if (converted.size > MOST_VALUES)
    return refuse(walk, alias, 'the aliases of this file repeat one another millions of times');
  return converted;
}

function refuse(walk: Walk, node: Node, message: string): Converted {
  const told = walk.diagnostics.some((diagnostic) => diagnostic.message === message);
  if (!told) walk.diagnostics.push({ message, place: placeOf(walk.source, startOf(node)) });
  walk.usable = false;
  return NOTHING;
}

function convertOwn(walk: Walk, node: Node): Converted {
  if (isScalar(node)) return { data: scalarData(node), size: 1 };
  if (isMap(node)) return convertMap(walk, node);
  if (!isSeq(node)) return NOTHING;
  const items = node.items.map((item) => convert(walk, item as Node));
  return { data: items.map((item) => item.data), size: sizeOf(items) };
}

function convertMap(walk: Walk, map: YAMLMap): Converted {
  checkKeys(walk, map);
  const data: Record<string, unknown> = {};
  const values: Converted[] = [];
  for (const [key, entry] of entriesOf(walk.source, map)) {
    if (key === '__proto__') continue;
    const value = convert(walk, entry.value);
    data[key] = value.data;
    values.push(value);
  }
  return { data, size: sizeOf(values) };
}

function checkKeys(walk: Walk, map: YAMLMap): void {
  const { source, diagnostics } = walk;
  const seen = new Map<string, YamlEntry>();
  for (const entry of map.items.map(entryOf)) {
    if (isMergeKey(entry.key)) {
      checkMerge(walk, entry);
      continue;
    }
    const name = keyOf(entry.key);
    const first = seen.get(name);
    seen.set(name, first ?? entry);
    if (name === '__proto__' || first !== undefined) {
      const message =
        first === undefined ? 'the key `__proto__` cannot be used' : `the key \`${name}\` is written twice in one map`;
      const related = first === undefined ? {} : { related: placeOf(source, startOf(first.key)) };
      diagnostics.push({ message, place: placeOf(source, startOf(entry.key)), ...related });
    }
    // The value of the first is in no data any more, but may hold mistakes.
    if (first !== undefined) convert(walk, first.value);
  }
}

function checkMerge(walk: Walk, { key, value }: YamlEntry): void {
  convert(walk, value);
  const maps = mergedInto(walk.source, value);
  if (maps.length > 0 && maps.every((node) => isMap(node))) return;
  const place = placeOf(walk.source, startOf(value ?? key));
  walk.diagnostics.push({ message: 'only a map, or a list of maps, can be merged with `<<`', place });
}

function scalarData(scalar: Scalar): unknown {
  const { value } = scalar;
  // JSON has no infinity; the text as written says what it was.
  if (typeof value === 'number' && !Number.isFinite(value)) return scalar.source ?? String(value);
  return value;
}

function sizeOf(values: readonly Converted[]): number {
  return values.reduce((sum, value) => sum + value.size, 1);
}
