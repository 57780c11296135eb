import { isMap, isNode, isScalar, isSeq, type Node, type YAMLSeq } from 'yaml';
import type { ProjectPath } from '../base/brand.ts';
import type { Diagnostic, Place } from '../base/error.ts';
import type { Mistake, YamlPath } from './mistake.ts';
import { entriesOf, follow, placeOf, readSource, startOf, type YamlEntry, type YamlSource } from './yaml-source.ts';

/**
 * Mistakes with the places of their nodes in the texts of their files. A node that is not there is shown at the nearest
 * one around it. A text is parsed only when a mistake is in it.
 */
export function locate(mistakes: readonly Mistake[], texts: ReadonlyMap<ProjectPath, string>): readonly Diagnostic[] {
  const sources = new Map<ProjectPath, YamlSource>();
  const sourceOf = (file: ProjectPath): YamlSource | undefined => {
    const text = texts.get(file);
    if (text !== undefined && !sources.has(file)) sources.set(file, readSource(file, text).source);
    return sources.get(file);
  };
  return mistakes.map((mistake) => located(mistake, sourceOf));
}

/** One mistake with its places, as far as the sources of the files are known. */
export function located(mistake: Mistake, sourceOf: (file: ProjectPath) => YamlSource | undefined): Diagnostic {
  const { message, hint, related } = mistake;
  const source = sourceOf(mistake.file);
  const otherSource = related === undefined ? undefined : sourceOf(related.file);
  return {
    message,
    ...(source && { place: placeOfPath(source, mistake.at, mistake.key) }),
    ...(related && otherSource && { related: placeOfPath(otherSource, related.at, related.key) }),
    ...(hint !== undefined && { hint }),
  };
}

function placeOfPath(source: YamlSource, at: YamlPath, wantsKey = false): Place {
  const { key, value, whole } = findNode(source, at);
  const atKey = value === null || !whole || wantsKey || isUnwritten(value);
  const node = atKey ? (key ?? value) : value;
  return placeOf(source, node === null ? 0 : startOf(node));
}

interface FoundNode {
  /** Of the entry found last; null for the top of the file. */
  readonly key: Node | null;
  readonly value: Node | null;
  /** Whether the path was followed to its end. */
  readonly whole: boolean;
}

/** The node at a path, through aliases and merges, or the nearest one around it. */
export function findNode(source: YamlSource, at: YamlPath): FoundNode {
  let key: Node | null = null;
  let value: Node | null = source.root;
  for (const step of at) {
    const around = follow(source, value);
    if (isMap(around)) {
      const entry = entriesOf(source, around).get(String(step));
      if (entry === undefined) return { key, value, whole: false };
      ({ key, value } = entry);
    } else if (isSeq(around)) {
      const found = findInList(source, around, step);
      if (found === undefined) return { key, value, whole: false };
      ({ key, value } = found);
    } else return { key, value, whole: false };
  }
  return { key, value, whole: true };
}

/** An item by its place, or by its text, be that the item itself, a key of it, or an item of a list below a key. */
function findInList(source: YamlSource, list: YAMLSeq, step: string | number): YamlEntry | undefined {
  if (typeof step === 'number') {
    const item = list.items[step];
    return isNode(item) ? { key: item, value: item } : undefined;
  }
  const nodes = list.items.map((item) => follow(source, item));
  const maps = nodes.filter(isMap).map((map) => entriesOf(source, map));
  const item = nodes.find((node) => isScalar(node) && node.value === step);
  if (item) return { key: item, value: item };
  const entry = maps.find((map) => map.has(step))?.get(step);
  if (entry !== undefined) return entry;
  const lists = maps.flatMap((map) => [...map.values()].map(({ value }) => follow(source, value))).filter(isSeq);
  return lists.map((inner) => findInList(source, inner, step)).find((found) => found !== undefined);
}

/** `cmd:` with nothing after it has a value without any text. */
function isUnwritten(node: Node): boolean {
  return isScalar(node) && node.value === null && node.source === '';
}
