import type { Literal } from '../../base/brand.ts';
import { listLiteral, literalOf, mapLiteral, parseLiteral } from '../literal.ts';

/**
 * A value as DVC's files hold it: integers are bigint, floats number. Unlike JSON's maps these keep the order of their
 * keys and the kinds of them, because DVC writes both down. A list or map that stands at two places as one object is
 * written once, with an anchor, and then by its alias: so does DVC.
 */
export type DvcValue = null | boolean | bigint | number | string | DvcDate | DvcMap | readonly DvcValue[];

/** A date, with or without a time, as Python prints it. */
export interface DvcDate {
  readonly kind: 'date';
  readonly text: string;
}

export interface DvcMap {
  readonly kind: 'map';
  readonly entries: readonly (readonly [key: DvcValue, value: DvcValue])[];
}

export function mapOf(entries: readonly (readonly [key: DvcValue, value: DvcValue])[]): DvcMap {
  return { kind: 'map', entries };
}

export function isList(value: DvcValue): value is readonly DvcValue[] {
  return Array.isArray(value);
}

export function isMapValue(value: DvcValue | undefined): value is DvcMap {
  return typeof value === 'object' && value !== null && 'kind' in value && value.kind === 'map';
}

/** The value at a key of text; undefined where the map has no such key. */
export function memberOf(map: DvcMap, key: string): DvcValue | undefined {
  return map.entries.find(([name]) => name === key)?.[1];
}

/** For comparing: two values are the same exactly when their literals are. The order of keys does not count. */
export function literalOfValue(value: DvcValue): Literal {
  if (value === null || typeof value !== 'object') return literalOf(value);
  if (isList(value)) return listLiteral(value.map(literalOfValue));
  if (value.kind === 'date') return literalOf(value.text);
  return mapLiteral(value.entries.map(([key, member]) => [keyText(key), literalOfValue(member)]));
}

/** A key as the text that a literal knows it by: `1` for both `1: a` and `'1': a`. */
export function keyText(key: DvcValue): string {
  return typeof key === 'string' ? key : literalOfValue(key);
}

/** The value of a literal. What a literal does not know is lost: the order of keys, and that a key was no text. */
export function valueOfLiteral(literal: Literal): DvcValue {
  return valueOfData(parseLiteral(literal));
}

/** Plain data, with bigint for integers, as a value. */
function valueOfData(data: unknown): DvcValue {
  if (Array.isArray(data)) return data.map(valueOfData);
  if (typeof data === 'object' && data !== null) {
    return mapOf(Object.entries(data).map(([key, member]) => [key, valueOfData(member)]));
  }
  const isScalar = ['string', 'number', 'bigint', 'boolean'].includes(typeof data);
  if (data !== null && !isScalar) throw new Error(`a ${typeof data} is no value of YAML`);
  return data as null | boolean | bigint | number | string;
}
