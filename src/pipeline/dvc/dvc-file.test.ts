import { expect, test } from 'vitest';
import type { ProjectPath } from '../../base/brand.ts';
import { type DvcFile, formatDvcFile, importMd5, parseDvcFile } from './dvc-file.ts';
import { updateDvcFile } from './update-dvc-file.ts';

const FILE = 'data.dvc' as ProjectPath;

function read(text: string): DvcFile {
  const { dvcFile, diagnostics } = parseDvcFile(FILE, text);
  expect(diagnostics).toEqual([]);
  if (dvcFile === undefined) throw new Error('there are no mistakes, so there is a file');
  return dvcFile;
}

// Written by DVC 3.67.1.
const DIRECTORY = `outs:
- md5: 978ca45691cd12e610fb0788867f8252.dir
  size: 2
  nfiles: 1
  hash: md5
  path: data
`;
const IMPORT_URL = `md5: cad0a334822e5bb213fcccc4036c7e22
frozen: true
deps:
- md5: 401b30e3b8b5d629635a5c613cdb7919
  size: 2
  hash: md5
  path: /tmp/dx/ext.txt
outs:
- md5: 401b30e3b8b5d629635a5c613cdb7919
  size: 2
  hash: md5
  path: ext.txt
`;
const NOT_DOWNLOADED = `md5: 5f6b1ed57405c5c8fb1c38793b8d6046
frozen: true
deps:
- md5: 401b30e3b8b5d629635a5c613cdb7919
  size: 2
  hash: md5
  path: /tmp/dx/ext.txt
outs:
- hash: md5
  path: no.txt
`;
const IMPORT = `md5: 38739ff33cec82f3529f139a68bc29a2
frozen: true
deps:
- path: f.txt
  repo:
    url: /tmp/dx/q
    rev: HEAD
    rev_lock: 9e25b70ed4dbf9031635a4d7f92ee7b1024fee51
outs:
- md5: 26ab0db90d72e28ad0ba1e22ee510510
  size: 2
  hash: md5
  path: imported.txt
`;

test('files of DVC are read, and written as DVC wrote them', () => {
  for (const text of [DIRECTORY, IMPORT_URL, NOT_DOWNLOADED, IMPORT]) expect(formatDvcFile(read(text))).toBe(text);
});

test('the md5 of an import is the one that DVC computes', () => {
  for (const text of [IMPORT_URL, NOT_DOWNLOADED, IMPORT]) expect(importMd5(read(text))).toBe(read(text).md5);
});

test('a file that users have written in keeps their comments, order and layout', () => {
  const text = `# my comment
desc: hello
outs:
- path: f.txt
  md5: 26ab0db90d72e28ad0ba1e22ee510510 # the first try
  size: 2
  nfiles: 3
  hash: md5
  meta: {owner: me}
  labels: [a]
  push: false
meta:
  a: 1
`;
  const file = read(text);
  const outs = file.outs.map((out) => ({
    ...out,
    md5: '6d7fce9fee471194aa8b5b6e47267f03',
    nfiles: undefined,
    isexec: true,
  }));
  expect(updateDvcFile(text, file)).toBe(text);
  expect(updateDvcFile(text, { ...file, outs })).toBe(`# my comment
desc: hello
outs:
- path: f.txt
  md5: 6d7fce9fee471194aa8b5b6e47267f03 # the first try
  size: 2
  hash: md5
  meta: {owner: me}
  labels: [a]
  push: false
  isexec: true
meta:
  a: 1
`);
});

test('what cannot be changed in place is written anew in the order that stood', () => {
  const text = 'wdir: ..\nouts:\n- path: a\n  md5: 401b30e3b8b5d629635a5c613cdb7919\n';
  const file = read(text);
  const [out] = file.outs;
  if (out === undefined) throw new Error('there is one');
  expect(updateDvcFile(text, { ...file, outs: [out, { path: 'b' }] })).toBe(`${text}- path: b\n`);
});

test('mistakes are told all at once, where they stand', () => {
  const { dvcFile, diagnostics } = parseDvcFile(FILE, 'outs:\n- md5: 12345\n  pth: a\n  size: big\nfrozen: 1\n');
  expect(dvcFile).toBeUndefined();
  const hint = 'restore the file from git, or track the data again';
  expect(diagnostics.map((one) => [one.place?.line, one.message, one.hint])).toEqual([
    [2, "missing key 'path'", hint],
    [3, "unknown key 'pth'", "did you mean 'path'?"],
    [4, "'size': expected a whole number", hint],
    [5, "'frozen': expected true or false", hint],
  ]);
});

test('leftovers of old DVC are read', () => {
  const file = read(
    'cmd: echo\nlocked: true\nouts:\n- md5: 401b30e3b8b5d629635a5c613cdb7919\n  path: a\n  metric: true\n',
  );
  expect(file).toMatchObject({ cmd: 'echo', frozen: true, outs: [{ path: 'a', metric: true }] });
});
