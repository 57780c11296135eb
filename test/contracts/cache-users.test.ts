import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Holder } from '../../src/base/exclusive.ts';
import { type CacheUse, holdCacheAlone, registeredWorkspaces, shareCache } from '../../src/store/cache-users.ts';
import { dvcLayoutOf, layoutOf } from '../../src/store/layout.ts';

let directory: string;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'lockstep-users-'));
});
afterEach(() => rmSync(directory, { recursive: true, force: true }));

function asOf(root: string, onWait: (holder: Holder) => void = () => {}): CacheUse {
  const about = { pid: process.pid, command: 'repro', startTime: 5 };
  return { root, about, signal: new AbortController().signal, onWait };
}

describe('who shares the lock of a cache', () => {
  it('is on its list from then on, once, until it is taken off', async () => {
    const layout = layoutOf(join(directory, 'cache'));
    expect(registeredWorkspaces(layout)).toEqual([]);
    for (const root of ['/one', '/two', '/one']) (await shareCache(layout, asOf(root))).release();
    const listed = registeredWorkspaces(layout);
    expect(listed.map(({ root }) => root).sort()).toEqual(['/one', '/two']);
    listed.find(({ root }) => root === '/one')?.forget();
    expect(registeredWorkspaces(layout).map(({ root }) => root)).toEqual(['/two']);
  });

  it('writes its name before it can save anything, and never again', async () => {
    const layout = layoutOf(join(directory, 'cache'));
    (await shareCache(layout, asOf('/one'))).release();
    const [name = ''] = readdirSync(join(directory, 'cache/users')).filter((one) => /^[0-9a-f]+\.json$/.test(one));
    const { ino } = statSync(join(directory, 'cache/users', name));
    (await shareCache(layout, asOf('/one'))).release();
    expect(statSync(join(directory, 'cache/users', name)).ino).toBe(ino);
    writeFileSync(join(directory, 'cache/users', name), '');
    expect(() => registeredWorkspaces(layout)).toThrow(/does not say which workspace/);
    (await shareCache(layout, asOf('/one'))).release();
    expect(registeredWorkspaces(layout)).toMatchObject([{ root: '/one' }]);
  });

  it('is named to whoever wants the cache alone', async () => {
    const layout = layoutOf(join(directory, 'cache'));
    const shared = await shareCache(layout, asOf('/one'));
    const told: Holder[] = [];
    const alone = await holdCacheAlone(
      layout,
      asOf('/two', (holder) => {
        told.push(holder);
        shared.release();
      }),
    );
    expect(told).toEqual([{ pid: process.pid, command: 'repro in /one', since: 5 }]);
    expect(readFileSync(join(directory, 'cache/users/lock.json'), 'utf8')).toContain('repro');
    alone.release();
  });
});

it('in a cache of a group everyone of it may hold the lock', async () => {
  const places = {
    cacheDir: join(directory, 'cache'),
    tmpDir: join(directory, 'tmp'),
    corruptDir: join(directory, 'bad'),
  };
  const layout = dvcLayoutOf({ ...places, shared: true });
  (await shareCache(layout, asOf('/one'))).release();
  expect(statSync(join(directory, 'cache/users')).mode & 0o7777).toBe(0o2775);
  expect(statSync(join(directory, 'cache/users/lock')).mode & 0o777).toBe(0o664);
});

it('a place where nothing can be written keeps nobody from reading', async () => {
  mkdirSync(join(directory, 'cache'));
  writeFileSync(join(directory, 'cache/users'), 'in the way');
  (await shareCache(layoutOf(join(directory, 'cache')), asOf('/one'))).release();
});
