import { expect, test } from 'vitest';
import type { ProjectPath } from '../base/brand.ts';
import { flatKeys, type ParamsTree, selectParams } from './params.ts';
import { parseParams } from './parse-params.ts';

function tree(text: string): ParamsTree {
  return parseParams('params.yaml' as ProjectPath, text).tree ?? {};
}

const PARAMS = tree(`
train: {lr: 0.1, opt: {name: adam, eps: 1e-8}, none: {}}
layers: [{units: 3}, {units: 5}]
sizes: [1, 2]
grid: [[1, 2], [3, 4]]
v1.0: {x: 1}
a.b: dotted
`);

test.each([
  ['train.lr', { 'train.lr': '0.1' }],
  ['train.opt', { 'train.opt.name': '"adam"', 'train.opt.eps': '1e-8' }],
  ['train.none', { 'train.none': '{}' }],
  ['sizes', { sizes: '[1, 2]' }],
  ['sizes[1]', { 'sizes[1]': '2' }],
  ['sizes.1', { 'sizes.1': '2' }],
  ['layers', { layers: '[{"units": 3}, {"units": 5}]' }],
  ['layers[0].units', { 'layers[0].units': '3' }],
  ['layers.1.units', { 'layers.1.units': '5' }],
  ['layers[1]', { 'layers[1].units': '5' }],
  ['grid[1][0]', { 'grid[1][0]': '3' }],
  ['v1.0.x', { 'v1.0.x': '1' }],
  ['a.b', { 'a.b': '"dotted"' }],
  ['sizes.-1', { 'sizes.-1': '2' }],
  ['train.l*', { 'train.lr': '0.1' }],
  ['train.o?t', { 'train.opt.name': '"adam"', 'train.opt.eps': '1e-8' }],
  ['train.*.e*', { 'train.opt.eps': '1e-8' }],
  ['layers.*.units', { 'layers.0.units': '3', 'layers.1.units': '5' }],
  ['**.eps', { 'train.opt.eps': '1e-8' }],
  ['grid.1.*', { 'grid.1.0': '3', 'grid.1.1': '4' }],
])('the key %s', (key, values) => {
  expect(Object.fromEntries(selectParams(PARAMS, [key]).values)).toEqual(values);
});

test.each([
  'nope',
  'train.nope',
  'train.lr.x',
  'sizes[2]',
  'sizes[x]',
  'sizes.-3',
  'train.z*',
  'z?',
  'train.lr.*',
  '**.zz',
  'train.',
  'constructor',
  '',
  '.',
])('the key %j is missing', (key) => {
  expect(selectParams(PARAMS, [key]).missing).toEqual([key]);
});

test('without keys the whole file is selected, flat', () => {
  expect(Object.fromEntries(selectParams(PARAMS, null).values)).toEqual({
    'train.lr': '0.1',
    'train.opt.name': '"adam"',
    'train.opt.eps': '1e-8',
    'train.none': '{}',
    layers: '[{"units": 3}, {"units": 5}]',
    sizes: '[1, 2]',
    grid: '[[1, 2], [3, 4]]',
    'v1.0.x': '1',
    'a.b': '"dotted"',
  });
  expect(selectParams(tree(''), null).values.size).toBe(0);
});

test('two keys of one dotted name are both kept', () => {
  expect(Object.fromEntries(selectParams(tree('a: {b: 1}\na.b: 2\n'), null).values)).toEqual({
    'a.b': '1',
    '["a.b"]': '2',
  });
});

test('keys to suggest are leaves and the maps above them', () => {
  expect(flatKeys(tree('a: {b: {c: 1}}\nd: [1]\n'))).toEqual(['a', 'a.b', 'a.b.c', 'd']);
});

test('as DVC has them, a map is one value, and what a pattern matches is known by the pattern', () => {
  const { values } = selectParams(PARAMS, ['train.op*', 'layers.*.units', 'sizes.0'], { nested: true });
  expect(Object.fromEntries(values)).toEqual({
    'train.op*': '{"eps": 1e-8, "name": "adam"}',
    'layers.0.units': '3',
    'layers.1.units': '5',
    'sizes.0': '1',
  });
});
