import { isMap, isNode, isScalar, isSeq, type Node, type YAMLSeq } from 'yaml';
import type { ProjectPath } from '../base/brand.ts';
import type { Diagnostic, Place } from '../base/error.ts';
import type { Mistake, YamlPath } from './mistake.ts';
import { placeAt } from './read-yaml.ts';
import { entriesOf, follow, placeOf, readSource, startOf, type YamlEntry, type YamlSource } from './yaml-source.ts';

/**
 * Mistakes with the places of their nodes in the texts of their files. A node that is not there is shown at the nearest
 * one around it. A text is parsed only when a mistake is in it.
 */
export function locate(
  mistakes: readonly Mistake[],
  texts: ReadonlyMap<ProjectPath, string | undefined>,
): readonly Diagnostic[] {
  const sources = new Map<ProjectPath, YamlSource>();
  return mistakes.map((mistake) => located(mistake, texts, sources));
}

/** One mistake with its places, as far as the texts of the files are known. Sources that were read are kept for others. */
export function located(
  { file, at, key, part, message, hint, related }: Mistake,
  texts: ReadonlyMap<ProjectPath, string | undefined>,
  sources: Map<ProjectPath, YamlSource>,
): Diagnostic {
  const place = placeIn(
    { file, at, ...(key !== undefined && { key }), ...(part !== undefined && { part }) },
    texts,
    sources,
  );
  const other = related === undefined ? undefined : placeIn(related, texts, sources);
  return { message, ...(place && { place }), ...(other && { related: other }), ...(hint !== undefined && { hint }) };
}

function placeIn(
  { file, at, key = false, part = '' }: Pick<Mistake, 'file' | 'at' | 'key' | 'part'>,
  texts: ReadonlyMap<ProjectPath, string | undefined>,
  sources: Map<ProjectPath, YamlSource>,
): Place | undefined {
  const text = texts.get(file);
  if (text === undefined) return undefined;
  if (!/\.(?:ya?ml|json)$/i.test(file)) return placeOfAssignment(file, text, String(at.at(-1) ?? ''));
  const source = sources.get(file) ?? readSource(file, text).source;
  sources.set(file, source);
  return placeOfPath(source, writtenPlace(source, at), { key, part });
}

/** In files of other languages: the first line that gives something of that name a value. */
function placeOfAssignment(file: ProjectPath, text: string, name: string): Place {
  for (let start = 0; name !== '' && start >= 0; start = text.indexOf('\n', start) + 1 || -1) {
    const line = text.slice(start, text.indexOf('\n', start) < 0 ? undefined : text.indexOf('\n', start));
    const rest = line.trimStart();
    if (rest.startsWith(name) && /^["']?\s*[=:]/.test(rest.slice(name.length))) {
      return placeAt(file, text, start + line.length - rest.length);
    }
  }
  return placeAt(file, text, 0);
}

/** A place in a stage that `foreach` or `matrix` made, as a place of what it was made of. */
function writtenPlace(source: YamlSource, at: YamlPath): YamlPath {
  const [section, name, ...inside] = at;
  if (section !== 'stages' || typeof name !== 'string' || !name.includes('@')) return at;
  if (findNode(source, [section, name]).whole) return at;
  const group = name.slice(0, name.indexOf('@'));
  const isForeach = inside.length > 0 && findNode(source, [section, group, 'do']).whole;
  return [section, group, ...(isForeach ? ['do'] : []), ...inside];
}

function placeOfPath(
  source: YamlSource,
  at: YamlPath,
  { key: wantsKey, part }: { readonly key: boolean; readonly part: string },
): Place {
  const { key, value, whole } = findNode(source, at);
  const atKey = value === null || !whole || wantsKey || isUnwritten(value);
  const node = atKey ? (key ?? value) : value;
  if (node === null) return placeOf(source, 0);
  // A text with escapes may be spelled otherwise than it is.
  const inside = whole && part !== '' ? source.text.indexOf(part, startOf(node)) : -1;
  return placeOf(source, inside >= 0 && inside < (node.range?.[1] ?? 0) ? inside : startOf(node));
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
