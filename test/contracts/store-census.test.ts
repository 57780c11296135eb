import { spawnSync } from 'node:child_process';
import { mkdirSync, rmSync, symlinkSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { takeCensus } from '../../src/store/census.ts';
import type { Store } from '../../src/store/store.ts';
import { openTreeIndexes } from '../../src/store/tree-index.ts';
import { at, StoreRig } from './store-rig.ts';

const hasFind = spawnSync('find', ['/', '-maxdepth', '0', '-printf', '']).status === 0;

function plant(rig: StoreRig): void {
  for (let folder = 0; folder < 5; folder++) {
    mkdirSync(rig.path(`many/${folder}`), { recursive: true });
    for (let i = 0; i < 1010; i++) writeFileSync(rig.path(`many/${folder}/${i}`), '');
  }
  utimesSync(rig.path('many/3/500'), 1000, 1000);
}

function censusOf(rig: StoreRig): string | null | undefined {
  return openTreeIndexes(rig.path('.lockstep/tmp/index'), 'sha256').read('many')?.census;
}

async function observed(store: Store) {
  const content = await store.observe(at('many'));
  expect(store.peek(at('many'))).toEqual(content);
  return content;
}

test('a large directory is looked at by a census, which any change shows in', async ({ skip }) => {
  if (!hasFind) return skip('no GNU find here');
  await using rig = new StoreRig();
  plant(rig);
  rig.settle();
  const store = rig.open();
  const content = await observed(store);
  expect(censusOf(rig)).toBe(takeCensus(rig.path('many')));
  expect(rig.open().peek(at('many'))).toEqual(content);

  writeFileSync(rig.path('many/3/500'), 'x');
  rmSync(rig.path('many/4/1'));
  utimesSync(rig.path('many/3/500'), 1000, 1000);
  expect(store.peek(at('many'))).toBeUndefined();
  rig.settle();
  expect(await observed(store)).not.toEqual(content);
  mkdirSync(rig.path('many/empty'));
  expect(store.peek(at('many'))).toBeUndefined();
  await store.observe(at('many'));
});

test('a census does not stand for a directory with links that lead out of it', async () => {
  await using rig = new StoreRig();
  plant(rig);
  rig.write('outside', 'one');
  symlinkSync('../outside', rig.path('many/link'));
  rig.settle();
  const store = rig.open();
  await observed(store);
  expect(censusOf(rig)).toBeNull();
  rig.write('outside', 'two');
  expect(store.peek(at('many'))).toBeUndefined();
});

test('what find cannot look at has no census', async () => {
  await using rig = new StoreRig();
  expect(takeCensus(join(rig.root, 'absent'))).toBeUndefined();
});
