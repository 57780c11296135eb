import type { Literal } from '../base/brand.ts';

/**
 * The literal of a value as the readers of params files give it: integers are bigint, floats number, dates the text
 * they were written as. A float always shows a `.` or an `e`, so that `1` and `1.0` stay two values.
 */
export function literalOf(value: unknown): Literal {
  return textOf(value) as Literal;
}

function textOf(value: unknown): string {
  switch (typeof value) {
    case 'string':
      return JSON.stringify(value);
    case 'bigint':
    case 'boolean':
      return String(value);
    case 'number':
      return floatText(value);
    case 'object':
      return value === null ? 'null' : collectionText(value);
    default:
      throw new Error(`a ${typeof value} has no literal`);
  }
}

function floatText(value: number): string {
  if (Number.isNaN(value)) return '.nan';
  if (!Number.isFinite(value)) return value > 0 ? '.inf' : '-.inf';
  if (Object.is(value, -0)) return '-0.0';
  const text = String(value);
  return /[.e]/.test(text) ? text : `${text}.0`;
}

function collectionText(value: object): string {
  if (Array.isArray(value)) return listLiteral(value.map(literalOf));
  if (value instanceof Date) return JSON.stringify(value.toISOString());
  return mapLiteral(Object.entries(value).map(([key, member]) => [key, literalOf(member)]));
}

export function listLiteral(members: readonly Literal[]): Literal {
  return `[${members.join(', ')}]` as Literal;
}

export function mapLiteral(members: readonly (readonly [key: string, member: Literal])[]): Literal {
  const sorted = [...members].sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0));
  return `{${sorted.map(([key, member]) => `${JSON.stringify(key)}: ${member}`).join(', ')}}` as Literal;
}

const INTEGER = /^-?[0-9]+$/;
const FLOAT = /^-?[0-9]+(\.[0-9]+)?(e[-+]?[0-9]+)?$/;
const KEY_OR_SCALAR = /"(?:[^"\\]|\\.)*"(:?)|[^\s,[\]{}":]+/g;

/** The value of a literal: bigint for an integer, number for a float, and so on. */
export function parseLiteral(literal: Literal): unknown {
  // Every scalar becomes JSON text that keeps its kind, and JSON.parse does the rest; no YAML reader to load.
  const json = literal.replace(KEY_OR_SCALAR, (token, colon) => (colon === ':' ? token : JSON.stringify(token)));
  return JSON.parse(json, (_key, value) => (typeof value === 'string' ? scalarOf(value) : value));
}

function scalarOf(text: string): unknown {
  if (text.startsWith('"')) return JSON.parse(text);
  if (INTEGER.test(text)) return BigInt(text);
  if (text === 'null') return null;
  if (text === 'true' || text === 'false') return text === 'true';
  return numberOf(text as Literal);
}

/** The number a literal stands for; undefined when it is none. */
export function numberOf(literal: Literal): number | undefined {
  if (FLOAT.test(literal)) return Number(literal);
  if (literal === '.nan') return Number.NaN;
  if (literal === '.inf') return Number.POSITIVE_INFINITY;
  return literal === '-.inf' ? Number.NEGATIVE_INFINITY : undefined;
}

/**
 * The literal as a JSON value, for `--json`. What JSON's numbers cannot hold is text: `"NaN"`, `"Infinity"`,
 * `"-Infinity"`, and the digits of integers beyond 2^53.
 */
export function plainOf(literal: Literal): unknown {
  return plain(parseLiteral(literal));
}

function plain(value: unknown): unknown {
  if (typeof value === 'bigint') return Number.isSafeInteger(Number(value)) ? Number(value) : String(value);
  if (typeof value === 'number') return Number.isFinite(value) ? value : String(value);
  if (typeof value !== 'object' || value === null) return value;
  if (Array.isArray(value)) return value.map(plain);
  return Object.fromEntries(Object.entries(value).map(([key, member]) => [key, plain(member)]));
}
