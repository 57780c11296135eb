import {
  chmodSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { writeFileAtomic } from './atomic-file.ts';

let directory: string;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'lockstep-atomic-'));
});
afterEach(() => rmSync(directory, { recursive: true }));

test.each([true, false])('replaces a file by another one, leaving nothing beside it (durable: %s)', (durable) => {
  const path = join(directory, 'deep/file');
  writeFileAtomic(path, 'one', { durable });
  const first = statSync(path).ino;
  writeFileAtomic(path, Buffer.from('two'), { durable });
  expect(readFileSync(path, 'utf8')).toBe('two');
  // A new file: a reader who has the old one open goes on reading it whole.
  expect(statSync(path).ino).not.toBe(first);
  expect(readdirSync(join(directory, 'deep'))).toEqual(['file']);
});

test('keeps the mode of the file, and a link to it', () => {
  const path = join(directory, 'file');
  writeFileSync(path, 'one');
  chmodSync(path, 0o640);
  symlinkSync('file', join(directory, 'link'));
  writeFileAtomic(join(directory, 'link'), 'two', { durable: false });
  expect(readFileSync(path, 'utf8')).toBe('two');
  expect(statSync(path).mode & 0o777).toBe(0o640);
  expect(readdirSync(directory).sort()).toEqual(['file', 'link']);
});

test('says what is in the way, and leaves nothing', () => {
  writeFileSync(join(directory, 'file'), '');
  expect(() => writeFileAtomic(join(directory, 'file/below'), 'x', { durable: true })).toThrow(
    expect.objectContaining({
      code: 'disk',
      message: expect.stringContaining(`cannot write ${directory}/file/below: `),
    }),
  );
  mkdirSync(join(directory, 'folder'));
  expect(() => writeFileAtomic(join(directory, 'folder'), 'x', { durable: true })).toThrow();
  expect(readdirSync(directory).sort()).toEqual(['file', 'folder']);
});
