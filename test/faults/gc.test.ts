import { cpSync, existsSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import Sqlite from 'better-sqlite3';
import { describe, expect, test } from 'vitest';
import { acquireWaiting } from '../../src/base/exclusive.ts';
import { cacheFaults, treeOf } from './proofs.ts';
import { type Running, until, type Workspace, workspace } from './support.ts';

/** `slow` says that it has begun and ends when there is a file `go`; `quick` gives what is in the cache already. */
const SLOW = {
  'pipeline.yaml': `stages:
  quick: {cmd: echo known > quick.txt, outs: [quick.txt]}
  slow:
    cmd: |
      echo begun > begun
      until test -e go; do sleep 0.02; done
      mkdir made; echo known > made/known; echo new > made/new
    deps: [quick.txt]
    outs: [made]
`,
};

function deleteRuns(w: Workspace): void {
  const database = new Sqlite(w.path('.lockstep/lockstep.db'));
  database.exec("update runs set lifecycle_stage = 'deleted'");
  database.close();
}

/** A workspace with garbage in its cache, and another one on the same cache. */
async function sharing() {
  const first = workspace({
    'pipeline.yaml':
      'stages:\n  old: {cmd: echo known > old, outs: [old]}\n  mine: {cmd: echo mine > mine, outs: [mine]}\n',
  });
  await first.repro();
  first.write('pipeline.yaml', 'stages:\n  mine: {cmd: echo mine > mine, outs: [mine]}\n');
  expect(await first.run('lock', 'prune')).toMatchObject({ code: 0 });
  deleteRuns(first);
  const second = workspace({
    ...SLOW,
    '.lockstep/config.yaml': `cache: {dir: ${first.path('.lockstep/cache')}}\n`,
  });
  return { first, second };
}

async function startSlow(w: Workspace): Promise<Running> {
  const running = w.start('repro', '--json');
  await until('the slow stage to run', () => w.has('begun'));
  return running;
}

describe('gc beside a repro in another workspace on the same cache', () => {
  test('waits for it, says for whom, and takes nothing that it made or found', async () => {
    const { first, second } = await sharing();
    await using _first = first;
    await using _second = second;
    const repro = await startSlow(second);
    const gc = first.start('gc', '-w', '-f', '--json');
    await gc.says(new RegExp(`waiting for the cache: process ${repro.pid}, repro in ${second.root}`));
    second.write('go', '');
    expect(await repro.ended).toMatchObject({ code: 0 });
    const { code, stdout } = await gc.ended;
    expect(code).toBe(0);
    expect(JSON.parse(stdout)).toMatchObject({ removed: { records: { count: 0 } }, workspaces: [second.root] });
    expect(cacheFaults(second, first.path('.lockstep/cache'))).toEqual([]);
    for (const path of ['quick.txt', 'made']) second.remove(path);
    expect(await second.run('checkout')).toMatchObject({ code: 0 });
    expect(second.read('made/new')).toBe('new\n');
  });

  test('goes on when that one is killed', async () => {
    const { first, second } = await sharing();
    await using _first = first;
    await using _second = second;
    const repro = await startSlow(second);
    const gc = first.start('gc', '-w', '-f');
    await gc.says(/waiting for the cache/);
    repro.send('SIGKILL');
    expect(await gc.ended).toMatchObject({ code: 0 });
    expect(cacheFaults(second, first.path('.lockstep/cache'))).toEqual([]);
    second.write('go', '');
    await second.repro();
    expect(cacheFaults(second, first.path('.lockstep/cache'))).toEqual([]);
  });

  test('can be interrupted while it waits', async () => {
    const { first, second } = await sharing();
    await using _first = first;
    await using _second = second;
    await startSlow(second);
    const gc = first.start('gc', '-w', '-f');
    await gc.says(/waiting for the cache/);
    gc.send('SIGINT');
    expect(await gc.ended).toMatchObject({ code: 130 });
    second.write('go', '');
  });
});

test('checkout and repro wait for a gc that is at work, and repro does not trust what it saw before', async () => {
  await using w = workspace({ ...SLOW, go: '' });
  await w.repro();
  w.remove('made');
  const about = { pid: process.pid, command: 'gc', startTime: Date.now() };
  const never = { signal: new AbortController().signal, onWait: () => {} };
  const held = await acquireWaiting(w.path('.lockstep/cache/users/lock'), about, never);
  const checkout = w.start('checkout');
  await checkout.says(new RegExp(`waiting for the cache: process ${process.pid}, gc`));
  expect(w.has('made')).toBe(false);
  // Nothing that only looks has to wait.
  expect(await w.run('status', '--json')).toMatchObject({ code: 0, stderr: '' });
  held.release();
  expect(await checkout.ended).toMatchObject({ code: 0 });
  w.remove('made');
  const again = await acquireWaiting(w.path('.lockstep/cache/users/lock'), about, never);
  const repro = w.start('repro', '--json');
  await repro.says(/waiting for the cache/);
  // What its plan rests on goes away meanwhile, as a gc would have it.
  rmSync(w.path('.lockstep/cache/sha256'), { recursive: true });
  again.release();
  expect(await repro.ended).toMatchObject({ code: 0 });
  expect(w.read('made/new')).toBe('new\n');
});

const ROUNDS = 16;
const TREES = 24;

/** Directories that no lockfile names any more, of files that they have in common, and records of how they were made. */
async function littered(): Promise<Workspace> {
  const stages = (names: readonly number[]) =>
    names
      .map(
        (n) =>
          `  s${n}: {cmd: "mkdir t${n}; seq ${n} | while read i; do echo $i > t${n}/$i; seq $i $i$i$i > t${n}/own$i; done", deps: [in], outs: [t${n}]}\n`,
      )
      .join('');
  const all = Array.from({ length: TREES }, (_, n) => n + 20);
  const w = workspace({ 'pipeline.yaml': `stages:\n${stages(all)}`, in: '' });
  await w.repro();
  w.write('pipeline.yaml', `stages:\n${stages(all.slice(0, 2))}`);
  expect(await w.run('lock', 'prune')).toMatchObject({ code: 0 });
  deleteRuns(w);
  return w;
}

function namesBelow(directory: string): string[] {
  if (!existsSync(directory)) return [];
  const entries = readdirSync(directory, { recursive: true, withFileTypes: true });
  return entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name));
}

/** Listings whose files are not all there, and records that name what is not there. */
function dangling(w: Workspace): readonly string[] {
  const root = w.path('.lockstep/cache/sha256');
  const objects = new Set(namesBelow(root).map((path) => path.slice(root.length + 1).replace('/', '')));
  const records = namesBelow(w.path('.lockstep/cache/runs'));
  const listings = [...objects].filter((name) => name.endsWith('.tree'));
  return [
    ...listings.filter((name) => {
      const text = readFileSync(join(root, name.slice(0, 2), name.slice(2)), 'utf8');
      return [...text.matchAll(/sha256:([0-9a-f]{64})/g)].some(([, hex = '']) => !objects.has(hex));
    }),
    ...records.filter((path) => {
      const outs = /"outs":.*/s.exec(readFileSync(path, 'latin1'))?.[0] ?? '';
      return [...outs.matchAll(/sha256:([0-9a-f]{64})/g)].some(
        ([, hex = '']) => !objects.has(hex) && !objects.has(`${hex}.tree`),
      );
    }),
  ];
}

test('gc killed at any moment leaves no listing without its files, no record without its objects, and is completed', async () => {
  await using w = await littered();
  const cache = w.path('.lockstep/cache');
  const saved = w.path('saved');
  cpSync(cache, saved, { recursive: true });
  const began = performance.now();
  const whole = await w.run('gc', '-w', '-f');
  const span = performance.now() - began;
  expect(whole).toMatchObject({ code: 0 });
  const wanted = namesBelow(join(cache, 'sha256')).sort();
  let between = 0;
  for (let round = 0; round < ROUNDS; round += 1) {
    rmSync(cache, { recursive: true });
    cpSync(saved, cache, { recursive: true });
    const before = namesBelow(cache).length;
    const gc = w.start('gc', '-w', '-f');
    // Half of the times wherever it may be, half while it removes.
    if (round % 2 === 0) await Promise.race([pause(Math.random() * span), gc.ended]);
    else
      await until(
        'something to be gone',
        () => gc.isOver || namesBelow(join(cache, 'runs')).length < TREES - 1 - Math.random() * 10,
      );
    gc.send('SIGKILL');
    await gc.ended;
    const left = namesBelow(join(cache, 'sha256')).sort();
    if (left.length > wanted.length && namesBelow(cache).length < before) between += 1;
    expect(dangling(w)).toEqual([]);
    expect(wanted.filter((name) => !left.includes(name))).toEqual([]);
    expect(await w.run('gc', '-w', '-f')).toMatchObject({ code: 0 });
    expect(namesBelow(join(cache, 'sha256')).sort()).toEqual(wanted);
    expect(cacheFaults(w)).toEqual([]);
  }
  expect(between).toBeGreaterThan(0);
}, 400_000);

test('checkout killed at any moment leaves whole outs or none, and is completed by the next', async () => {
  await using w = workspace({
    'pipeline.yaml': `stages:
  make:
    cmd: mkdir -p all/sub; seq 200 | while read n; do seq $((n * 20)) > all/sub/$n; done; yes data | head -c 9000000 > big
    outs: [all, big]
`,
  });
  await w.repro();
  const wanted = treeOf(w.root, ['all', 'big']);
  const clear = () => {
    for (const path of ['all', 'big']) rmSync(w.path(path), { recursive: true, force: true });
  };
  clear();
  const began = performance.now();
  expect(await w.run('checkout')).toMatchObject({ code: 0 });
  const span = performance.now() - began;
  let kills = 0;
  for (let round = 0; round < ROUNDS; round += 1) {
    clear();
    const checkout = w.start('checkout');
    await Promise.race([pause(Math.random() * span), checkout.ended]);
    checkout.send('SIGKILL');
    if ((await checkout.ended).signal === 'SIGKILL') kills += 1;
    for (const path of ['all', 'big']) {
      if (w.has(path)) expect(wanted).toMatchObject(treeOf(w.root, [path]));
    }
    expect(cacheFaults(w)).toEqual([]);
    expect(await w.run('checkout')).toMatchObject({ code: 0 });
    expect(treeOf(w.root, ['all', 'big'])).toEqual(wanted);
  }
  expect(kills).toBeGreaterThan(ROUNDS / 3);
}, 400_000);
