import fc from 'fast-check';
import { expect, test } from 'vitest';
import { parse } from 'yaml';
import { runs } from '../../test/support/hunt.ts';
import type { Digest, Literal, ProjectPath } from '../base/brand.ts';
import type { Content } from '../base/content.ts';
import { literalOf } from './literal.ts';
import type { LockEntry } from './lock-entry.ts';
import { formatEntry, formatLockfile, lockfileFromJson, lockfileToJson } from './lockfile.ts';
import { parseLockfile } from './parse-lockfile.ts';

const FILE = 'pipeline.lock' as ProjectPath;
const at = (path: string) => path as ProjectPath;
const hex = (digit: string) => `sha256:${digit.repeat(64)}` as Digest;

const TRAIN: LockEntry = {
  cmd: 'set -x\npython train.py \\\n  --fast\n',
  wdir: at('models/a'),
  env: { SEED: '7', MODE: 'full speed' },
  params: new Map([
    [
      at('params.yaml'),
      new Map([
        ['train.lr', '0.1'],
        ['name', '"adam"'],
        ['on', '"yes"'],
        ['l', '[1, "a"]'],
      ] as [string, Literal][]),
    ],
    [at('models/a/empty.yaml'), new Map()],
  ]),
  deps: new Map<ProjectPath, Content>([
    [at('models/a/train.py'), { kind: 'file', digest: hex('1'), size: 812, exec: true }],
    [at('data'), { kind: 'tree', digest: hex('2'), size: 5000, files: 12 }],
    [at('models/a/-x, "y"\n.csv'), { kind: 'file', digest: hex('3'), size: 0, exec: false }],
  ]),
  outs: new Map([
    [at('models/a/model.bin'), { content: { kind: 'file', digest: hex('4'), size: 9, exec: false }, persist: true }],
  ]),
};

test('an entry is written for review: one line per dep, out and param, paths as the command sees them', () => {
  expect(formatLockfile([['train', formatEntry('train', TRAIN, at('models'))]])).toMatchInlineSnapshot(`
    "# What each stage was last proven to be. Written by lockstep; commit it, do not edit it.
    lockfile: 1
    stages:
      train:
        cmd: |
          set -x
          python train.py \\
            --fast
        wdir: a
        env:
          MODE: full speed
          SEED: "7"
        params:
          ../../params.yaml:
            l: [1, "a"]
            name: adam
            "on": "yes"
            train.lr: 0.1
          empty.yaml: {}
        deps:
          - {path: "-x, \\"y\\"\\n.csv", digest: sha256:3333333333333333333333333333333333333333333333333333333333333333, size: 0}
          - {path: ../../data, digest: sha256:2222222222222222222222222222222222222222222222222222222222222222, size: 5000, files: 12}
          - {path: train.py, digest: sha256:1111111111111111111111111111111111111111111111111111111111111111, size: 812, exec: true}
        outs:
          - {path: model.bin, digest: sha256:4444444444444444444444444444444444444444444444444444444444444444, size: 9, persist: true}
        checksum: a37896b99f3b
    "
  `);
});

test('stages stand sorted by name, whatever order they come in', () => {
  const block = (name: string) => [name, formatEntry(name, { ...TRAIN, cmd: name }, at('.'))] as const;
  const text = formatLockfile([block('b'), block('a'), block('B')]);
  expect(text).toBe(formatLockfile([block('B'), block('b'), block('a')]));
  expect(Object.keys(parse(text).stages)).toEqual(['B', 'a', 'b']);
  expect(formatLockfile([])).toMatch(/\nstages: \{\}\n$/);
});

const text = fc.oneof(
  fc.string({ unit: 'binary' }),
  fc.string(),
  fc.constantFrom(
    '- x',
    'a: b',
    'x #y',
    'yes',
    '1e3',
    '0x1F',
    '2001-01-01',
    '12:30',
    '~',
    'é',
    '\u202e',
    ' ',
    '',
    '<<',
    '=',
    '? a',
    'x:',
    '...',
    '---',
    '\ufeffa',
    'k'.repeat(1100),
  ),
);
const line = fc.stringMatching(/^[ -~\t]{0,12}$/);
const script = fc.oneof(
  text,
  fc.array(line, { maxLength: 5 }).map((lines) => lines.join('\n')),
);
const segment = text.map((name) => name.replaceAll(/[/\0]/g, '_')).filter((name) => !['', '.', '..'].includes(name));
const path = fc.array(segment, { minLength: 1, maxLength: 3 }).map((parts) => at(parts.join('/')));
const directory = fc.oneof(fc.constant(at('.')), path);
const digest = fc.stringMatching(/^[0-9a-f]{64}$/).map((digits) => `sha256:${digits}` as Digest);
const size = fc.nat({ max: Number.MAX_SAFE_INTEGER });
const content: fc.Arbitrary<Content> = fc.oneof(
  fc.record({ kind: fc.constant('file' as const), digest, size, exec: fc.boolean() }),
  fc.record({ kind: fc.constant('tree' as const), digest, size, files: size }),
);
const scalar = fc.oneof(text, fc.double(), fc.bigInt(), fc.boolean(), fc.constant(null));
const value = fc.oneof(scalar, fc.array(scalar), fc.dictionary(text, scalar)).map(literalOf);
// Object keys that look like array indexes are reordered, and zod passes over __proto__; neither is a name of anything.
const key = text.filter((name) => name !== '__proto__');
const entry: fc.Arbitrary<LockEntry> = fc.record({
  cmd: fc.oneof(script, fc.array(script)),
  wdir: directory,
  env: fc.dictionary(key, text, { noNullPrototype: true }),
  params: mapOf(path, mapOf(key, value)),
  deps: mapOf(path, content),
  outs: mapOf(path, fc.record({ content, persist: fc.boolean() })),
});

function mapOf<K, V>(keys: fc.Arbitrary<K>, values: fc.Arbitrary<V>): fc.Arbitrary<Map<K, V>> {
  return fc.array(fc.tuple(keys, values), { maxLength: 4 }).map((pairs) => new Map(pairs));
}

const stages = mapOf(key, entry);

test('what is written reads back as the same, unedited', () => {
  fc.assert(
    fc.property(stages, directory, (entries, directory) => {
      const blocks = [...entries].map(([name, entry]) => [name, formatEntry(name, entry, directory)] as const);
      const { lockfile, diagnostics } = parseLockfile(FILE, formatLockfile(blocks), directory);
      expect(diagnostics).toEqual([]);
      expect(lockfile?.entries).toEqual(new Map([...entries].map(([name, entry]) => [name, { entry, edited: false }])));
    }),
    { numRuns: runs(200) },
  );
});

test('a lockfile survives JSON', () => {
  fc.assert(
    fc.property(stages, fc.boolean(), (entries, edited) => {
      const lockfile = { entries: new Map([...entries].map(([name, entry]) => [name, { entry, edited }])) };
      expect(lockfileFromJson(JSON.parse(JSON.stringify(lockfileToJson(lockfile))))).toEqual(lockfile);
    }),
    { numRuns: runs(50) },
  );
});

test('no character hides in a review', () => {
  const hidden = { ...TRAIN, cmd: 'echo \u202egnp.exe\u200b', env: { 'A\u2066': 'x\u0085' } };
  const written = formatEntry('a\u200fb', hidden, at('.'));
  expect(written).toMatch(/^[\n\x20-\x7e]*$/);
});
