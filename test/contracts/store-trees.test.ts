import {
  chmodSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { Content } from '../../src/base/content.ts';
import { digestOf } from '../../src/base/hash.ts';
import type { Store } from '../../src/store/store.ts';
import { runs } from '../support/hunt.ts';
import { at, StoreRig, snapshot } from './store-rig.ts';

async function kept(store: Store, path: string): Promise<Content> {
  const content = await store.save(at(path));
  if (content === 'missing') throw new Error(`${path} is missing`);
  await store.flush();
  return content;
}

function populate(rig: StoreRig): void {
  rig.write('dir/a.txt', 'a');
  rig.write('dir/sub/run.sh', 'echo');
  chmodSync(rig.path('dir/sub/run.sh'), 0o755);
  mkdirSync(rig.path('dir/empty/nested'), { recursive: true });
  symlinkSync('sub/run.sh', rig.path('dir/link'));
  symlinkSync('nowhere', rig.path('dir/dangling'));
}

test('a directory comes back with bytes, executable bits, links and empty directories', async () => {
  await using rig = new StoreRig();
  populate(rig);
  const before = snapshot(rig.path('dir'));
  const store = rig.open();
  const content = await kept(store, 'dir');
  expect(content).toMatchObject({ kind: 'tree', files: 2, size: 5 });
  expect(await store.clear(at('dir'))).toBeNull();
  expect(existsSync(rig.path('dir'))).toBe(false);
  await store.checkout(content, at('dir'));
  expect(snapshot(rig.path('dir'))).toEqual(before);
  expect(await rig.open().observe(at('dir'))).toEqual(content);
});

test('its listing is an object that names every file', async () => {
  await using rig = new StoreRig();
  populate(rig);
  const store = rig.open();
  const content = await kept(store, 'dir');
  const listing = readFileSync(rig.objectPath(content.digest, '.tree'), 'utf8');
  expect(digestOf(listing)).toBe(content.digest);
  expect(listing).toBe(
    [
      'tree/1',
      `file ${digestOf('a')} 1 "a.txt"`,
      'link - "dangling" "nowhere"',
      'dir "empty/nested"',
      'link - "link" "sub/run.sh"',
      `exec ${digestOf('echo')} 4 "sub/run.sh"`,
      '',
    ].join('\n'),
  );
  expect(Buffer.from((await store.read(content.digest)) ?? []).toString()).toBe(listing);
});

test('an unchanged directory reads no bytes, in this process and the next', async () => {
  await using rig = new StoreRig();
  populate(rig);
  rig.settle();
  const first = rig.open();
  expect(first.peek(at('dir'))).toBeUndefined();
  const content = await first.observe(at('dir'));
  expect(first.peek(at('dir'))).toEqual(content);
  first.close();
  expect(rig.open().peek(at('dir'))).toEqual(content);
});

const changes: readonly (readonly [string, (rig: StoreRig) => void])[] = [
  ['a changed file', (rig) => rig.write('dir/a.txt', 'b')],
  [
    'a changed file of the same size and mtime',
    (rig) => {
      rig.write('dir/a.txt', 'b');
      utimesSync(rig.path('dir/a.txt'), 1000, 1000);
    },
  ],
  ['a new file', (rig) => rig.write('dir/new', '')],
  ['a new empty directory', (rig) => mkdirSync(rig.path('dir/new'))],
  ['a removed file', (rig) => rmSync(rig.path('dir/a.txt'))],
  ['a removed last entry', (rig) => rmSync(rig.path('dir/sub'), { recursive: true })],
  ['a renamed file', (rig) => renameSync(rig.path('dir/a.txt'), rig.path('dir/b.txt'))],
  ['an executable bit', (rig) => chmodSync(rig.path('dir/a.txt'), 0o755)],
  [
    'another target of a link',
    (rig) => {
      rmSync(rig.path('dir/link'));
      symlinkSync('a.txt', rig.path('dir/link'));
    },
  ],
  [
    'a file in the place of a link to it',
    (rig) => {
      rmSync(rig.path('dir/link'));
      rig.write('dir/link', 'echo');
    },
  ],
];

test.each(changes)('%s makes another content and another stamp', async (_, change) => {
  await using rig = new StoreRig();
  populate(rig);
  utimesSync(rig.path('dir/a.txt'), 1000, 1000);
  rig.settle();
  const store = rig.open();
  const before = await store.observe(at('dir'));
  const stamp = store.stamp(at('dir'));
  expect(store.peek(at('dir'))).toEqual(before);
  expect(store.stamp(at('dir'))).toBe(stamp);
  change(rig);
  expect(store.stamp(at('dir'))).not.toBe(stamp);
  expect(store.peek(at('dir'))).toBeUndefined();
  const after = await store.observe(at('dir'));
  expect(after).not.toEqual(before);
  expect(await rig.open({ tmpDir: rig.path('elsewhere') }).observe(at('dir'))).toEqual(after);
});

test('what a link out of the directory leads to is part of its content', async () => {
  await using rig = new StoreRig();
  rig.write('dir/file', 'x');
  rig.write('data/one', '1');
  symlinkSync('../data', rig.path('dir/data'));
  rig.settle();
  const store = rig.open();
  const before = await store.observe(at('dir'));
  expect(store.peek(at('dir'))).toEqual(before);
  rig.write('data/one', '2');
  expect(store.peek(at('dir'))).toBeUndefined();
  expect(await store.observe(at('dir'))).not.toEqual(before);
});

test('links that lead round in circles, up or to nothing that can be read, end', async () => {
  await using rig = new StoreRig();
  rig.write('up/dir/file', 'x');
  symlinkSync('..', rig.path('up/dir/up'));
  symlinkSync('loop', rig.path('up/dir/loop'));
  symlinkSync('/dev/null', rig.path('up/dir/null'));
  symlinkSync('.', rig.path('up/dir/self'));
  const store = rig.open();
  expect(await store.observe(at('up/dir'))).toMatchObject({ kind: 'tree', files: 1 });
  const content = await kept(store, 'up/dir');
  await store.clear(at('up/dir'));
  await store.checkout(content, at('up/dir'));
  expect(readdirSync(rig.path('up/dir')).sort()).toEqual(['file', 'loop', 'null', 'self', 'up']);
});

test('a damaged index of a directory is built anew without a word', async () => {
  await using rig = new StoreRig();
  populate(rig);
  rig.settle();
  const first = rig.open();
  const content = await first.observe(at('dir'));
  const folder = rig.path('.lockstep/tmp/index/trees');
  const [name = ''] = readdirSync(folder);
  writeFileSync(join(folder, name), readFileSync(join(folder, name)).subarray(0, -3));
  const second = rig.open();
  expect(second.peek(at('dir'))).toBeUndefined();
  expect(await second.observe(at('dir'))).toEqual(content);
});

test('a name that is not UTF-8 is named', async () => {
  await using rig = new StoreRig();
  mkdirSync(rig.path('dir'));
  writeFileSync(Buffer.concat([Buffer.from(`${rig.path('dir')}/bad-`), Buffer.from([0xff])]), '');
  await expect(rig.open().observe(at('dir'))).rejects.toMatchObject({
    code: 'unusable-file',
    message: expect.stringContaining('is not valid UTF-8'),
  });
});

test('the bookkeeping of the project is no part of a directory that holds it', async () => {
  await using rig = new StoreRig();
  rig.write('file', 'x');
  rig.write('.git/index', 'y');
  const store = rig.open({ cacheDir: rig.path('cache') });
  store.saveBytes(Buffer.from('x'));
  const before = await store.observe(at('.'));
  store.close();
  rig.write('.git/index', 'z');
  store.saveBytes(Buffer.from('y'));
  expect(await store.observe(at('.'))).toEqual(before);
});

test('only the changed file of a saved directory is written again', async () => {
  await using rig = new StoreRig();
  populate(rig);
  rig.settle();
  const store = rig.open();
  await kept(store, 'dir');
  const before = rig.cached();
  rig.write('dir/a.txt', 'changed');
  await kept(store, 'dir');
  const added = rig.cached().filter((path) => !before.includes(path));
  expect(added.filter((path) => !path.endsWith('.tree'))).toHaveLength(1);
  expect(added).toHaveLength(2);
});

type Node =
  | { readonly bytes: string; readonly exec: boolean }
  | { readonly link: string }
  | { readonly [name: string]: Node };

const fileName = fc
  .string({ unit: 'grapheme', minLength: 1, maxLength: 12 })
  .filter((text) => !/^\.{1,2}$|[/\0]/.test(text));
const { tree } = fc.letrec<{ tree: Node; node: Node }>((tie) => ({
  node: fc.oneof(
    { depthSize: 'small' },
    fc.record({ bytes: fc.string(), exec: fc.boolean() }),
    fc.record({ link: fc.stringMatching(/^[a-z./]{1,9}$/) }),
    tie('tree'),
  ),
  tree: fc
    .dictionary(fileName, tie('node'), { maxKeys: 5, noNullPrototype: true })
    .filter((names) => Object.keys(names).every((name) => Buffer.byteLength(name) < 200)),
}));

function plant(path: string, node: Node): void {
  if (isFile(node)) {
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, node.bytes);
    if (node.exec) chmodSync(path, 0o755);
  } else if (isLink(node)) {
    symlinkSync(node.link, path);
  } else {
    mkdirSync(path, { recursive: true });
    for (const [name, child] of Object.entries(node)) plant(join(path, name), child);
  }
}

function isFile(node: Node): node is { readonly bytes: string; readonly exec: boolean } {
  return 'exec' in node && typeof node.exec === 'boolean';
}

function isLink(node: Node): node is { readonly link: string } {
  return 'link' in node && typeof node.link === 'string';
}

test('save, clear and checkout give the same tree, whatever is in it', async () => {
  await using rig = new StoreRig();
  const store = rig.open();
  let number = 0;
  await fc.assert(
    fc.asyncProperty(tree, async (planted) => {
      const path = `tree-${number++}`;
      plant(rig.path(path), planted);
      const before = snapshot(rig.path(path));
      const content = await kept(store, path);
      expect(await store.clear(at(path))).toBeNull();
      await store.checkout(content, at(path));
      expect(snapshot(rig.path(path))).toEqual(before);
      expect(await store.observe(at(path))).toEqual(content);
    }),
    { numRuns: runs(60) },
  );
});
