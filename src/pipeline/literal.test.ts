import fc from 'fast-check';
import { expect, test } from 'vitest';
import { parse } from 'yaml';
import type { Literal } from '../base/brand.ts';
import { literalOf, numberOf, parseLiteral, plainOf } from './literal.ts';

const value = fc.letrec((tie) => ({
  value: fc.oneof(
    { maxDepth: 3 },
    fc.constant(null),
    fc.boolean(),
    fc.bigInt(),
    fc.double(),
    fc.string({ unit: 'binary' }),
    fc.array(tie('value')),
    fc.dictionary(fc.string({ unit: 'binary' }), tie('value'), { noNullPrototype: true }),
  ),
})).value;

test.each([
  [1n, '1'],
  [1, '1.0'],
  [true, 'true'],
  ['1', '"1"'],
  [0.1, '0.1'],
  [5e-7, '5e-7'],
  [1e21, '1e+21'],
  [-0, '-0.0'],
  [Number.NaN, '.nan'],
  [Number.POSITIVE_INFINITY, '.inf'],
  [Number.NEGATIVE_INFINITY, '-.inf'],
  [null, 'null'],
  [12345678901234567890123n, '12345678901234567890123'],
  [[1n, 2.5], '[1, 2.5]'],
  [{ b: [], a: null, '': {} }, '{"": {}, "a": null, "b": []}'],
])('%o is written %s', (given, literal) => {
  expect(literalOf(given)).toBe(literal);
});

test('a literal reads back as the value it was made of', () => {
  fc.assert(fc.property(value, (given) => void expect(parseLiteral(literalOf(given))).toEqual(given)));
});

test('the yaml package reads a literal as the value it was made of', () => {
  fc.assert(fc.property(value, (given) => void expect(parse(literalOf(given), { intAsBigInt: true })).toEqual(given)));
});

test.each([
  ['1', 1],
  ['1.0', 1],
  ['-2.5e-7', -2.5e-7],
  ['.nan', Number.NaN],
  ['-.inf', Number.NEGATIVE_INFINITY],
  ['true', undefined],
  ['"1"', undefined],
  ['[1]', undefined],
])('the number of %s is %s', (literal, number) => {
  expect(numberOf(literal as Literal)).toBe(number);
});

test('for --json, what JSON has no number for is text', () => {
  const literal = literalOf([1n, 1.5, Number.NaN, Number.NEGATIVE_INFINITY, 2n ** 60n, { a: 'x' }]);
  expect(plainOf(literal)).toEqual([1, 1.5, 'NaN', '-Infinity', '1152921504606846976', { a: 'x' }]);
});
