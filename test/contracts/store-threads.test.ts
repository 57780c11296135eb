import { execFileSync, spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { bundleProgram } from '../support/bundle.ts';
import { at, SCHEMES, StoreRig } from './store-rig.ts';

/** Saves `many` in the project given and says how it went, and how many threads were started. */
const PROGRAM = `
import { openStore } from '../../src/store/open-store.ts';
const [root, cacheDir, scheme] = process.argv.slice(2);
let threads = 0;
process.on('worker', () => (threads += 1));
const state = root + '/.lockstep';
const store = openStore({ root, cacheDir, tmpDir: state + '/tmp', trashDir: state + '/trash', linkTypes: ['copy'], now: Date.now, scheme });
let outcome;
try {
  const content = await store.save('many');
  await store.flush();
  outcome = { content, verdict: await store.verify(content), peeked: store.peek('many') };
} catch (error) {
  outcome = { code: error.code, message: error.message, hint: error.hint };
}
store.close();
console.log(JSON.stringify({ ...outcome, threads }));
`;

const directory = resolve(`node_modules/.cache/lockstep/store-threads-${process.pid}`);
const program = join(directory, 'program.mjs');

beforeAll(async () => {
  const compile = (source: string, outfile: string) =>
    bundleProgram(source, { directory: import.meta.dirname, outfile });
  await compile(PROGRAM, program);
  await compile("import '../../src/store/worker.ts';", join(directory, 'store-worker.mjs'));
});
afterAll(() => rmSync(directory, { recursive: true }));

function schemeOf(rig: StoreRig): string {
  return rig.algorithm === 'md5' ? 'dvc' : 'native';
}

function save(rig: StoreRig): Record<string, unknown> {
  return JSON.parse(
    execFileSync(process.execPath, [program, rig.root, rig.cacheDir, schemeOf(rig)], { encoding: 'utf8' }),
  );
}

function plantMany(rig: StoreRig, { files }: { readonly files: number }): void {
  for (const folder of ['a', 'b/c']) {
    mkdirSync(rig.path(`many/${folder}`), { recursive: true });
    // Every third file has the bytes of another one.
    for (let i = 0; i < files / 2; i++) writeFileSync(rig.path(`many/${folder}/${i}`), `${folder} ${i - (i % 3)}`);
  }
}

test.each(SCHEMES)('many files are saved by two threads as one would, with the %s scheme', async (scheme) => {
  await using rig = new StoreRig({ scheme });
  plantMany(rig, { files: 3000 });
  rig.settle();
  const { content, verdict, peeked, threads } = save(rig);
  expect(threads).toBe(1);
  expect(verdict).toBe('intact');
  expect(peeked).toEqual(content);
  const alone = rig.open({ cacheDir: rig.path('other-cache'), tmpDir: rig.path('other-tmp') });
  expect(await alone.save(at('many'))).toEqual(content);
  await alone.flush();
  const objects = rig.cached().filter((path) => /^(sha256\/..\/.{62}|files\/md5\/..\/.{30})$/.test(path));
  expect(objects).toHaveLength(1000);
  const others = rig.cached().filter((path) => !objects.includes(path) && !/\.(tree|dir)$/.test(path));
  expect(others).toEqual(scheme === 'native' ? ['objects.idx'] : []);
  expect(readdirSync(rig.path('.lockstep/tmp/objects'))).toEqual([]);
});

test('what a second thread cannot write is said as the first would say it', async ({ skip }) => {
  const cacheDir = mkdtempSync(join(tmpdir(), 'lockstep-mount-'));
  if (spawnSync('mount', ['-t', 'tmpfs', '-o', 'size=1m', 'tmpfs', cacheDir]).status !== 0) {
    rmSync(cacheDir, { recursive: true });
    return skip('no right to mount a small file system');
  }
  try {
    await using rig = new StoreRig({ cacheDir });
    plantMany(rig, { files: 3000 });
    expect(save(rig)).toEqual({
      code: 'disk',
      message: `cannot write to the cache ${cacheDir}: no space left on the device`,
      hint: expect.stringContaining('free some space'),
      threads: 1,
    });
    expect(readdirSync(join(cacheDir, 'tmp'))).toEqual([]);
  } finally {
    execFileSync('umount', [cacheDir]);
    rmSync(cacheDir, { recursive: true });
  }
});

test('objects made ready beside a cache that got the same ones meanwhile are taken in one by one', async () => {
  await using rig = new StoreRig();
  plantMany(rig, { files: 1200 });
  const first = rig.open();
  const second = rig.open({ tmpDir: rig.path('second') });
  const content = await first.save(at('many'));
  expect(await second.save(at('many'))).toEqual(content);
  await first.flush();
  await second.flush();
  if (content === 'missing') throw new Error('missing');
  expect(await rig.open().verify(content)).toBe('intact');
  expect(readdirSync(rig.path('second/objects'))).toEqual([]);
  expect(rig.cached().filter((path) => path.startsWith('tmp/'))).toEqual([]);
});

test('a save that fails leaves nothing that it made ready', async () => {
  await using rig = new StoreRig();
  plantMany(rig, { files: 1200 });
  const store = rig.open();
  await store.save(at('many'));
  store.close();
  expect(readdirSync(rig.path('.lockstep/tmp/objects'))).toEqual([]);
  expect(rig.cached()).toEqual([]);
});
