import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { digestOf, hexOf } from '../base/hash.ts';
import { openParseCache } from './parse-cache.ts';
import { openRunCache } from './run-cache.ts';

let directory: string;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'lockstep-caches-'));
});
afterEach(() => rmSync(directory, { recursive: true }));

describe('the run cache', () => {
  const fingerprint = digestOf('inputs');

  test('gives back what was written, to any process that shares the cache', async () => {
    const cache = openRunCache(directory);
    expect(cache.read(fingerprint)).toBeUndefined();
    cache.write(fingerprint, 'entry\n');
    cache.write(fingerprint, 'newer entry\n');
    await cache.writeAll([[digestOf('others'), 'other']]);
    expect(openRunCache(directory).read(fingerprint)).toBe('newer entry\n');
    expect(openRunCache(directory).read(digestOf('others'))).toBe('other');
  });

  test('says that it is the cache that cannot be written', () => {
    const file = join(directory, 'a-file');
    writeFileSync(file, '');
    const write = () => openRunCache(file).write(fingerprint, 'entry');
    expect(write).toThrow(`cannot write to the cache ${file}: a part of the path is not a directory`);
  });

  test('takes a text that a crash cut short for none', () => {
    const cache = openRunCache(directory);
    cache.write(fingerprint, 'a rather long entry');
    const hex = hexOf(fingerprint);
    const path = join(directory, 'runs', hex.slice(0, 2), `${hex.slice(2)}.run`);
    writeFileSync(path, readFileSync(path).subarray(0, -5));
    expect(cache.read(fingerprint)).toBeUndefined();
    cache.write(fingerprint, 'again');
    expect(cache.read(fingerprint)).toBe('again');
  });
});

describe('the parse cache', () => {
  test('knows a value by its kind and its text', () => {
    const cache = openParseCache(directory);
    cache.set('lock/1', 'text', { a: [1, null, 'x'] });
    const again = openParseCache(directory);
    expect(again.get('lock/1', 'text')).toEqual({ a: [1, null, 'x'] });
    expect(again.get('lock/2', 'text')).toBeUndefined();
    expect(again.get('lock/1', 'text ')).toBeUndefined();
  });

  test('takes what is damaged for unknown', () => {
    const cache = openParseCache(directory);
    cache.set('lock/1', 'text', { a: 1 });
    const [name = ''] = readdirSync(join(directory, 'parsed'));
    writeFileSync(join(directory, 'parsed', name), '{"a": 2}');
    expect(cache.get('lock/1', 'text')).toBeUndefined();
  });

  test('keeps the newest 2,000', () => {
    const folder = join(directory, 'parsed');
    mkdirSync(folder);
    for (let i = 0; i < 2100; i++) {
      writeFileSync(join(folder, `${i}`), '');
      utimesSync(join(folder, `${i}`), 1000 + i, 1000 + i);
    }
    openParseCache(directory).set('lock/1', 'text', 1);
    const names = readdirSync(folder);
    expect(names).toHaveLength(2000);
    expect(names).toContain('2099');
    expect(names).not.toContain('100');
  });

  test('is no hindrance where nothing can be written', () => {
    writeFileSync(join(directory, 'tmp'), 'a file');
    const cache = openParseCache(join(directory, 'tmp'));
    cache.set('lock/1', 'text', 1);
    expect(cache.get('lock/1', 'text')).toBeUndefined();
  });
});
