import {
  chmodSync,
  existsSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { Digest, ProjectPath } from '../../src/base/brand.ts';
import type { Content } from '../../src/base/content.ts';
import { digestOf } from '../../src/base/hash.ts';
import type { StoreOptions } from '../../src/store/open-store.ts';
import type { Store } from '../../src/store/store.ts';
import { runs } from '../support/hunt.ts';
import { at, StoreRig, snapshot } from './store-rig.ts';

function dvcRig(changes: Partial<StoreOptions> = {}): StoreRig {
  return new StoreRig({ scheme: 'dvc', ...changes });
}

async function kept(store: Store, path: string): Promise<Content> {
  const content = await store.save(at(path));
  if (content === 'missing') throw new Error(`${path} is missing`);
  await store.flush();
  return content;
}

test('files and listings lie where DVC looks for them, read-only, and nothing else does', async () => {
  await using rig = dvcRig();
  rig.write('dir/a.txt', 'a\n');
  rig.write('dir/sub/b', 'b\n');
  const store = rig.open();
  const content = await kept(store, 'dir');
  const log = store.saveBytes(Buffer.from('a log'));
  await store.flush();
  store.close();
  const listing =
    '[{"md5": "60b725f10c9c85c70d97880dfe8191b3", "relpath": "a.txt"}, {"md5": "3b5d5c3712955042212316173ccf37be", "relpath": "sub/b"}]';
  expect(content).toEqual({ kind: 'tree', digest: digestOf(listing, 'md5'), size: 4, files: 2 });
  const hex = content.digest.slice(4);
  const objects = [
    'files/md5/3b/5d5c3712955042212316173ccf37be',
    'files/md5/60/b725f10c9c85c70d97880dfe8191b3',
    `files/md5/${hex.slice(0, 2)}/${hex.slice(2)}.dir`,
  ];
  expect(rig.cached()).toEqual(objects.sort());
  for (const path of objects) expect(statSync(join(rig.cacheDir, path)).mode & 0o777).toBe(0o444);
  expect(readFileSync(rig.objectPath(content.digest, '.dir'), 'utf8')).toBe(listing);
  expect(log).toBe(digestOf('a log'));
  expect(existsSync(join(rig.ownCacheDir, 'sha256', log.slice(7, 9), log.slice(9)))).toBe(true);
  expect(Buffer.from((await rig.open().read(log)) ?? []).toString()).toBe('a log');
  expect(Buffer.from((await rig.open().read(content.digest)) ?? []).toString()).toBe(listing);
  expect(await rig.open().verify({ kind: 'file', digest: log, size: 5, exec: false })).toBe('intact');
});

test('a directory is its files: links to files are files, and all else is left out', async () => {
  await using rig = dvcRig();
  rig.write('dir/a', 'a');
  const plain = await rig.open().observe(at('dir'));
  rig.write('elsewhere/x', 'x');
  mkdirSync(rig.path('dir/empty/nested'), { recursive: true });
  symlinkSync('../elsewhere', rig.path('dir/away'));
  symlinkSync('..', rig.path('dir/up'));
  chmodSync(rig.path('dir/a'), 0o755);
  expect(await rig.open().observe(at('dir'))).toEqual(plain);
  symlinkSync('../elsewhere/x', rig.path('dir/link'));
  rig.write('dir/__pycache__/y', 'y');
  rig.settle();
  const store = rig.open();
  const content = await kept(store, 'dir');
  expect(content).toMatchObject({ files: 3, size: 3 });
  expect(store.peek(at('dir'))).toEqual(content);
  rig.write('elsewhere/x', 'changed');
  expect(store.peek(at('dir'))).toBeUndefined();
  await store.checkout(content, at('again'));
  expect(snapshot(rig.path('again'))).toMatchObject({ __pycache__: {}, a: { exec: false }, link: { exec: false } });
});

test.each([
  ['nowhere', 'is a link that leads nowhere'],
  ['link', 'its symbolic links lead in a circle'],
  ['/dev/null', 'is a character device'],
])('a link in a directory to %s stands for no file', async (target, message) => {
  await using rig = dvcRig();
  mkdirSync(rig.path('dir'));
  symlinkSync(target, rig.path('dir/link'));
  await expect(rig.open().observe(at('dir'))).rejects.toMatchObject({
    code: 'unusable-file',
    message: expect.stringContaining(message),
  });
});

test('a single file that may be executed may be so again', async () => {
  await using rig = dvcRig();
  rig.write('run.sh', 'echo\n');
  chmodSync(rig.path('run.sh'), 0o755);
  const store = rig.open();
  const content = await kept(store, 'run.sh');
  expect(content).toMatchObject({ exec: true });
  expect(await store.clear(at('run.sh'))).toBeNull();
  await store.checkout(content, at('run.sh'));
  expect(statSync(rig.path('run.sh')).mode & 0o777).toBe(0o755);
});

test('an object is verified though it is read-only, which DVC takes for proof', async () => {
  await using rig = dvcRig();
  rig.write('dir/a', 'bytes');
  const content = await kept(rig.open(), 'dir');
  rig.settle();
  rig.corrupt(rig.objectPath(rig.digestOf('bytes')));
  expect(statSync(rig.objectPath(rig.digestOf('bytes'))).mode & 0o777).toBe(0o444);
  const store = rig.open();
  expect(await store.verify(content)).toBe('corrupt');
  await expect(store.checkout(content, at('again'))).rejects.toMatchObject({ code: 'missing-data' });
  store.close();
  expect(readdirSync(rig.corruptDir)).toEqual([expect.stringMatching(/^[0-9a-f]{32}\.[0-9a-f]{8}\.corrupt$/)]);
  expect(rig.cached()).toEqual([expect.stringMatching(/\.dir$/)]);
});

test('a listing of others that names a path outside of the directory is not believed', async () => {
  await using rig = dvcRig();
  rig.write('x', 'x');
  const store = rig.open();
  const { digest } = await kept(store, 'x');
  const text = `[{"md5": "${digest.slice(4)}", "relpath": "../escaped"}]`;
  const path = rig.objectPath(rig.digestOf(text), '.dir');
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, text, { mode: 0o444 });
  const content: Content = { kind: 'tree', digest: rig.digestOf(text), size: 1, files: 1 };
  await expect(store.checkout(content, at('dir'))).rejects.toMatchObject({ code: 'missing-data' });
  expect(existsSync(rig.path('escaped'))).toBe(false);
});

function plantLegacy(rig: StoreRig, digest: Digest, { bytes, suffix }: { bytes: string; suffix: string }): string {
  const path = join(rig.cacheDir, digest.slice(4, 6), digest.slice(6) + suffix);
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, bytes, { mode: 0o444 });
  return path;
}

test('objects of DVC before 3.0 are read where they are, and written where they belong today', async () => {
  await using rig = dvcRig();
  const a = rig.digestOf('a');
  const listing = `[{"md5": "${a.slice(4)}", "relpath": "sub/a"}]`;
  const content: Content = { kind: 'tree', digest: rig.digestOf(listing), size: 1, files: 1 };
  plantLegacy(rig, a, { bytes: 'a', suffix: '' });
  plantLegacy(rig, content.digest, { bytes: listing, suffix: '.dir' });
  const store = rig.open();
  expect(await store.verify(content)).toBe('intact');
  expect(Buffer.from((await store.read(a)) ?? []).toString()).toBe('a');
  await store.checkout(content, at('dir'));
  expect(readFileSync(rig.path('dir/sub/a'), 'utf8')).toBe('a');
  expect(existsSync(rig.objectPath(a))).toBe(false);
  expect(await kept(store, 'dir')).toEqual(content);
  expect(readFileSync(rig.objectPath(a), 'utf8')).toBe('a');
  expect(readFileSync(rig.objectPath(content.digest, '.dir'), 'utf8')).toBe(listing);
});

test('text that DVC before 3.0 hashed as if its lines ended otherwise is whole; what is corrupt is set aside', async () => {
  await using rig = dvcRig();
  const text: Content = { kind: 'file', digest: rig.digestOf('a\nb\n'), size: 6, exec: false };
  const binary: Content = { kind: 'file', digest: rig.digestOf('\0\n'), size: 3, exec: false };
  plantLegacy(rig, text.digest, { bytes: 'a\r\nb\r\n', suffix: '' });
  const damaged = plantLegacy(rig, binary.digest, { bytes: '\0\r\n', suffix: '' });
  const store = rig.open();
  expect(await store.verify(text)).toBe('intact');
  expect(Buffer.from((await store.read(text.digest)) ?? []).toString()).toBe('a\r\nb\r\n');
  expect(await store.verify(binary)).toBe('corrupt');
  expect(existsSync(damaged)).toBe(false);
  expect(readdirSync(rig.corruptDir)).toHaveLength(1);
});

test('a cache that a group shares can be written to by all of it', async () => {
  await using rig = dvcRig({ shared: 'group' });
  rig.write('small', 'x');
  rig.write('large', Buffer.alloc(2_000_000, 1));
  const store = rig.open();
  for (const path of ['small', 'large']) {
    const { digest } = await kept(store, path);
    expect(statSync(rig.objectPath(digest)).mode & 0o7777).toBe(0o664);
    expect(statSync(dirname(rig.objectPath(digest))).mode & 0o7777).toBe(0o2775);
  }
  expect(statSync(join(rig.cacheDir, 'files')).mode & 0o7777).toBe(0o2775);
});

test('where the cache is on another file system, objects are finished and set aside all the same', async ({ skip }) => {
  const elsewhere = '/dev/shm';
  const here = statSync(tmpdir());
  if (!existsSync(elsewhere) || statSync(elsewhere).dev === here.dev) return skip('there is one file system only');
  const cacheDir = mkdtempSync(join(elsewhere, 'lockstep-store-'));
  try {
    await using rig = dvcRig({ cacheDir });
    mkdirSync(join(cacheDir, 'files/md5'), { recursive: true });
    writeFileSync(join(cacheDir, 'files/md5/.lockstep-left.tmp'), '');
    for (let i = 0; i < 1100; i++) rig.write(`dir/${i}`, String(i));
    rig.write('dir/large', Buffer.alloc(2_000_000, 1));
    const first = rig.open({ now: () => Date.now() + 7 * 3600 * 1000 });
    const content = await kept(first, 'dir');
    first.close();
    expect(rig.unfinished()).toEqual([]);
    expect(rig.cached().filter((path) => !/^files\/md5\/..\/.{30}(\.dir)?$/.test(path))).toEqual([]);
    rig.settle();
    rig.corrupt(rig.objectPath(rig.digestOf('7')));
    expect(await rig.open().verify(content)).toBe('corrupt');
    expect(readdirSync(rig.corruptDir)).toHaveLength(1);
  } finally {
    rmSync(cacheDir, { recursive: true, force: true });
  }
});

const ignore: NonNullable<StoreOptions['ignore']> = {
  ignores: (path: ProjectPath, kind) => path.endsWith('.tmp') || (kind === 'directory' && path === 'dir/cache'),
};

test('what is ignored is no content of a directory, and is not lost with it', async () => {
  await using rig = dvcRig({ ignore });
  rig.write('dir/a', 'a');
  const store = rig.open();
  const plain = await kept(store, 'dir');
  rig.write('dir/b.tmp', 'b');
  rig.write('dir/cache/c', 'c');
  expect(await kept(store, 'dir')).toEqual(plain);
  rmSync(rig.path('dir/cache'), { recursive: true });
  const place = await store.clear(at('dir'));
  expect(place).toMatch(/^\.lockstep\/trash\//);
  expect(readFileSync(rig.path(`${place}/b.tmp`), 'utf8')).toBe('b');
  await store.checkout(plain, at('dir'));
  expect(await store.clear(at('dir'))).toBeNull();
});

test('what is known under one scheme is not taken for the other', async () => {
  await using rig = new StoreRig();
  rig.write('file', 'x');
  rig.write('dir/a', 'x');
  rig.settle();
  for (const scheme of ['native', 'dvc', 'native', 'dvc'] as const) {
    const store = rig.open({ scheme, cacheDir: rig.path(`${scheme}-cache`) });
    const digest = digestOf('x', scheme === 'dvc' ? 'md5' : 'sha256');
    expect(await store.observe(at('file'))).toMatchObject({ digest });
    const tree = await store.observe(at('dir'));
    expect(tree).toMatchObject({
      kind: 'tree',
      digest: expect.stringContaining(scheme === 'dvc' ? 'md5:' : 'sha256:'),
    });
    expect(store.peek(at('dir'))).toEqual(tree);
    store.close();
  }
});

test.each(['hardlink', 'symlink'] as const)(
  'with %s, objects of DVC before 3.0 are linked to as well',
  async (type) => {
    await using rig = dvcRig({ linkTypes: [type] });
    const content: Content = { kind: 'file', digest: rig.digestOf('a'), size: 1, exec: false };
    const object = plantLegacy(rig, content.digest, { bytes: 'a', suffix: '' });
    const store = rig.open();
    await store.checkout(content, at('out'));
    expect(statSync(rig.path('out')).ino).toBe(statSync(object).ino);
    expect(await store.observe(at('out'))).toEqual(content);
    await store.unprotect(at('out'));
    writeFileSync(rig.path('out'), 'changed');
    expect(lstatSync(rig.path('out')).isFile()).toBe(true);
    expect(readFileSync(object, 'utf8')).toBe('a');
  },
);

const changes: readonly (readonly [string, (rig: StoreRig) => void])[] = [
  ['a changed file', (rig) => rig.write('dir/a', 'b')],
  ['a new file', (rig) => rig.write('dir/new', '')],
  ['a removed file', (rig) => rmSync(rig.path('dir/a'))],
  ['a renamed file', (rig) => renameSync(rig.path('dir/a'), rig.path('dir/b'))],
  ['a new link to a file', (rig) => symlinkSync('a', rig.path('dir/link'))],
];

test.each(changes)('%s makes another content', async (_, change) => {
  await using rig = dvcRig();
  rig.write('dir/a', 'a');
  rig.write('dir/sub/c', 'c');
  rig.settle();
  const store = rig.open();
  const before = await store.observe(at('dir'));
  expect(store.peek(at('dir'))).toEqual(before);
  change(rig);
  expect(store.peek(at('dir'))).toBeUndefined();
  const after = await store.observe(at('dir'));
  expect(after).not.toEqual(before);
  expect(await rig.open({ tmpDir: rig.path('elsewhere') }).observe(at('dir'))).toEqual(after);
});

test('save, clear and checkout give the same files, whatever their names and bytes', async () => {
  await using rig = dvcRig();
  const store = rig.open();
  const name = fc
    .string({ unit: 'grapheme', minLength: 1, maxLength: 8 })
    .filter((text) => !/^\.{1,2}$|[/\0]/.test(text) && Buffer.byteLength(text) < 200);
  const files = fc.uniqueArray(fc.tuple(fc.constantFrom('', 'x/', 'x/y/', 'z/'), name, fc.string()), {
    selector: ([directory, file]) => directory + file,
    minLength: 1,
    maxLength: 8,
  });
  let number = 0;
  await fc.assert(
    fc.asyncProperty(files, async (planted) => {
      const path = `tree-${number++}`;
      for (const [directory, file, bytes] of planted) {
        if (!['x', 'y', 'z'].includes(file)) rig.write(`${path}/${directory}${file}`, bytes);
      }
      if (!existsSync(rig.path(path))) return;
      const before = snapshot(rig.path(path));
      const content = await kept(store, path);
      expect(await store.clear(at(path))).toBeNull();
      await store.checkout(content, at(path));
      expect(snapshot(rig.path(path))).toEqual(before);
      expect(await store.observe(at(path))).toEqual(content);
    }),
    { numRuns: runs(40) },
  );
});
