import { expect, it } from 'vitest';
import { columnsOf } from './table-columns.ts';

it.each<[string, string, readonly string[] | undefined]>([
  ['a.csv', '\uFEFFid, "two words",x\n1,2,3\n4,5', ['id', 'two words', 'x']],
  ['a.TSV', 'a\tb\n1\t2\n', ['a', 'b']],
  ['a.jsonl', '{"a": NaN, "b": 1}\n{"c": 1}\n', ['a', 'b']],
  ['a.ndjson', '[1]\n', undefined],
  ['a.csv', '', undefined],
  ['a.csv', '"open\n', undefined],
  ['a.bin', 'a,b\n', undefined],
])('%s %j', (path, head, columns) => {
  expect(columnsOf(path, head)).toEqual(columns);
});
