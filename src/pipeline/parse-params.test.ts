import { expect, test } from 'vitest';
import type { ProjectPath } from '../base/brand.ts';
import { parseParams } from './parse-params.ts';

const treeOf = (file: string, text: string) => parseParams(file as ProjectPath, text).tree;
const complaintsOf = (file: string, text: string) => parseParams(file as ProjectPath, text).diagnostics;

test('numbers keep their kind in YAML, JSON and TOML alike', () => {
  const tree = { a: '1', b: '1.0', c: 'true', d: '"1"', e: '0.1', f: ['1', '2.5'], g: { h: '"x"' } };
  expect(treeOf('p.yaml', 'a: 1\nb: 1.0\nc: true\nd: "1"\ne: 0.10\nf: [1, 2.5]\ng: {h: x}\n')).toEqual(tree);
  expect(treeOf('p.json', '{"a":1,"b":1.0,"c":true,"d":"1","e":0.10,"f":[1,2.5],\n\t"g":{"h":"x"}}')).toEqual(tree);
  expect(treeOf('p.toml', 'a=1\nb=1.0\nc=true\nd="1"\ne=0.10\nf=[1,2.5]\n[g]\nh="x"\n')).toEqual(tree);
});

test('what is special in each format', () => {
  expect(treeOf('p.yml', 'base: &b {lr: 1}\nmine:\n  <<: *b\n  k: ~\n1: one\n')).toEqual({
    base: { lr: '1' },
    mine: { lr: '1', k: 'null' },
    '1': '"one"',
  });
  expect(treeOf('p.json', '{"a": NaN, "b": [-Infinity], "c": "NaN"}')).toEqual({ a: '.nan', b: ['-.inf'], c: '"NaN"' });
  expect(treeOf('p.toml', 'd = 1979-05-27\n')).toEqual({ d: '"1979-05-27"' });
});

test('the tree survives JSON', () => {
  const tree = treeOf('p.yaml', '__proto__: {x: 1}\na: [{b: 1}]\n');
  expect(JSON.stringify(JSON.parse(JSON.stringify(tree)))).toBe('{"__proto__":{"x":"1"},"a":[{"b":"1"}]}');
});

test('an empty file has no params', () => {
  expect(treeOf('p.yaml', '')).toEqual({});
  expect(treeOf('p.toml', '')).toEqual({});
});

test.each([
  ['p.yaml', 'a: 1\na: 2\n', "the key 'a' stands twice", 2, 1],
  ['p.yaml', 'a: [1\n', 'flow sequence in block collection', 2, 1],
  ['p.yaml', '- 1\n', 'a params file is a map of keys to values, but this is a list', 1, 1],
  ['p.json', '{"a": *x}', 'Unresolved alias', 1, 1],
  ['p.toml', 'a = 1\nb = \n', 'invalid value', 2, 5],
])('%s %j is refused with its place', (file, text, message, line, column) => {
  const [complaint] = complaintsOf(file, text);
  expect(complaint?.message).toContain(message);
  expect(complaint?.place).toMatchObject({ file, line, column });
});

test('aliases that multiply without end are refused', () => {
  const levels = Array.from({ length: 9 }, (_, i) => `l${i + 1}: &l${i + 1} [${Array(9).fill(`*l${i}`).join(', ')}]`);
  expect(complaintsOf('p.yaml', `l0: &l0 [1]\n${levels.join('\n')}\n`)[0]?.message).toMatch(/alias/i);
});

test('other kinds of files are refused with what can be read', () => {
  expect(complaintsOf('params.ini', 'a = 1\n')).toEqual([
    {
      message: 'params.ini is not a kind of file that params can be read from',
      hint: 'params are read from files whose names end in .yaml, .yml, .json, .toml or .py',
    },
  ]);
});
