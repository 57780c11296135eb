import type { Literal } from '../base/brand.ts';
import { numberOf, parseLiteral, plainOf } from '../pipeline/literal.ts';
import { oneLine } from './fit-text.ts';

/** Digits behind the point, unless a command is told otherwise. */
export const PRECISION = 5;

/** A value as a cell of a table; `-` stands for none. */
export function cellText(literal: Literal | null, precision: number): string {
  if (literal === null || literal === 'null') return '-';
  if (/^-?[0-9]+$/.test(literal)) return literal;
  const number = numberOf(literal);
  if (number !== undefined) return Number.isFinite(number) ? numberText(number, precision) : literal.replace('.', '');
  const value = parseLiteral(literal);
  return typeof value === 'string' ? oneLine(value) : oneLine(literal);
}

/** Rounded, with a point to tell it from an integer; a number too small for that keeps its first digits. */
export function numberText(number: number, precision: number): string {
  if (!Number.isFinite(number)) return String(number);
  const rounded = Number(number.toFixed(Math.min(precision, 100)));
  const shown = rounded === 0 && number !== 0 ? Number(number.toPrecision(Math.max(1, precision))) : rounded;
  const text = String(shown);
  return /[.e]/.test(text) ? text : `${text}.0`;
}

/** A value in `--json`. A list is one text, `[1, 2]`, as it is where DVC flattens values. */
export function flatJson(literal: Literal | null): unknown {
  if (literal === null) return null;
  return literal.startsWith('[') || literal.startsWith('{') ? pythonText(parseLiteral(literal)) : plainOf(literal);
}

function pythonText(value: unknown): string {
  switch (typeof value) {
    case 'string':
      return value.includes("'") && !value.includes('"') ? `"${value}"` : `'${escaped(value)}'`;
    case 'boolean':
      return value ? 'True' : 'False';
    case 'number':
      return Number.isInteger(value) && Math.abs(value) < 1e16 ? `${value}.0` : String(value);
    case 'object':
      return value === null ? 'None' : collectionText(value);
    default:
      return String(value);
  }
}

function collectionText(value: object): string {
  if (Array.isArray(value)) return `[${value.map(pythonText).join(', ')}]`;
  return `{${Object.entries(value)
    .map(([key, member]) => `${pythonText(key)}: ${pythonText(member)}`)
    .join(', ')}}`;
}

function escaped(text: string): string {
  return text.replace(/[\\']/g, '\\$&').replaceAll('\n', '\\n').replaceAll('\t', '\\t').replaceAll('\r', '\\r');
}
