import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { pythonFloat } from '../../../src/pipeline/dvc/python-number.ts';
import { type DvcMap, mapOf } from '../../../src/pipeline/dvc/value.ts';
import { yamlText } from '../../../src/pipeline/dvc/yaml-text.ts';
import { askDvc, codeOf, floatCode, REAL_DVC } from './real-dvc.ts';
import { anyMap, text } from './values.ts';

const RUNS = 500;

describe.skipIf(REAL_DVC === undefined)('text of YAML beside real DVC', () => {
  test('maps of all kinds are written byte for byte as DVC writes them', () => {
    compare(fc.sample(anyMap, { numRuns: RUNS }));
  });

  test('so are long scripts at every depth', () => {
    const nested = text.map((cmd) => mapOf([['stages', mapOf([['train', mapOf([['cmd', cmd]])]])]]));
    const listed = text.map((cmd) => mapOf([['cmd', [cmd, [cmd, mapOf([['k', cmd]])]]]]));
    compare(fc.sample(fc.oneof(nested, listed), { numRuns: RUNS }));
  });

  test('floats are printed as Python prints them', () => {
    const numbers = fc.sample(fc.double({ noNaN: true, noDefaultInfinity: true }), 5000);
    expect(numbers.map(pythonFloat)).toEqual(askDvc('floats', numbers.map(floatCode)));
  });
});

function compare(maps: readonly DvcMap[]): void {
  const theirs = askDvc('dump', maps.map(codeOf)) as readonly string[];
  const ours = maps.map((map) => yamlText(map));
  const different = maps.findIndex((_, index) => ours[index] !== theirs[index]);
  expect(ours[different]).toBe(theirs[different]);
}
