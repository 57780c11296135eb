import type { Literal } from '../base/brand.ts';
import { listLiteral, mapLiteral } from './literal.ts';

/** A params file, read: maps and lists as they stand, with a literal for every scalar. JSON as it is. */
export type ParamsTree = { readonly [key: string]: ParamsNode };
export type ParamsNode = Literal | ParamsTree | readonly ParamsNode[];

export interface SelectedParams {
  /** Flat: dotted key → literal. A list is one value, an empty map the literal `{}`. */
  readonly values: ReadonlyMap<string, Literal>;
  /** Requested keys that the file does not have. */
  readonly missing: readonly string[];
}

/**
 * The requested keys of a params file, maps flattened to their leaves; `keys: null` is the whole file. With `nested` a
 * map is one value under the key that asked for it, as DVC has it in its lockfile.
 */
export function selectParams(
  tree: ParamsTree,
  keys: readonly string[] | null,
  { nested }: { readonly nested: boolean } = { nested: false },
): SelectedParams {
  const values = new Map<string, Literal>();
  const missing: string[] = [];
  const add = nested
    ? (key: string, node: ParamsNode) => values.set(key, literalOfNode(node))
    : flatten.bind(null, values);
  if (keys === null && nested) for (const [key, node] of Object.entries(tree)) add(key, node);
  else if (keys === null) flattenMembers(values, '', tree);
  for (const key of keys ?? []) {
    const node = key === '' ? memberOf(tree, key) : lookUp(tree, key);
    if (node === undefined) missing.push(key);
    else add(key, node);
  }
  return { values, missing };
}

/** Every key a stage could ask for: leaves and the maps above them, for suggestions. */
export function flatKeys(tree: ParamsTree): readonly string[] {
  const keys: string[] = [];
  const visit = (prefix: string, map: ParamsTree): void => {
    for (const [key, node] of Object.entries(map)) {
      keys.push(prefix + key);
      if (isTree(node)) visit(`${prefix}${key}.`, node);
    }
  };
  visit('', tree);
  return keys;
}

function flatten(values: Map<string, Literal>, key: string, node: ParamsNode): void {
  if (isTree(node) && Object.keys(node).length > 0) flattenMembers(values, `${key}.`, node);
  else values.set(key, literalOfNode(node));
}

function flattenMembers(values: Map<string, Literal>, prefix: string, map: ParamsTree): void {
  for (const [key, node] of Object.entries(map)) {
    const dotted = prefix + key;
    // A key that itself has a dot may meet a nested one of the same dotted name; neither may hide the other.
    flatten(values, values.has(dotted) ? `${prefix}[${JSON.stringify(key)}]` : dotted, node);
  }
}

function literalOfNode(node: ParamsNode): Literal {
  if (typeof node === 'string') return node;
  if (!isTree(node)) return listLiteral(node.map(literalOfNode));
  return mapLiteral(Object.entries(node).map(([key, member]) => [key, literalOfNode(member)]));
}

function isTree(node: ParamsNode): node is ParamsTree {
  return typeof node === 'object' && !Array.isArray(node);
}

/** The node at a dotted path. A key that is written with dots in the file itself is found by its whole name. */
export function lookUp(node: ParamsNode, path: string): ParamsNode | undefined {
  if (path === '') return node;
  if (typeof node === 'string') return undefined;
  if (!isTree(node)) {
    const index = /^(?:\[(\d+)\]|(\d+)(?=[.[]|$))\.?/.exec(path);
    const member = index === null ? undefined : node[Number(index[1] ?? index[2])];
    return member === undefined || index === null ? undefined : lookUp(member, path.slice(index[0].length));
  }
  for (let end = path.length; end > 0; end = lastBreak(path, end - 1)) {
    const member = memberOf(node, path.slice(0, end));
    const rest = path.slice(path[end] === '.' ? end + 1 : end);
    const goesOn = rest !== '' || end === path.length;
    const found = member === undefined || !goesOn ? undefined : lookUp(member, rest);
    if (found !== undefined) return found;
  }
  return undefined;
}

function lastBreak(path: string, from: number): number {
  return Math.max(path.lastIndexOf('.', from), path.lastIndexOf('[', from));
}

function memberOf(map: ParamsTree, key: string): ParamsNode | undefined {
  return Object.hasOwn(map, key) ? map[key] : undefined;
}
