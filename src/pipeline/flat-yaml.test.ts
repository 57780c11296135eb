import { expect, test } from 'vitest';
import type { ProjectPath } from '../base/brand.ts';
import { readFlatYaml } from './flat-yaml.ts';
import { parseParams } from './parse-params.ts';

const FILE = 'params.yaml' as ProjectPath;

/** Pieces of which many are read one way here and another way there, where a reader is careless. */
const PIECES = [
  ...'0 1 7 00 01 -0 -1 +1 1_0 0x1f 0o7 0b1 1. .5 0.5 1.50 -0.0 1e5 1e+5 1E-5 1.0e-3 1e400 1e-400 .inf .nan'.split(' '),
  ...'true True TRUE false null Null ~ yes No on off y n a B_c a.b a-b a/b http://x x: y:z __proto__ << *a &a !a'.split(
    ' ',
  ),
  ...[
    '"a"',
    "'a'",
    '"a: b"',
    '"a # b"',
    "'a''b'",
    '"a\\n"',
    '"',
    "'",
    '""',
    "''",
    '"a" b',
    'a b',
    'a #b',
    'a#b',
    '',
    ' ',
    '\t',
  ],
  ...[
    '[1]',
    '{a: 1}',
    '- 1',
    '|',
    '>',
    '#',
    '---',
    '...',
    '? a',
    'é',
    '\u2028',
    '\r',
    '2020-01-01',
    '12:30',
    '@a',
    '%a',
    '`a`',
  ],
  ...[
    '9007199254740993',
    '123456789012345678901234567890',
    '0.1234567890123456789',
    '-7.25e-10',
    '3.0',
    '100000000000000000000.0',
  ],
];

test('reads every scalar and every key that it takes as the YAML package does', () => {
  let taken = 0;
  for (const piece of PIECES) {
    for (const text of [
      `a: ${piece}\n`,
      `${piece}: 1\n`,
      `a: ${piece}\nb: 2`,
      `a: 1\n${piece}\nb: 2\n`,
      `a: 1\n ${piece}\n`,
    ]) {
      const flat = readFlatYaml(FILE, text);
      if (flat === undefined) continue;
      taken += 1;
      expect({ text, tree: flat }).toEqual({ text, tree: parseParams(FILE, text).tree });
      expect(Object.keys(flat)).toEqual(Object.keys(parseParams(FILE, text).tree ?? {}));
    }
  }
  expect(taken).toBeGreaterThan(60);
});

test('reads random files as the YAML package does, or leaves them to it', () => {
  const random = generator(20_240_607);
  const pick = <T>(from: readonly T[]): T => from[Math.floor(random() * from.length)] as T;
  const letters = [...'aAzZ_09.-+eExnytf"\'\\#:/ ~\t'];
  const word = () => Array.from({ length: 1 + Math.floor(random() * 5) }, () => pick(letters)).join('');
  const number = () => `${pick(['', '-'])}${Math.floor(random() * 1e6)}${pick(['', `.${Math.floor(random() * 1e9)}`])}`;
  let taken = 0;
  for (let round = 0; round < 6000; round += 1) {
    const lines = Array.from({ length: 1 + Math.floor(random() * 2) }, () => {
      const value = pick([
        word,
        number,
        () => pick(PIECES),
        () => `${number()}e${pick(['-', '+'])}${Math.floor(random() * 40)}`,
      ])();
      return `${pick([word, () => 'lr', () => 'k-1'])()}: ${value}`;
    });
    const text = lines.join('\n');
    const flat = readFlatYaml(FILE, text);
    if (flat === undefined) continue;
    taken += 1;
    expect({ text, tree: flat }).toEqual({ text, tree: parseParams(FILE, text).tree });
  }
  expect(taken).toBeGreaterThan(500);
});

test('takes plain lines, comments and blank lines', () => {
  const text = '# training\nlr: 1e-3\nname: resnet50\n\nepochs: 10\nshuffle: true\nratio: 0.5\nnote: "a: b"\n';
  const tree = { lr: '0.001', name: '"resnet50"', epochs: '10', shuffle: 'true', ratio: '0.5', note: '"a: b"' };
  expect(readFlatYaml(FILE, text)).toEqual(tree);
});

test.each(['a: 1\na: 2\n', 'a:\n  b: 1\n', 'a: 1\r\n', '\uFEFFa: 1\n', 'a: b\n  c\n', '', 'a: 1 # one\n', 'a:1\n'])(
  'leaves %j to the YAML package',
  (text) => expect(readFlatYaml(FILE, text)).toBeUndefined(),
);

test('leaves files of other kinds alone', () => {
  expect(readFlatYaml('params.toml', 'a: 1\n')).toBeUndefined();
});

/** Numbers from 0 to 1, the same in every run. */
function generator(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state * 1_664_525 + 1_013_904_223) % 2 ** 32;
    return state / 2 ** 32;
  };
}
