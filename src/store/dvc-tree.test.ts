import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { Digest } from '../base/brand.ts';
import { decodeDvcTree, encodeDvcTree } from './dvc-tree.ts';
import type { TreeEntry } from './tree.ts';

const hex = '50df267013f0c65a75066605c3de9b17';
const file = (path: string): TreeEntry => ({ kind: 'file', path, digest: `md5:${hex}` as Digest, size: 3 });
const row = (relpath: string): string => `{"md5": "${hex}", "relpath": ${relpath}}`;

test('a listing is written as Python writes JSON: sorted by code points, and in ASCII', () => {
  expect(encodeDvcTree(['sub/c', 'b', '\u{1f427}', '\uffee', 'é\x7f"\n', 'a.txt'].map(file))).toBe(
    `[${['"a.txt"', '"b"', '"sub/c"', '"\\u00e9\\u007f\\"\\n"', '"\\uffee"', '"\\ud83d\\udc27"'].map(row).join(', ')}]`,
  );
  expect(encodeDvcTree([])).toBe('[]');
});

test('an executable file is a file, and what is no file has no place', () => {
  expect(encodeDvcTree([{ ...file('a'), kind: 'exec' } as TreeEntry])).toBe(`[${row('"a"')}]`);
  expect(() => encodeDvcTree([{ kind: 'dir', path: 'a' }])).toThrow('no place');
});

test('what other versions say besides is passed over', () => {
  expect(decodeDvcTree(`[{"size": 3, "md5": "${hex}", "relpath": "a", "isexec": true}]`)).toEqual([
    { ...file('a'), size: null },
  ]);
});

test.each([
  '',
  'null',
  '{}',
  '[1]',
  '[null]',
  '[{"relpath": "a"}]',
  '[{"md5": "x", "relpath": "a"}]',
  `[{"md5": ["${hex}"], "relpath": "a"}]`,
  `[${row('"../a"')}]`,
  `[${row('"/a"')}]`,
  `[${row('"a/../../b"')}]`,
  `[${row('"a//b"')}]`,
  `[${row('""')}]`,
  `[${row('"a\\u0000"')}]`,
  `[${row('"a"')}, ${row('"a"')}]`,
])('%s is no listing', (text) => {
  expect(decodeDvcTree(text)).toBeUndefined();
});

test('a listing read is the listing written, whatever the names', () => {
  const name = fc
    .string({ unit: 'grapheme', minLength: 1, maxLength: 8 })
    .filter((text) => !/^\.{0,2}$|[/\0]/.test(text));
  const path = fc.array(name, { minLength: 1, maxLength: 3 }).map((parts) => parts.join('/'));
  fc.assert(
    fc.property(fc.uniqueArray(path), (paths) => {
      const text = encodeDvcTree(paths.map(file));
      expect(text).toMatch(/^[ -~]*$/);
      const decoded = decodeDvcTree(text) ?? [];
      expect(new Set(decoded.map((entry) => entry.path))).toEqual(new Set(paths));
      expect(encodeDvcTree(decoded)).toBe(text);
    }),
  );
});
