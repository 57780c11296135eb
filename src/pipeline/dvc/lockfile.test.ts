import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import type { Digest, Literal, ProjectPath } from '../../base/brand.ts';
import { directoryHex, formatDirectory, parseDirectory } from './directory.ts';
import {
  contentOf,
  type DvcLockEntry,
  isLegacy,
  lockedOf,
  sameAsLocked,
  sameParams,
  toLockEntry,
} from './lock-entry.ts';
import { formatDvcEntry, formatDvcLockfile, rewriteDvcLockfile, splitDvcLockfile } from './lockfile.ts';
import { dvcLockfileFromJson, dvcLockfileToJson } from './lockfile-json.ts';
import { parseDvcLockfile } from './parse-lockfile.ts';
import { hidesParams, isRemembered, runKey, runOf } from './run-cache.ts';
import { sameCommand } from './same-command.ts';

const FIXTURE = join(import.meta.dirname, '../../../test/fixtures/dvc/odd-values');
const FILE = 'dvc.lock' as ProjectPath;
const REAL = readFileSync(join(FIXTURE, 'dvc.lock'), 'utf8');

function entriesOf(text: string): ReadonlyMap<string, DvcLockEntry> {
  const { lockfile, diagnostics } = parseDvcLockfile(FILE, text);
  expect(diagnostics).toEqual([]);
  return lockfile?.entries ?? new Map();
}

function mistakesOf(text: string): readonly unknown[] {
  return parseDvcLockfile(FILE, text).diagnostics.map(({ place, message }) => [place?.line, place?.column, message]);
}

test('a dvc.lock of real DVC is written again byte for byte, whole and by blocks', () => {
  const entries = entriesOf(REAL);
  expect([...entries.keys()]).toEqual(['a', 'b', 'c']);
  const rewritten = rewriteDvcLockfile(entries);
  expect(formatDvcLockfile(rewritten.blocks, rewritten)).toBe(REAL);
  expect(splitDvcLockfile(REAL)).toEqual(rewritten);
});

test('a read lockfile can be kept as JSON, with all that stands in it', () => {
  const cloud =
    '    deps:\n    - path: p\n      cloud:\n        r:\n          etag: x\n    - path: ds://d\n      dataset: {rev: 1}\n';
  const { lockfile } = parseDvcLockfile(FILE, `${REAL}  cloud:\n    cmd: x\n${cloud}datasets: [{name: d}]\n`);
  if (lockfile === undefined) throw new Error('it has no mistakes');
  expect(dvcLockfileFromJson(JSON.parse(JSON.stringify(dvcLockfileToJson(lockfile))))).toEqual(lockfile);
});

test('what stays is kept byte for byte: comments, datasets, odd layout; a new stage comes last', () => {
  const text = `# ours
schema: '2.0'
stages:
  '1':
    cmd: "echo"   # why
  ? ${'long '.repeat(30)}end
  : cmd: x
datasets:
- name: d
`;
  const split = splitDvcLockfile(text);
  const blocks = new Map(split?.blocks);
  expect([...blocks.keys()]).toEqual(['1', `${'long '.repeat(30)}end`]);
  expect(formatDvcLockfile(blocks, split)).toBe(text);
  blocks.set('new', formatDvcEntry('new', { cmd: 'y', deps: [], params: [], outs: [] }));
  expect(formatDvcLockfile(blocks, split)).toBe(text.replace('datasets', '  new:\n    cmd: y\ndatasets'));
});

test('a file that cannot be split is still read, and written anew with its datasets', () => {
  const text = "{schema: '2.0', stages: {a: {cmd: x}}, datasets: [{name: d}]}";
  expect(splitDvcLockfile(text)).toBeUndefined();
  const lockfile = parseDvcLockfile(FILE, text).lockfile;
  const rewritten = rewriteDvcLockfile(lockfile?.entries ?? [], lockfile?.datasets);
  expect(formatDvcLockfile(rewritten.blocks, rewritten)).toBe(
    "schema: '2.0'\nstages:\n  a:\n    cmd: x\ndatasets:\n- name: d\n",
  );
  const shared =
    "schema: '2.0'\nstages:\n  a:\n    cmd: x\n    params: &id001\n      f: {}\n  b:\n    cmd: x\n    params: *id001\n";
  expect(splitDvcLockfile(shared)).toBeUndefined();
  expect(entriesOf(shared).get('b')?.params).toEqual([{ file: 'f', values: [] }]);
});

test('a line separator within a text is no end of a line', () => {
  const entry = { cmd: '.\u2028stages:', deps: [], params: [], outs: [] };
  const blocks = new Map(['a', 'b'].map((name) => [name, formatDvcEntry(name, entry)] as const));
  expect(splitDvcLockfile(formatDvcLockfile(blocks))?.blocks).toEqual(blocks);
  const [read] = entriesOf(formatDvcLockfile(blocks)).values();
  expect(read).toEqual(entry);
});

test('a file with no stages can be begun and be emptied', () => {
  const empty = "schema: '2.0'\nstages: {}\n";
  expect(formatDvcLockfile([])).toBe(empty);
  expect(formatDvcLockfile([['a', '  a:\n    cmd: x\n']], splitDvcLockfile(empty))).toBe(
    "schema: '2.0'\nstages:\n  a:\n    cmd: x\n",
  );
  expect(entriesOf('').size).toBe(0);
});

test('lockfiles of DVC before 2.0 are read, and their text digests are marked as of the old kind', () => {
  const text = 'train:\n  cmd: x\n  deps:\n  - path: in\n    md5: 60b725f10c9c85c70d97880dfe8191b3\n';
  const { lockfile } = parseDvcLockfile(FILE, text);
  expect(lockfile?.schema).toBe(1);
  expect(lockfile?.entries.get('train')?.deps.map(isLegacy)).toEqual([true]);
});

test('mistakes are told all at once, with their places', () => {
  expect(
    mistakesOf("schema: '2.0'\nstages:\n  a:\n    deps:\n    - {path: p, sice: 1}\n    wdir: x\n  b: 1\n"),
  ).toEqual([
    [3, 3, "missing key 'cmd'"],
    [5, 17, "unknown key 'sice'"],
    [6, 5, "unknown key 'wdir'"],
    [7, 3, 'expected a map'],
  ]);
  expect(mistakesOf("schema: '3.0'\nstages: {}\n")).toEqual([
    [1, 1, "the schema of this lockfile is '3.0', and only '2.0' can be read"],
  ]);
  expect(mistakesOf("schema: '2.0'\nstages:\n<<<<<<< ours\n  a:\n")).toEqual([
    [3, 1, 'conflict markers: a merge of this lockfile was not finished'],
  ]);
  expect(mistakesOf(REAL.slice(0, REAL.indexOf('isexec') + 3))[0]).toBeDefined();
  expect(mistakesOf("schema: '2.0'\nstages:\n  a:\n    cmd: x\n  a:\n    cmd: y\n")).toEqual([
    [5, 3, "the key 'a' stands twice"],
  ]);
});

const MD5 = '60b725f10c9c85c70d97880dfe8191b3';
const DIGEST = `md5:${MD5}` as Digest;

test('contents are kept as DVC names them', () => {
  const tree = { kind: 'tree', digest: DIGEST, size: 4, files: 2 } as const;
  const file = { kind: 'file', digest: DIGEST, size: 4, exec: true } as const;
  expect(lockedOf('d', tree)).toEqual({ path: 'd', hash: 'md5', md5: `${MD5}.dir`, size: 4, nfiles: 2 });
  expect(contentOf(lockedOf('d', tree))).toEqual(tree);
  expect(contentOf(lockedOf('f', file))).toEqual(file);
  expect(sameAsLocked({ ...file, exec: false }, lockedOf('f', file))).toBe(true);
  expect(sameAsLocked(tree, lockedOf('f', file))).toBe(false);
  expect(contentOf({ path: 's3://b/k', etag: 'X' })).toBeUndefined();
});

test('an entry becomes one of ours, filled up with what DVC does not write down', () => {
  const [entry] = entriesOf(REAL).values();
  if (entry === undefined) throw new Error('there is one');
  const { entry: ours, opaque } = toLockEntry(entry, {
    wdir: '.' as ProjectPath,
    env: { A: '1' },
    resolve: (path) => path.replace(/^\.\/|\/$/g, '') as ProjectPath,
    persists: (path) => path === 'd',
  });
  expect(opaque).toEqual([]);
  expect([...ours.deps.keys()]).toEqual(['data/a.txt', 'data', 'run.sh']);
  expect(ours.outs.get('d' as ProjectPath)?.persist).toBe(true);
  expect(ours.params.get('params.yaml' as ProjectPath)?.get('lr')).toBe('0.00001' satisfies string as Literal);
});

test('params are compared with their types', () => {
  const locked = { file: 'params.yaml', values: [['a', 1n] as const, ['b', 1] as const] };
  const now = (a: string, b: string) =>
    new Map([
      ['a', a as Literal],
      ['b', b as Literal],
    ]);
  expect(sameParams(locked, now('1', '1.0'))).toBe(true);
  expect(sameParams(locked, now('1', '1'))).toBe(false);
  expect(sameParams(locked, now('true', '1.0'))).toBe(false);
  expect(sameParams(locked, new Map([['a', '1' as Literal]]))).toBe(false);
});

test('a command that DVC cannot read back as it was counts as the same', () => {
  const cmd = `${'a'.repeat(70)}   b`;
  const text = formatDvcLockfile([['s', formatDvcEntry('s', { cmd, deps: [], params: [], outs: [] })]]);
  const locked = entriesOf(text).get('s')?.cmd ?? '';
  expect(locked).not.toBe(cmd);
  expect(sameCommand(locked, cmd)).toBe(true);
  expect(sameCommand(locked, `${cmd} c`)).toBe(false);
  expect(sameCommand(['a', 'b'], ['a', 'b'])).toBe(true);
});

test('keys, names and texts of the run cache are those of real DVC', () => {
  const runs = [...entriesOf(REAL).values()].map(runOf);
  const files = readdirSync(join(FIXTURE, 'runs'));
  expect(files.length).toBe(2);
  for (const file of files) {
    const [key, value] = file.split('.');
    expect(runs).toContainEqual({ key, value, text: readFileSync(join(FIXTURE, 'runs', file), 'utf8') });
  }
});

test('a param called size is left out of the key, and that is told', () => {
  const entry = (size: bigint): DvcLockEntry => ({
    cmd: 'x',
    deps: [],
    params: [{ file: 'params.yaml', values: [['size', size]] }],
    outs: [{ path: 'o' }],
  });
  expect(runKey(entry(1n))).toBe(runKey(entry(2n)));
  expect(hidesParams(entry(1n))).toBe(true);
  const traits = { alwaysChanged: false, persistent: [], uncached: [], elsewhere: [] };
  expect(isRemembered(entry(1n), traits)).toBe(true);
  expect(isRemembered({ ...entry(1n), params: [] }, traits)).toBe(false);
  expect(isRemembered(entry(1n), { ...traits, uncached: ['o'] })).toBe(false);
  expect(isRemembered({ ...entry(1n), deps: [{ path: 'd' }] }, traits)).toBe(false);
});

test('a date cannot be hashed by DVC, and so has no run', () => {
  const values = [['day', { kind: 'date', text: '2020-01-01' }] as const];
  expect(runOf({ cmd: 'x', deps: [], params: [{ file: 'f', values }], outs: [] })).toBeUndefined();
});

test('the object of a directory is that of real DVC, and no other JSON is one', () => {
  const text = readFileSync(join(FIXTURE, 'data.dir'), 'utf8');
  const rows = parseDirectory(text);
  expect(formatDirectory(rows ?? [])).toBe(text);
  expect(directoryHex(text)).toBe('6ea46d53348e675e87743182f72de908');
  const named = (relpath: string) => JSON.stringify([{ md5: MD5, relpath }]);
  for (const path of ['../a', '/a', 'a//b', '.', '']) expect(parseDirectory(named(path))).toBeUndefined();
  for (const other of ['', '{}', '[', '[1]']) expect(parseDirectory(other)).toBeUndefined();
  expect(
    formatDirectory([
      { relpath: '🐧', md5: MD5 },
      { relpath: '\uffee', md5: MD5 },
    ]),
  ).toContain('"\\uffee"}, {');
});
