import { expect, test } from 'vitest';
import type { Digest, ProjectPath } from '../base/brand.ts';
import { literalOf } from './literal.ts';
import type { LockEntry } from './lock-entry.ts';
import { formatEntry, formatLockfile } from './lockfile.ts';
import { parseLockfile } from './parse-lockfile.ts';

const ROOT = '.' as ProjectPath;
const FILE = 'pipeline.lock' as ProjectPath;
const DIGEST = `sha256:${'0'.repeat(64)}` as Digest;

const ENTRY: LockEntry = {
  cmd: 'true',
  wdir: ROOT,
  env: {},
  params: new Map([['params.yaml' as ProjectPath, new Map([['lr', literalOf(0.1)]])]]),
  deps: new Map([['a' as ProjectPath, { kind: 'file', digest: DIGEST, size: 1, exec: false }]]),
  outs: new Map(),
};
const TEXT = formatLockfile([['s', formatEntry('s', ENTRY, ROOT)]]);

const editedAfter = (edit: (text: string) => string) =>
  parseLockfile(FILE, edit(TEXT), ROOT).lockfile?.entries.get('s')?.edited;

test('an edit by hand is noticed, a change of layout or a comment is none', () => {
  expect(editedAfter((text) => text)).toBe(false);
  expect(editedAfter((text) => text.replace('lr: 0.1', 'lr: 0.2'))).toBe(true);
  expect(editedAfter((text) => text.replace('size: 1', 'size: 2'))).toBe(true);
  expect(editedAfter((text) => text.replace(/ {4}checksum.*\n/, ''))).toBe(true);
  expect(editedAfter((text) => text.replace('lr: 0.1', 'lr: 0.10 # slow'))).toBe(false);
  expect(editedAfter((text) => text.replaceAll('\n', '\r\n'))).toBe(false);
});

test.each<[string, (text: string) => string, number, number, string]>([
  [
    'a conflict',
    (t) => t.replace('  s:', '<<<<<<< HEAD\n  s:'),
    4,
    1,
    'conflict markers: a merge of this lockfile was not finished',
  ],
  [
    'a newer version',
    (t) => t.replace('lockfile: 1', 'lockfile: 9'),
    2,
    1,
    'made by a newer lockstep: this lockfile is of version 9, and version 1 is the newest that this lockstep reads',
  ],
  ['no version', (t) => t.replace('lockfile: 1\n', ''), 1, 1, "missing key 'lockfile'"],
  ['broken YAML', (t) => t.replace('{path', '{{path'), 11, 5, 'flow map'],
  ['an unknown key', (t) => t.replace('cmd:', 'command: x\n    cmd:'), 5, 5, "unknown key 'command'"],
  ['an unknown key of a dep', (t) => t.replace('size: 1', 'size: 1, mtime: 3'), 10, 109, "unknown key 'mtime'"],
  ['a wrong type', (t) => t.replace('size: 1', 'size: big'), 10, 100, "'size': expected a whole number"],
  ['a negative size', (t) => t.replace('size: 1', 'size: -1'), 10, 100, "'size': "],
  ['a bad digest', (t) => t.replace('sha256:0', 'sha256:x'), 10, 19, "'digest': expected sha256: and 64 hex digits"],
  ['a missing key', (t) => t.replace(', size: 1', ''), 10, 9, "missing key 'size'"],
  ['a wrong command', (t) => t.replace('cmd: "true"', 'cmd: {}'), 5, 5, 'expected a script or a list of scripts'],
  ['stages as a list', () => 'lockfile: 1\nstages: []\n', 2, 1, "'stages': expected a map"],
  ['no map', () => 'x\n', 1, 1, 'expected a map'],
  [
    'a path out of the project',
    (t) => t.replace('path: a', 'path: ../a'),
    4,
    3,
    "'../a' of stage 's' is outside the project",
  ],
  ['an unknown alias', (t) => t.replace('path: a', 'path: *a'), 1, 1, 'alias'],
])('%s is refused, with its place and the way out', (_, change, line, column, message) => {
  const { lockfile, diagnostics } = parseLockfile(FILE, change(TEXT), ROOT);
  expect(lockfile).toBeUndefined();
  expect(diagnostics[0]?.message.toLowerCase()).toContain(message.toLowerCase());
  expect(diagnostics[0]?.place).toMatchObject({ file: FILE, line, column });
  expect(diagnostics[0]?.hint).toBeTruthy();
});

test('all mistakes are told at once', () => {
  const text = TEXT.replace('size: 1', 'size: big').replace('cmd:', 'a: 1\n    b: 2\n    cmd:');
  expect(parseLockfile(FILE, text, ROOT).diagnostics.map((each) => each.message)).toEqual([
    "'size': expected a whole number",
    "unknown key 'a'",
    "unknown key 'b'",
  ]);
});
