import { spawn } from 'node:child_process';
import {
  appendFileSync,
  chmodSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  statSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { join, resolve } from 'node:path';
import { describe, expect, test } from 'vitest';
import type { Digest } from '../../src/base/brand.ts';
import type { Content } from '../../src/base/content.ts';
import { digestOf } from '../../src/base/hash.ts';
import { layoutOf } from '../../src/store/layout.ts';
import { type Disk, openObjects } from '../../src/store/objects.ts';
import type { Store } from '../../src/store/store.ts';
import { bundleProgram } from '../support/bundle.ts';
import { at, SCHEMES, StoreRig } from './store-rig.ts';

async function kept(store: Store, path: string): Promise<Content> {
  const content = await store.save(at(path));
  if (content === 'missing') throw new Error(`${path} is missing`);
  await store.flush();
  return content;
}

const bytesOf = (text: string) => Buffer.from(text);

test('nothing but objects has a name like a digest, and nothing is left over', async () => {
  await using rig = new StoreRig();
  rig.write('dir/a', 'a');
  rig.write('dir/b', 'b');
  const store = rig.open();
  await kept(store, 'dir');
  rig.corrupt(rig.objectPath(digestOf('a')));
  expect(await store.read(digestOf('a'))).toBeUndefined();
  store.saveBytes(bytesOf('never flushed'));
  store.close();
  const others = rig.cached().filter((path) => !path.startsWith('sha256/'));
  expect(others).toEqual([expect.stringMatching(/^corrupt\/[0-9a-f]{64}\.[0-9a-f]{8}\.corrupt$/), 'objects.idx']);
});

test('a corrupt object is replaced when the same bytes are saved', async () => {
  await using rig = new StoreRig();
  const store = rig.open();
  const digest = store.saveBytes(bytesOf('bytes'));
  await store.flush();
  rig.settle();
  rig.corrupt(rig.objectPath(digest));
  rig.write('out', 'bytes');
  expect(await rig.open().verify(await kept(rig.open(), 'out'))).toBe('intact');
  expect(readFileSync(rig.objectPath(digest), 'utf8')).toBe('bytes');
});

test.each([
  ['cut short', (path: string) => truncateSync(path, statSync(path).size - 13)],
  [
    'with half a record in its middle',
    (path: string) => writeFileSync(path, Buffer.concat([Buffer.alloc(33, 7), readFileSync(path)])),
  ],
  [
    'of something else',
    (path: string) => writeFileSync(path, 'not an index at all, but longer than one record'.repeat(9)),
  ],
])('an index of objects %s is no hindrance', async (_, damage) => {
  await using rig = new StoreRig();
  const first = rig.open();
  const digests = ['a', 'b', 'c'].map((text) => first.saveBytes(bytesOf(text)));
  await first.flush();
  damage(join(rig.cacheDir, 'objects.idx'));
  const store = rig.open();
  store.saveBytes(bytesOf('d'));
  await store.flush();
  store.close();
  for (const digest of [...digests, digestOf('d')]) {
    expect(await rig.open().verify({ kind: 'file', digest, size: 1, exec: false })).toBe('intact');
  }
});

test('the index of objects vouches for them by stat, so that they are not read again', async () => {
  await using rig = new StoreRig();
  const digest = rig.open().saveBytes(bytesOf('x'));
  const store = rig.open();
  store.saveBytes(bytesOf('bytes'));
  await store.flush();
  const objects = openObjects(layoutOf(rig.cacheDir));
  expect(objects.glance(digestOf('bytes'), 'file')).toBe('intact');
  expect(objects.glance(digest, 'file')).toBe('missing');
  chmodSync(rig.objectPath(digestOf('bytes')), 0o400);
  expect(objects.glance(digestOf('bytes'), 'file')).toBeUndefined();
  expect(await objects.verify(digestOf('bytes'), 'file')).toBe('intact');
  objects.close();
  expect(openObjects(layoutOf(rig.cacheDir)).glance(digestOf('bytes'), 'file')).toBe('intact');
});

test('an index of objects that is mostly stale is written anew', async () => {
  await using rig = new StoreRig();
  const store = rig.open();
  store.saveBytes(bytesOf('bytes'));
  await store.flush();
  const index = join(rig.cacheDir, 'objects.idx');
  const record = readFileSync(index);
  for (let i = 0; i < 1100; i++) appendFileSync(index, record);
  expect(openObjects(layoutOf(rig.cacheDir)).glance(digestOf('bytes'), 'file')).toBe('intact');
  expect(readFileSync(index)).toEqual(record);
});

/** Writes down what was asked of the disk, and the state of the cache at that moment. */
function watchedDisk(rig: StoreRig, log: string[], real: Disk): Disk {
  return {
    async makeDurable(paths, directory) {
      const named = rig.cached().filter((path) => path.startsWith('sha256/')).length;
      const kinds = new Set(
        paths.map((path) => (path.startsWith(join(rig.cacheDir, 'tmp/')) ? 'temporary' : 'directory')),
      );
      log.push(`sync ${[...kinds].join('+')}, ${named} named`);
      await real.makeDurable(paths, directory);
    },
    rename(from, to) {
      log.push('rename');
      real.rename(from, to);
    },
  };
}

const plainDisk: Disk = { makeDurable: async () => undefined, rename: renameSync };

test('bytes are durable before they are named, and names before the flush is done', async () => {
  await using rig = new StoreRig();
  const log: string[] = [];
  const objects = openObjects(layoutOf(rig.cacheDir), { disk: watchedDisk(rig, log, plainDisk) });
  mkdirSync(join(rig.cacheDir, 'sha256'), { recursive: true });
  objects.put(bytesOf('a'), digestOf('a'), 'file');
  await objects.flush();
  // The first rename finds no directory.
  expect(log).toEqual(['sync temporary, 0 named', 'rename', 'rename', 'sync directory, 1 named']);
});

test('callers that flush at the same time share a batch that has all they saved', async () => {
  await using rig = new StoreRig();
  const log: string[] = [];
  const objects = openObjects(layoutOf(rig.cacheDir), { disk: watchedDisk(rig, log, plainDisk) });
  const flushed = ['a', 'b', 'c'].map(async (text) => {
    objects.put(bytesOf(text), digestOf(text), 'file');
    await objects.flush();
    expect(await objects.verify(digestOf(text), 'file')).toBe('intact');
  });
  await Promise.all(flushed);
  expect(log.filter((line) => line.startsWith('sync temporary'))).toHaveLength(1);
});

test('what is saved while a batch is written is in the next one', async () => {
  await using rig = new StoreRig();
  let during: (() => void) | undefined;
  const disk: Disk = {
    ...plainDisk,
    makeDurable: async () => {
      during?.();
      during = undefined;
    },
  };
  const objects = openObjects(layoutOf(rig.cacheDir), { disk });
  objects.put(bytesOf('a'), digestOf('a'), 'file');
  let second: Promise<void> | undefined;
  during = () => {
    objects.put(bytesOf('b'), digestOf('b'), 'file');
    second = objects.flush();
  };
  await objects.flush();
  expect(await objects.verify(digestOf('b'), 'file')).toBe('missing');
  await second;
  expect(await objects.verify(digestOf('b'), 'file')).toBe('intact');
});

test('a batch that failed is no success for anyone, and the next flush finishes it', async () => {
  await using rig = new StoreRig();
  let full = true;
  const disk: Disk = {
    makeDurable: async () => {
      if (full) throw Object.assign(new Error('full'), { code: 'ENOSPC' });
    },
    rename: renameSync,
  };
  const objects = openObjects(layoutOf(rig.cacheDir), { disk });
  objects.put(bytesOf('a'), digestOf('a'), 'file');
  await expect(Promise.all([objects.flush(), objects.flush()])).rejects.toMatchObject({
    code: 'disk',
    message: `cannot write to the cache ${rig.cacheDir}: no space left on the device`,
  });
  expect(await objects.verify(digestOf('a'), 'file')).toBe('missing');
  full = false;
  expect(await objects.holds(digestOf('a'), 'file')).toBe(true);
  await objects.flush();
  expect(await objects.verify(digestOf('a'), 'file')).toBe('intact');
});

const WRITER = `
import { openStore } from '../../src/store/open-store.ts';
const [root, cacheDir] = process.argv.slice(2);
const store = openStore({ root, cacheDir, tmpDir: root + '/tmp', trashDir: root + '/trash', linkTypes: ['copy'], now: Date.now });
for (let round = 0; round < 20; round++) {
  for (let i = 0; i < 10; i++) store.saveBytes(Buffer.from(String(round * 10 + i)));
  await store.flush();
}
store.close();
`;

test('processes that share a cache write the same objects at once and harm none', async () => {
  await using rig = new StoreRig();
  const script = resolve(`node_modules/.cache/lockstep/store-writer-${process.pid}.mjs`);
  await bundleProgram(WRITER, { directory: import.meta.dirname, outfile: script });
  const writers = ['one', 'two', 'three'].map(async (name) => {
    const child = spawn(process.execPath, [script, rig.path(name), rig.cacheDir], {
      stdio: ['ignore', 'ignore', 'inherit'],
    });
    return await new Promise((done) => child.on('exit', done));
  });
  expect(await Promise.all(writers)).toEqual([0, 0, 0]);
  const objects = openObjects(layoutOf(rig.cacheDir));
  const digests: Digest[] = Array.from({ length: 200 }, (_, i) => digestOf(`${i}`));
  for (const digest of digests) expect(await objects.verify(digest, 'file')).toBe('intact');
  expect(rig.cached().filter((path) => !path.startsWith('sha256/'))).toEqual(['objects.idx']);
});

describe.each(SCHEMES)('with the %s scheme', (scheme) => {
  test('an object has its name only after the flush, is read-only and lies where its digest says', async () => {
    await using rig = new StoreRig({ scheme });
    rig.write('out', 'bytes');
    const store = rig.open();
    const content = await store.save(at('out'));
    if (content === 'missing') throw new Error('missing');
    expect(existsSync(rig.objectPath(content.digest))).toBe(false);
    expect(await store.verify(content)).toBe('missing');
    await store.flush();
    expect(statSync(rig.objectPath(content.digest)).mode & 0o777).toBe(0o444);
    expect(await store.verify(content)).toBe('intact');
  });

  test('bytes at hand are kept, once', async () => {
    await using rig = new StoreRig({ scheme });
    const store = rig.open();
    const digest = store.saveBytes(bytesOf('a log'));
    expect(store.saveBytes(bytesOf('a log'))).toBe(digest);
    await store.flush();
    const inode = statSync(rig.objectPath(digest)).ino;
    store.saveBytes(bytesOf('a log'));
    await store.flush();
    expect(statSync(rig.objectPath(digest)).ino).toBe(inode);
    expect(Buffer.from((await store.read(digest)) ?? []).toString()).toBe('a log');
    expect(await store.read(rig.digestOf('unknown'))).toBeUndefined();
  });

  test('an object corrupted behind its size, times and mode is set aside, and the bytes can be saved again', async () => {
    await using rig = new StoreRig({ scheme });
    rig.write('out', 'bytes');
    const first = rig.open();
    const content = await kept(first, 'out');
    first.close();
    rig.settle();
    const store = rig.open();
    expect(await store.verify(content)).toBe('intact');
    rig.corrupt(rig.objectPath(content.digest));
    expect(await store.verify(content)).toBe('corrupt');
    expect(await store.verify(content), 'asked again, it is not as if it had never been there').toBe('corrupt');
    expect(readdirSync(rig.corruptDir)).toHaveLength(1);
    await expect(store.checkout(content, at('again'))).rejects.toMatchObject({ code: 'missing-data' });
    expect(existsSync(rig.path('again'))).toBe(false);
    await kept(store, 'out');
    expect(await store.verify(content)).toBe('intact');
  });

  test('a directory with one corrupt and one missing file is corrupt, and is not restored in part', async () => {
    await using rig = new StoreRig({ scheme });
    for (const name of ['a', 'b', 'c']) rig.write(`dir/${name}`, name);
    const store = rig.open();
    const content = await kept(store, 'dir');
    rig.settle();
    rig.corrupt(rig.objectPath(rig.digestOf('a')));
    renameSync(rig.objectPath(rig.digestOf('b')), rig.path('gone'));
    expect(await store.verify(content)).toBe('corrupt');
    await expect(store.checkout(content, at('again'))).rejects.toMatchObject({ code: 'missing-data' });
    expect(existsSync(rig.path('again'))).toBe(false);
    expect(await store.clear(at('dir'))).toMatch(/^\.lockstep\/trash\//);
  });

  test('a large batch is made durable as one', async () => {
    await using rig = new StoreRig({ scheme });
    const store = rig.open();
    const digests = Array.from({ length: 100 }, (_, i) => store.saveBytes(bytesOf(`${i}`)));
    await store.flush();
    for (const digest of digests) {
      expect(await store.verify({ kind: 'file', digest, size: 1, exec: false })).toBe('intact');
    }
  });
});
