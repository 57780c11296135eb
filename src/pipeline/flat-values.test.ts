import { describe, expect, it } from 'vitest';
import type { Literal, ProjectPath } from '../base/brand.ts';
import { compareValues, type FlatValues, growthOf, isMetricValue } from './flat-values.ts';

const flat = (values: Record<string, Record<string, string>>): FlatValues =>
  new Map(
    Object.entries(values).map(([file, keys]) => [
      file as ProjectPath,
      new Map(Object.entries(keys) as [string, Literal][]),
    ]),
  );

describe('compareValues', () => {
  const before = flat({ 'b.yaml': { x: '1', same: '"a"', gone: 'true' }, 'a.yaml': { y: '1.0' } });
  const after = flat({ 'b.yaml': { x: '1.0', same: '"a"', fresh: 'null' }, 'a.yaml': { y: '1.0' } });

  it('has what differs, sorted, with null where a side has nothing', () => {
    expect(compareValues(before, after)).toEqual([
      { file: 'b.yaml', key: 'fresh', was: null, now: 'null' },
      { file: 'b.yaml', key: 'gone', was: 'true', now: null },
      { file: 'b.yaml', key: 'x', was: '1', now: '1.0' },
    ]);
  });

  it('has all on request', () => {
    expect(compareValues(before, after, { all: true }).map(({ key }) => key)).toEqual([
      'y',
      'fresh',
      'gone',
      'same',
      'x',
    ]);
  });
});

it.each([
  ['1', '3', 2n],
  ['1', '1.5', 0.5],
  ['9007199254740993', '9007199254740995', 2n],
  ['"1"', '2', undefined],
  ['true', 'false', undefined],
])('%s → %s grew by %s', (was, now, growth) => {
  expect(growthOf({ was: was as Literal, now: now as Literal })).toBe(growth);
});

it.each([
  ['1', true],
  ['"text"', true],
  ['false', true],
  ['null', false],
  ['[1, 2]', false],
  ['{}', false],
])('%s is a metric: %s', (literal, is) => {
  expect(isMetricValue(literal as Literal)).toBe(is);
});
