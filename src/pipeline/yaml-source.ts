import {
  type Alias,
  isAlias,
  isMap,
  isNode,
  isScalar,
  isSeq,
  LineCounter,
  type Node,
  type Pair,
  parseDocument,
  visit,
  type YAMLError,
  type YAMLMap,
} from 'yaml';
import type { Diagnostic, Place } from '../base/error.ts';
import { placeAt } from './read-yaml.ts';
import { tooDeepAt } from './yaml-depth.ts';

/** A YAML text with its nodes, from which data and places are both taken. */
export interface YamlSource {
  /** As places name it. */
  readonly file: string;
  readonly text: string;
  readonly root: Node | null;
  readonly lines: LineCounter;
  /** What each alias stands for. */
  readonly targets: ReadonlyMap<Alias, Node>;
  /** The entries of each map by key, merged ones included, as far as somebody asked. */
  readonly entries: Map<YAMLMap, ReadonlyMap<string, YamlEntry>>;
}

export interface YamlEntry {
  readonly key: Node;
  readonly value: Node | null;
}

export interface ReadSource {
  readonly source: YamlSource;
  readonly diagnostics: readonly Diagnostic[];
}

/** Parses a text as YAML 1.2 with merge keys. Where there are errors of syntax, the nodes are not to be used. */
export function readSource(file: string, text: string): ReadSource {
  const entries = new Map();
  const deep = tooDeepAt(text);
  if (deep !== undefined) {
    const source = { file, text, root: null, lines: new LineCounter(), targets: new Map(), entries };
    const message = 'lists and maps stand in one another too deeply to be read';
    return { source, diagnostics: [{ message, place: placeAt(file, text, deep) }] };
  }
  const lines = new LineCounter();
  const document = parseDocument(text, {
    version: '1.2',
    merge: true,
    stringKeys: true,
    // Checked by yaml-data.ts: the package compares every key of a map with every other.
    uniqueKeys: false,
    // A date or bytes would not survive being kept as JSON.
    resolveKnownTags: false,
    prettyErrors: false,
    // Silent, the package would pass over a second document.
    logLevel: 'error',
    lineCounter: lines,
  });
  const root = document.contents;
  const source: YamlSource = { file, text, root, lines, targets: targetsOf(root), entries };
  return { source, diagnostics: syntaxDiagnostics(source, [...document.errors, ...document.warnings]) };
}

/** The place of a character; line and column count from 1. */
export function placeOf(source: YamlSource, offset: number): Place {
  const { line, col } = source.lines.linePos(Math.min(offset, source.text.length));
  const start = source.lines.lineStarts[line - 1] ?? 0;
  const end = source.text.indexOf('\n', start);
  const text = source.text.slice(start, end < 0 ? undefined : end).replace(/\r$/, '');
  return { file: source.file, line, column: col, text };
}

/** The node itself, or what it is an alias of; null where nothing is written. */
export function follow(source: YamlSource, node: unknown): Node | null {
  if (isAlias(node)) return source.targets.get(node) ?? null;
  return isNode(node) ? node : null;
}

/** The entries of a map by key. An entry of the map's own goes before a merged one, an earlier merge before a later. */
export function entriesOf(source: YamlSource, map: YAMLMap): ReadonlyMap<string, YamlEntry> {
  const known = source.entries.get(map);
  if (known !== undefined) return known;
  const entries = new Map<string, YamlEntry>();
  // Known at once, so that a map that merges itself ends here.
  source.entries.set(map, entries);
  const merged: Node[] = [];
  for (const pair of map.items) {
    const entry = entryOf(pair);
    if (isMergeKey(entry.key)) merged.push(...mergedInto(source, entry.value));
    else entries.set(keyOf(entry.key), entry);
  }
  for (const node of merged) {
    if (!isMap(node)) continue;
    for (const [key, entry] of entriesOf(source, node)) if (!entries.has(key)) entries.set(key, entry);
  }
  return entries;
}

export function entryOf(pair: Pair): YamlEntry {
  if (!isNode(pair.key)) throw new Error('a parsed pair has a key');
  return { key: pair.key, value: isNode(pair.value) ? pair.value : null };
}

export function isMergeKey(key: Node): boolean {
  return isScalar(key) && key.value === '<<' && key.type === 'PLAIN';
}

export function keyOf(key: Node): string {
  return isScalar(key) ? String(key.value ?? '') : '';
}

/** The maps that the value of a merge key names. */
export function mergedInto(source: YamlSource, value: Node | null): Node[] {
  const target = follow(source, value);
  const nodes = isSeq(target) ? target.items.map((item) => follow(source, item)) : [target];
  return nodes.filter((node) => node !== null);
}

export function startOf(node: Node): number {
  return node.range?.[0] ?? 0;
}

function targetsOf(root: Node | null): ReadonlyMap<Alias, Node> {
  const anchors = new Map<string, Node>();
  const targets = new Map<Alias, Node>();
  if (root === null) return targets;
  visit(root, {
    Alias(_key, alias) {
      const target = anchors.get(alias.source);
      if (target !== undefined) targets.set(alias, target);
    },
    Value(_key, node) {
      if (node.anchor !== undefined) anchors.set(node.anchor, node);
    },
  });
  return targets;
}

/** Errors in words that need no knowledge of the grammar of YAML; others keep the package's own. */
const PLAIN_WORDS: Readonly<Record<string, { readonly message: string; readonly hint?: string }>> = {
  TAB_AS_INDENT: { message: 'a tab is used to indent', hint: 'indent with blanks; YAML does not allow tabs here' },
  BLOCK_AS_IMPLICIT_KEY: {
    message: 'a map cannot begin on the line of a key',
    hint: 'put text that contains ": " in quotes',
  },
  BAD_SCALAR_START: { message: 'text that begins with this character must be in quotes' },
  MULTIPLE_DOCS: { message: 'a pipeline file holds one YAML document, but another begins here' },
  NON_STRING_KEY: { message: 'a key must be text, not a list or a map' },
  BAD_ALIAS: { message: 'this alias is not written as YAML allows' },
};

function syntaxDiagnostics(source: YamlSource, errors: readonly YAMLError[]): readonly Diagnostic[] {
  const diagnostics = new Map<number, Diagnostic>();
  // One broken place makes the parser stumble several times: of each line only the first error helps.
  for (const error of [...errors].sort((a, b) => a.pos[0] - b.pos[0])) {
    const place = placeOf(source, error.pos[0]);
    if (!diagnostics.has(place.line)) diagnostics.set(place.line, { ...wordsOf(error), place });
  }
  return [...diagnostics.values()];
}

function wordsOf(error: YAMLError): { readonly message: string; readonly hint?: string } {
  const tag = /^Unresolved tag: (.*)$/.exec(error.message)?.[1];
  if (tag !== undefined) return { message: `the tag \`${tag}\` means nothing here`, hint: 'remove the tag' };
  return PLAIN_WORDS[error.code] ?? { message: error.message.charAt(0).toLowerCase() + error.message.slice(1) };
}
