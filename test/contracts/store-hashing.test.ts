import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import type { Literal, ProjectPath } from '../../src/base/brand.ts';
import { digestOf } from '../../src/base/hash.ts';
import { encodeInputs, fingerprintOf, type Inputs } from '../../src/pipeline/fingerprint.ts';
import { decodeTree, encodeTree, type TreeEntry } from '../../src/store/tree.ts';
import { at } from './store-rig.ts';

const spec = readFileSync(join(import.meta.dirname, '../../docs/hashing.md'), 'utf8');
/** Texts and digests, in the order of the specification. */
const vectors = [...spec.matchAll(/```text\n([\s\S]*?)```\n\ndigest: `([^`]+)`/g)].map(([, text, digest]) => ({
  text,
  digest,
}));

const shell = digestOf('#!/bin/sh\n');
const listings: readonly (readonly TreeEntry[])[] = [
  [
    { kind: 'link', path: 'shared', target: '../shared.csv', digest: digestOf('x,y\n1,2\n') },
    { kind: 'file', path: 'a.txt', digest: digestOf('hello\n'), size: 6 },
    { kind: 'exec', path: 'bin/run.sh', digest: shell, size: 10 },
    { kind: 'dir', path: 'empty' },
    { kind: 'link', path: 'latest', target: 'a.txt', digest: null },
  ],
  [],
];

const params = new Map([
  ['train.name', '"resnet"' as Literal],
  ['train.lr', '0.1' as Literal],
]);

const stages: readonly Inputs[] = [
  {
    cmd: 'python train.py',
    wdir: at('.'),
    env: { SEED: '7' },
    params: new Map([[at('params.yaml'), params]]),
    deps: new Map([
      [at('train.py'), { kind: 'file', digest: digestOf('print()\n'), size: 8, exec: false }],
      [at('data'), { kind: 'tree', digest: digestOf('tree/1\n'), size: 0, files: 0 }],
    ]),
    outs: new Map([
      [at('model.bin'), false],
      [at('log'), true],
    ]),
  },
  {
    cmd: ['./prepare.sh "a b"', 'echo done'],
    wdir: at('sub'),
    env: {},
    params: new Map(),
    deps: new Map([[at('sub/prepare.sh'), { kind: 'file', digest: shell, size: 10, exec: true }]]),
    outs: new Map<ProjectPath, boolean>([[at('sub/out'), false]]),
  },
];

test('the specification of hashing has its four vectors, and they are what is hashed', () => {
  expect(vectors).toEqual([
    ...listings.map((entries) => ({ text: encodeTree(entries), digest: digestOf(encodeTree(entries)) })),
    ...stages.map((inputs) => ({ text: encodeInputs(inputs), digest: fingerprintOf(inputs) })),
  ]);
});

test('a listing of the specification is read as it stands there', () => {
  const entries = decodeTree(vectors[0]?.text ?? '');
  expect(new Set(entries)).toEqual(new Set(listings[0]));
});
