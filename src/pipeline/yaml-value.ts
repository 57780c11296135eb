import { isMap, isScalar, isSeq, type Node, type Scalar as ScalarNode } from 'yaml';
import { findNode } from './locate.ts';
import type { YamlPath } from './mistake.ts';
import type { Value } from './value.ts';
import { plainNumber } from './yaml-number.ts';
import { entriesOf, follow, type YamlSource } from './yaml-source.ts';

/** The value at a place of a text that was found usable; undefined where nothing is written there. */
export function valueAt(source: YamlSource, at: YamlPath): Value | undefined {
  const { value, whole } = findNode(source, at);
  return whole ? valueOfNode(source, value, new Map()) : undefined;
}

/** Aliases of one node give one value: written out, they could be millions. */
function valueOfNode(source: YamlSource, written: unknown, done: Map<Node, Value>): Value {
  const node = follow(source, written);
  if (node === null) return null;
  const known = done.get(node);
  if (known !== undefined) return known;
  const value = convert(source, node, done);
  done.set(node, value);
  return value;
}

function convert(source: YamlSource, node: Node, done: Map<Node, Value>): Value {
  if (isScalar(node)) return scalarOf(node);
  if (isSeq(node)) return node.items.map((item) => valueOfNode(source, item, done));
  if (!isMap(node)) return null;
  return new Map([...entriesOf(source, node)].map(([key, entry]) => [key, valueOfNode(source, entry.value, done)]));
}

function scalarOf(node: ScalarNode): Value {
  const { value, source } = node;
  if (typeof value === 'boolean' || value === null) return value;
  const number = node.type === 'PLAIN' && source !== undefined ? plainNumber(source) : undefined;
  return number ?? (typeof value === 'number' ? value : String(value));
}
