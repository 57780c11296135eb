import { describe, expect, test } from 'vitest';
import type { ProjectPath } from '../base/brand.ts';
import { parseParams } from './parse-params.ts';

const treeOf = (text: string) => parseParams('conf.py' as ProjectPath, text).tree;

describe('constants', () => {
  test('of the module, of classes, and of what `__init__` gives to self', () => {
    const text = `
import os
LR: float = 1e-3
COUNT = 1_000
class Net(Base):
    """Words."""
    depth = 4
    def __init__(self, x):
        self.width = 8
        local = 1
        self.given = x
    def other(self):
        self.no = 1
    class Inner:
        on = True
@decorated
class Other: a = 1; b = 2
def __init__(self):
    self.top = 1
`;
    expect(treeOf(text)).toEqual({
      LR: '0.001',
      COUNT: '1000',
      Net: { depth: '4', width: '8', Inner: { on: 'true' } },
      Other: { a: '1', b: '2' },
      top: '1',
    });
  });

  test.each([
    ['-1.5', '-1.5'],
    ['+2', '2'],
    ['0xff', '255'],
    ['1.', '1.0'],
    ['-1.', '-1.0'],
    ['[1., 2]', ['1.0', '2']],
    ['1.0.real', undefined],
    ['10 ** 2', undefined],
    ['None', 'null'],
    ['"a" \'b\'', '"ab"'],
    ['r"a\\n"', '"a\\\\n"'],
    ['"\\x41\\u00e9\\101\\t\\q\\\n"', '"Aé\\u0041\\t\\\\q"'.replace('\\u0041', 'A')],
    ['"""a\nb"""', '"a\\nb"'],
    ['"\\N{BULLET}"', undefined],
    ['f"{x}"', undefined],
    ['b"x"', undefined],
    ['3j', undefined],
    ['...', undefined],
    ['[1, (2.0, "x"), {}]', ['1', ['2.0', '"x"'], {}]],
    ['(1)', '1'],
    ['(1,)', ['1']],
    ['()', []],
    ['{"a": {1: True}}', { a: { 1: 'true' } }],
    ['{**x}', undefined],
    ['[x]', undefined],
    ['os.environ["A"]', undefined],
    ['not True', undefined],
    ['- "a"', undefined],
  ])('a = %s', (written, expected) => {
    expect(treeOf(`a = ${written}\n`)).toEqual(expected === undefined ? {} : { a: expected });
  });

  test('what assigns several things, or not always, is no param', () => {
    expect(treeOf('a = b = 1\nc, d = 1, 2\ne += 1\nif x:\n    f = 1\ng: int\nself.h = 1\nx.y = 2\n')).toEqual({
      h: '1',
    });
  });

  test('what the grammar does not know is passed over', () => {
    const text = 'a = 1\nwith (open(b) as c, d as e):\n    f = 1\ndef g():\n    x = yield\n    return x\nh = 2\n';
    expect(treeOf(text)).toEqual({ a: '1', h: '2' });
  });

  test('the last of several counts', () => {
    expect(treeOf('a = 1\na = 2\na = x\n')).toEqual({ a: '2' });
  });
});

test('what is no Python is refused with its place', () => {
  const { tree, diagnostics } = parseParams('conf.py' as ProjectPath, 'a = 1\nb = [1,\nc = 2\n');
  expect(tree).toBeUndefined();
  expect(diagnostics).toMatchObject([{ message: 'this is no Python that can be read', place: { file: 'conf.py' } }]);
});
