import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { ProjectPath } from '../../../src/base/brand.ts';
import { directoryHex, formatDirectory, parseDirectory } from '../../../src/pipeline/dvc/directory.ts';
import { type DvcLockEntry, type DvcLocked, inDvcOrder } from '../../../src/pipeline/dvc/lock-entry.ts';
import {
  entryMap,
  formatDvcEntry,
  formatDvcLockfile,
  rewriteDvcLockfile,
  splitDvcLockfile,
} from '../../../src/pipeline/dvc/lockfile.ts';
import { dvcLockfileFromJson, dvcLockfileToJson } from '../../../src/pipeline/dvc/lockfile-json.ts';
import { parseDvcEntry, parseDvcLockfile } from '../../../src/pipeline/dvc/parse-lockfile.ts';
import { runKey, runOf } from '../../../src/pipeline/dvc/run-cache.ts';
import { mapOf } from '../../../src/pipeline/dvc/value.ts';
import { readValues } from '../../../src/pipeline/dvc/yaml-values.ts';
import { askDvc, type Coded, codeOf, REAL_DVC, valueOfCode } from './real-dvc.ts';
import { anyMap, anyValue, jsonValue, text } from './values.ts';

const FILE = 'dvc.lock' as ProjectPath;
const RUNS = 300;

const hex = fc.stringMatching(/^[0-9a-f]{32}$/);
const size = fc.nat({ max: Number.MAX_SAFE_INTEGER });
const path = text.filter((one) => one.length < 30);
const locked: fc.Arbitrary<DvcLocked> = fc.oneof(
  fc.record({ path, hash: fc.constant('md5'), md5: hex, size }),
  fc.record({ path, hash: fc.constant('md5'), md5: hex, size, isexec: fc.constant(true) }),
  fc.record({ path, hash: fc.constant('md5'), md5: hex.map((digits) => `${digits}.dir`), size, nfiles: size }),
  fc.record({ path, md5: hex, size }),
  fc.record({ path, hash: fc.constant('md5'), etag: fc.stringMatching(/^[0-9A-F]{8}$/), size }),
);
// Longer keys DVC writes in a way that it cannot read again.
const name = text.filter((key) => key.length < 40 && !/[\u2028\x85]/.test(key));

function entryWith(value: typeof anyValue, command = text): fc.Arbitrary<DvcLockEntry> {
  const values = fc.uniqueArray(fc.tuple(name, value), { selector: ([key]) => key, maxLength: 3 });
  const params = fc.uniqueArray(fc.record({ file: name, values }), { selector: ({ file }) => file, maxLength: 2 });
  const list = fc.array(locked, { maxLength: 3 });
  return fc.record({ cmd: fc.oneof(command, fc.array(command, { maxLength: 3 })), deps: list, params, outs: list });
}

function stagesWith(value: typeof anyValue, command = text) {
  const stage = fc.tuple(name, entryWith(value, command));
  return fc.uniqueArray(stage, { selector: ([key]) => key, minLength: 1, maxLength: 4 });
}

describe.skipIf(REAL_DVC === undefined)('dvc.lock beside real DVC', () => {
  test('a lockfile put together from blocks is the one that DVC writes', () => {
    const files = fc.sample(stagesWith(anyValue), RUNS);
    const ours = files.map((entries) =>
      formatDvcLockfile(entries.map(([key, entry]) => [key, formatDvcEntry(key, entry)])),
    );
    const data = files.map((entries) => {
      const maps = entries.map(([key, entry]) => [key, entryMap(inDvcOrder(entry))] as const);
      return codeOf(
        mapOf([
          ['schema', '2.0'],
          ['stages', mapOf(maps)],
        ]),
      );
    });
    expect(ours).toEqual(askDvc('dump', data));
  });

  test('what DVC reads from a text is what is read from it here', () => {
    const texts = askDvc('dump', fc.sample(anyMap, RUNS).map(codeOf)) as readonly string[];
    const theirs = askDvc('load', texts) as readonly Coded[];
    const ours = texts.map((one) => readValues('file', one));
    expect(ours.map((read) => (read.ok ? read.value : read.diagnostics))).toEqual(theirs.map(valueOfCode));
  });

  test('keys and names of the run cache are those of DVC', () => {
    const entries = fc.sample(entryWith(jsonValue), RUNS);
    const theirs = askDvc(
      'run-cache',
      entries.map((entry) => codeOf(entryMap(inDvcOrder(entry)))),
    );
    expect(entries.map((entry) => [runKey(entry), runOf(entry)?.value])).toEqual(theirs);
  });

  test('objects of directories are those of DVC', () => {
    const segment = text
      .map((part) => part.replaceAll(/[/\0]/g, '_'))
      .filter((part) => !['', '.', '..'].includes(part));
    const relpath = fc.array(segment, { minLength: 1, maxLength: 3 }).map((parts) => parts.join('/'));
    const row = fc.record({ relpath, md5: hex });
    const listings = fc.sample(fc.uniqueArray(row, { selector: (one) => one.relpath, maxLength: 8 }), RUNS);
    const theirs = askDvc(
      'directory',
      listings.map((rows) => rows.map((one) => [one.relpath, one.md5])),
    );
    const ours = listings.map(formatDirectory);
    expect(ours.map((one) => [one, `${directoryHex(one)}.dir`])).toEqual(theirs);
    for (const [index, one] of ours.entries()) {
      expect(new Set(parseDirectory(one))).toEqual(new Set(listings[index]));
    }
  });
});

// Where DVC's writer folds between two blanks, or after an escape, its reader gives back other blanks. Short text
// is never folded.
const short = text.filter((one) => one.length < 30);
const calm = fc.oneof(short, fc.array(short, { maxLength: 3 }));

test('a lockfile is split into the blocks it was made of, and read as what was written', () => {
  fc.assert(
    fc.property(stagesWith(calm, short), (entries) => {
      const blocks = entries.map(([key, entry]) => [key, formatDvcEntry(key, entry)] as const);
      const written = formatDvcLockfile(blocks);
      expect(splitDvcLockfile(written)?.blocks).toEqual(new Map(blocks));
      const read = parseDvcLockfile(FILE, written);
      expect(read.diagnostics).toEqual([]);
      const kept = JSON.parse(JSON.stringify(read.lockfile && dvcLockfileToJson(read.lockfile)));
      const again = rewriteDvcLockfile(dvcLockfileFromJson(kept).entries);
      expect(formatDvcLockfile(again.blocks, again)).toBe(written);
    }),
    { numRuns: RUNS },
  );
});

test('an entry of the run cache is read back', () => {
  fc.assert(
    fc.property(entryWith(calm, short), (entry) => {
      const run = runOf(entry);
      const read = parseDvcEntry('run', run?.text ?? '');
      expect(read === undefined ? undefined : runOf(read)).toEqual(run);
    }),
    { numRuns: RUNS },
  );
});
