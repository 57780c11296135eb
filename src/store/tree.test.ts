import fc from 'fast-check';
import { expect, test } from 'vitest';
import { digestOf } from '../base/hash.ts';
import { decodeTree, encodeTree, type TreeEntry } from './tree.ts';

const digest = digestOf('');

test('a listing is text, one line per entry, sorted by the bytes of the path', () => {
  const entries: TreeEntry[] = [
    { kind: 'dir', path: 'empty' },
    { kind: 'file', path: 'a/b', digest, size: 0 },
    { kind: 'link', path: 'out', target: '../x "y"', digest },
    { kind: 'exec', path: 'a-b', digest, size: 12 },
    { kind: 'link', path: 'in', target: 'a/b', digest: null },
  ];
  expect(encodeTree(entries).replaceAll(digest, 'D')).toBe(
    [
      'tree/1',
      'exec D 12 "a-b"',
      'file D 0 "a/b"',
      'dir "empty"',
      'link - "in" "a/b"',
      'link D "out" "../x \\"y\\""',
      '',
    ].join('\n'),
  );
});

test('beyond the basic plane the order is that of UTF-8, not of UTF-16', () => {
  const entries: TreeEntry[] = ['\u{1f427}', '\uffee'].map((path) => ({ kind: 'dir', path }));
  expect(encodeTree(entries)).toBe('tree/1\ndir "\uffee"\ndir "\u{1f427}"\n');
});

test.each([
  '',
  'tree/1',
  'tree/2\n',
  'tree/1\nfile nonsense 1 "a"\n',
  'tree/1\ndir "../out"\n',
  'tree/1\ndir "/etc"\n',
  'tree/1\ndir "a//b"\n',
  `tree/1\nfile ${digest} 1 "a\n`,
])('%j is no listing', (text) => {
  expect(decodeTree(text)).toBeUndefined();
});

const name = fc
  .string({ unit: 'grapheme', minLength: 1, maxLength: 8 })
  .filter((text) => !/^\.{0,2}$|[/\0]/.test(text));
const path = fc.array(name, { minLength: 1, maxLength: 3 }).map((parts) => parts.join('/'));
const entry: fc.Arbitrary<TreeEntry> = fc.oneof(
  fc.record({ kind: fc.constantFrom('file', 'exec'), path, digest: fc.string().map(digestOf), size: fc.nat() }),
  fc.record({ kind: fc.constant('link'), path, target: fc.string(), digest: fc.constantFrom(null, digest) }),
  fc.record({ kind: fc.constant('dir'), path }),
);

test('a listing read is the listing written, whatever the names', () => {
  fc.assert(
    fc.property(fc.uniqueArray(entry, { selector: (one) => one.path }), (entries) => {
      const text = encodeTree(entries);
      const decoded = decodeTree(text);
      expect(decoded).toHaveLength(entries.length);
      expect(encodeTree(decoded ?? [])).toBe(text);
      expect(new Set(decoded)).toEqual(new Set(entries));
    }),
  );
});
