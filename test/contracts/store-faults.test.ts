import { execFileSync, spawnSync } from 'node:child_process';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import type { Content } from '../../src/base/content.ts';
import { digestOf } from '../../src/base/hash.ts';
import { at, SCHEMES, StoreRig } from './store-rig.ts';

/** A small file system of its own, if this machine lets us mount one. */
function mount(options: string): string | undefined {
  const directory = mkdtempSync(join(tmpdir(), 'lockstep-mount-'));
  const { status } = spawnSync('mount', ['-t', 'tmpfs', '-o', options, 'tmpfs', directory]);
  if (status === 0) return directory;
  rmSync(directory, { recursive: true });
  return undefined;
}

function unmount(directory: string): void {
  execFileSync('umount', [directory]);
  rmSync(directory, { recursive: true });
}

test('what killed processes left in the cache is swept after some hours', async () => {
  await using rig = new StoreRig();
  rig.write('.lockstep/cache/tmp/left', 'x');
  const flush = async (text: string, later: number): Promise<string[]> => {
    const store = rig.open({ now: () => Date.now() + later });
    store.saveBytes(Buffer.from(text));
    await store.flush();
    return readdirSync(join(rig.cacheDir, 'tmp'));
  };
  expect(await flush('a', 0)).toEqual(['left']);
  expect(await flush('b', 7 * 3600 * 1000)).toEqual([]);
});

test('a listing that would write outside its directory is not believed', async () => {
  await using rig = new StoreRig();
  const store = rig.open();
  const bytes = store.saveBytes(Buffer.from('x'));
  await store.flush();
  const text = `tree/1\nfile ${bytes} 1 "../escaped"\n`;
  const path = rig.objectPath(digestOf(text), '.tree');
  mkdirSync(join(path, '..'), { recursive: true });
  writeFileSync(path, text);
  const content: Content = { kind: 'tree', digest: digestOf(text), size: 1, files: 1 };
  await expect(store.checkout(content, at('dir'))).rejects.toMatchObject({ code: 'missing-data' });
  expect(existsSync(rig.path('escaped'))).toBe(false);
});

describe.each(SCHEMES)('with the %s scheme', (scheme) => {
  test('a full disk stops a save with the path and leaves no temporary files', async ({ skip }) => {
    const cacheDir = mount('size=256k');
    if (cacheDir === undefined) return skip('no right to mount a small file system');
    try {
      await using rig = new StoreRig({ scheme, cacheDir });
      const store = rig.open();
      rig.write('small', Buffer.alloc(300_000, 1));
      rig.write('large', Buffer.alloc(3_000_000, 1));
      for (const name of ['small', 'large']) {
        await expect(store.save(at(name))).rejects.toMatchObject({
          code: 'disk',
          message: `cannot write to the cache ${cacheDir}: no space left on the device`,
          hint: expect.stringContaining('free some space'),
        });
        expect(rig.unfinished()).toEqual([]);
      }
      rig.write('fits', 'bytes');
      const content = await store.save(at('fits'));
      await store.flush();
      expect(await store.verify(content as Content)).toBe('intact');
    } finally {
      unmount(cacheDir);
    }
  });

  test('a full disk stops a checkout and leaves nothing half done', async ({ skip }) => {
    const disk = mount('size=512k');
    if (disk === undefined) return skip('no right to mount a small file system');
    try {
      await using source = new StoreRig({ scheme });
      const saving = source.open();
      source.write('dir/a', Buffer.alloc(400_000, 1));
      source.write('dir/b', Buffer.alloc(400_000, 2));
      const content = (await saving.save(at('dir'))) as Content;
      await saving.flush();
      mkdirSync(join(disk, 'project'));
      await using rig = new StoreRig({ scheme, root: join(disk, 'project'), cacheDir: source.cacheDir });
      await expect(rig.open().checkout(content, at('dir'))).rejects.toMatchObject({
        code: 'disk',
        message: 'cannot write "dir": no space left on the device',
      });
      expect(existsSync(rig.path('dir'))).toBe(false);
      expect(readdirSync(rig.path('.lockstep/tmp/making'))).toEqual([]);
    } finally {
      unmount(disk);
    }
  });

  test('a read-only cache can be read and checked out from, and says so when it is to be written', async ({ skip }) => {
    const cacheDir = mount('size=1m');
    if (cacheDir === undefined) return skip('no right to mount a read-only file system');
    try {
      await using rig = new StoreRig({ scheme, cacheDir });
      rig.write('out', 'bytes');
      const first = rig.open();
      const content = (await first.save(at('out'))) as Content;
      await first.flush();
      rmSync(rig.objectIndex);
      execFileSync('mount', ['-o', 'remount,ro', cacheDir]);
      const store = rig.open();
      expect(await store.verify(content)).toBe('intact');
      expect(await store.clear(at('out'))).toBeNull();
      await store.checkout(content, at('out'));
      expect(readFileSync(rig.path('out'), 'utf8')).toBe('bytes');
      rig.write('new', 'more');
      await expect(store.save(at('new'))).rejects.toMatchObject({
        code: 'disk',
        message: `cannot write to the cache ${cacheDir}: the file system is read-only`,
      });
      store.close();
    } finally {
      unmount(cacheDir);
    }
  });

  test('a cache directory that is a file is a clear error', async () => {
    await using rig = new StoreRig({ scheme });
    rig.write('cache', 'a file');
    rig.write('out', 'bytes');
    const store = rig.open({ cacheDir: rig.path('cache') });
    await expect(store.save(at('out'))).rejects.toMatchObject({
      code: 'disk',
      message: expect.stringContaining(`cannot write to the cache ${rig.path('cache')}`),
    });
    expect(await store.verify({ kind: 'file', digest: rig.digestOf('x'), size: 1, exec: false })).toBe('missing');
  });

  test('nothing outside the project is removed or written through a link above an out', async () => {
    await using rig = new StoreRig({ scheme });
    await using other = new StoreRig({ scheme });
    other.write('precious', 'bytes');
    symlinkSync(other.root, rig.path('away'));
    mkdirSync(rig.path('inside'));
    symlinkSync('inside', rig.path('within'));
    const store = rig.open();
    const outside = { code: 'unusable-file', message: expect.stringContaining('lies outside the project') };
    await expect(store.clear(at('away/precious'))).rejects.toMatchObject(outside);
    const digest = store.saveBytes(Buffer.from('bytes'));
    await store.flush();
    const content: Content = { kind: 'file', digest, size: 5, exec: false };
    await expect(store.checkout(content, at('away/new'))).rejects.toMatchObject(outside);
    await expect(store.checkout(content, at('away/deep/new'))).rejects.toMatchObject(outside);
    expect(readdirSync(other.root)).toEqual(['precious']);
    await store.checkout(content, at('within/out'));
    expect(readFileSync(rig.path('inside/out'), 'utf8')).toBe('bytes');
  });

  test('clearing a link the user made moves the link, not what it leads to', async () => {
    await using rig = new StoreRig({ scheme });
    await using other = new StoreRig({ scheme });
    other.write('data', 'bytes');
    symlinkSync(other.path('data'), rig.path('out'));
    const store = rig.open();
    await store.save(at('out'));
    await store.flush();
    expect(await store.clear(at('out'))).toMatch(/^\.lockstep\/trash\//);
    expect(readFileSync(other.path('data'), 'utf8')).toBe('bytes');
  });

  test('checkout replaces nothing', async () => {
    await using rig = new StoreRig({ scheme });
    rig.write('out', 'mine');
    const store = rig.open();
    const digest = store.saveBytes(Buffer.from('bytes'));
    await store.flush();
    await expect(store.checkout({ kind: 'file', digest, size: 5, exec: false }, at('out'))).rejects.toMatchObject({
      code: 'unusable-file',
    });
    expect(readFileSync(rig.path('out'), 'utf8')).toBe('mine');
  });
});
