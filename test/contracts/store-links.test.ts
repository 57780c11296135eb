import {
  chmodSync,
  lstatSync,
  mkdirSync,
  readFileSync,
  readlinkSync,
  renameSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { describe, expect, test } from 'vitest';
import type { Content } from '../../src/base/content.ts';
import { at, SCHEMES, StoreRig } from './store-rig.ts';

test('outs are ignored by git, once, in their own directory, beside the lines that are there', async () => {
  await using rig = new StoreRig();
  mkdirSync(rig.path('.git'));
  rig.write('models/.gitignore', '*.tmp\n/old');
  const store = rig.open();
  const paths = ['out', 'models/a b ', 'models/old', 'models/#x', 'models/[a]*?!', 'models/line\nend', 'models/!n'].map(
    at,
  );
  expect(await store.ignore(paths)).toEqual(['.gitignore', 'models/.gitignore']);
  await expect(rig.open().ignore(paths)).resolves.toEqual([]);
  expect(readFileSync(rig.path('.gitignore'), 'utf8')).toBe('/out\n');
  expect(readFileSync(rig.path('models/.gitignore'), 'utf8')).toBe(
    '*.tmp\n/old\n/a b\\ \n/#x\n/\\[a\\]\\*\\?!\n/line?end\n/!n\n',
  );
});

test('outside git nothing is ignored', async () => {
  await using rig = new StoreRig();
  expect(await rig.open().ignore([at('out')])).toEqual([]);
});

describe.each(SCHEMES)('with the %s scheme', (scheme) => {
  test.each(['hardlink', 'symlink'] as const)(
    'with %s, saved files become read-only links into the cache',
    async (type) => {
      await using rig = new StoreRig({ scheme, linkTypes: [type] });
      rig.write('out', 'bytes');
      rig.write('dir/a', 'a');
      rig.write('dir/sub/b', 'b');
      rig.write('dir/run', 'echo');
      chmodSync(rig.path('dir/run'), 0o755);
      rig.settle();
      const store = rig.open();
      const file = (await store.save(at('out'))) as Content;
      const tree = (await store.save(at('dir'))) as Content;
      await store.flush();
      for (const [path, text] of [
        ['out', 'bytes'],
        ['dir/a', 'a'],
        ['dir/sub/b', 'b'],
      ] as const) {
        const object = rig.objectPath(rig.digestOf(text));
        if (type === 'symlink') expect(readlinkSync(rig.path(path))).toBe(object);
        else expect(lstatSync(rig.path(path)).ino).toBe(lstatSync(object).ino);
        expect(statSync(rig.path(path)).mode & 0o222).toBe(0);
      }
      expect(lstatSync(rig.path('dir/run')).mode & 0o777).toBe(0o755);
      expect(store.peek(at('out'))).toEqual(file);
      expect(store.peek(at('dir'))).toEqual(tree);
      store.close();
      expect(await rig.open({ tmpDir: rig.path('elsewhere') }).observe(at('dir'))).toEqual(tree);
      expect(await store.save(at('dir'))).toEqual(tree);
      await store.flush();
    },
  );

  test.each(['hardlink', 'symlink'] as const)(
    'with %s, what is checked out can be unprotected and written',
    async (type) => {
      await using rig = new StoreRig({ scheme, linkTypes: [type] });
      rig.write('dir/a', 'a');
      rig.write('dir/run', 'echo');
      chmodSync(rig.path('dir/run'), 0o755);
      rig.write('out', 'bytes');
      const store = rig.open();
      const tree = (await store.save(at('dir'))) as Content;
      const file = (await store.save(at('out'))) as Content;
      await store.flush();
      expect(await store.clear(at('dir'))).toBeNull();
      expect(await store.clear(at('out'))).toBeNull();
      await store.checkout(tree, at('dir'));
      await store.checkout(file, at('out'));
      expect(await store.observe(at('dir'))).toEqual(tree);
      await store.unprotect(at('dir'));
      await store.unprotect(at('out'));
      expect(await store.observe(at('dir'))).toEqual(tree);
      expect(await store.observe(at('out'))).toEqual(file);
      for (const path of ['dir/a', 'out', 'dir/run']) {
        expect(lstatSync(rig.path(path)).isSymbolicLink()).toBe(false);
        expect(lstatSync(rig.path(path)).mode & 0o200).toBe(0o200);
        writeFileSync(rig.path(path), 'changed');
      }
      expect(await store.verify(tree)).toBe('intact');
      expect(await store.verify(file)).toBe('intact');
    },
  );

  test('a file changed between save and flush is left as it is', async () => {
    await using rig = new StoreRig({ scheme, linkTypes: ['hardlink'] });
    rig.write('out', 'bytes');
    const store = rig.open();
    await store.save(at('out'));
    writeFileSync(rig.path('new'), 'edited');
    renameSync(rig.path('new'), rig.path('out'));
    await store.flush();
    expect(readFileSync(rig.path('out'), 'utf8')).toBe('edited');
  });

  test('with copies, files stay writable and apart from the cache', async () => {
    await using rig = new StoreRig({ scheme, linkTypes: ['reflink', 'copy'] });
    rig.write('out', 'bytes');
    const store = rig.open();
    const content = (await store.save(at('out'))) as Content;
    await store.flush();
    expect(await store.clear(at('out'))).toBeNull();
    await store.checkout(content, at('out'));
    writeFileSync(rig.path('out'), 'edited');
    expect(await store.verify(content)).toBe('intact');
  });
});
