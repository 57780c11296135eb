import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import {
  addAccessToken,
  listAccessTokens,
  openAccessTokens,
  revokeAccessToken,
} from '../../src/server/access-tokens.ts';
import { type ArtifactStore, openArtifactStore } from '../../src/server/artifact-store.ts';
import type { TrackingDatabase } from '../../src/tracking/tracking-database.ts';
import { artifactBucket } from '../support/artifact-bucket.ts';
import { databaseKinds, OPENING } from './tracking-databases.ts';

async function* content(...parts: readonly string[]): AsyncGenerator<Uint8Array> {
  for (const part of parts) yield Buffer.from(part);
}

async function* breaking(): AsyncGenerator<Uint8Array> {
  yield Buffer.from('part');
  throw new Error('the client went away');
}

const PLACES = [
  { place: 'a directory', where: async () => ({ contents: undefined, end: async () => {} }) },
  {
    place: 'a bucket',
    where: async () => {
      const { artifacts, server } = await artifactBucket();
      const end = async () => {
        await artifacts.close();
        await server[Symbol.asyncDispose]();
      };
      return { contents: artifacts.contents, end };
    },
  },
];

describe.each(databaseKinds())('over $name', ({ open, dispose }) => {
  let tracking: TrackingDatabase;

  beforeAll(async () => {
    tracking = await open();
  }, OPENING);

  afterAll(async () => {
    await tracking.close();
    await dispose();
  });

  describe.each(PLACES)('in $place', ({ where }) => {
    const directory = mkdtempSync(join(tmpdir(), 'lockstep-artifacts-'));
    const pinned = new Set<string>();
    let place: Awaited<ReturnType<typeof where>>;
    let store: ArtifactStore;

    beforeAll(async () => {
      place = await where();
      await tracking.db.deleteFrom('artifact_files').execute();
      const isPinned = async (_: unknown, path: string) => pinned.has(path);
      store = openArtifactStore({ directory, contents: place.contents, tracking, now: () => 7, isPinned });
    });

    afterAll(async () => {
      await place.end();
      rmSync(directory, { recursive: true, force: true });
    });

    async function textOf(path: string, range?: { readonly start: number; readonly end: number }) {
      const file = await store.find(path);
      if (file === undefined) return undefined;
      return Buffer.concat(await (await store.open(file, range)).toArray()).toString();
    }

    test('content is kept whole, in parts of any size, and given back in any part', async () => {
      const large = 'x'.repeat(2 ** 20 - 1);
      const stored = await store.put('large', content(large, '', 'yz', large, 'end'));
      expect(stored.size).toBe(2 * large.length + 5);
      expect(await textOf('large', { start: large.length - 1, end: large.length + 2 })).toBe('xyzx');
      expect(await textOf('large')).toBe(`${large}yz${large}end`);
      expect(await store.remove('large')).toBe(true);
    });

    test('listings are in the order of bytes, whatever the language of the database', async () => {
      const paths = ['d/a', 'd/B', 'd/ä', 'd/_', 'd/b/x', 'd/b-', 'd/b0', 'd/b/y/z', 'e/f', 'd0', 'd-/g', 'd/%', 'D/h'];
      for (const path of paths) await store.put(path, content(path));
      const names = async (path: string) =>
        (await store.list(path)).map(({ name, size }) => (size === undefined ? `${name}/` : name));
      expect(await names('d')).toEqual(['%', 'B', '_', 'a', 'b-', 'b/', 'b0', 'ä']);
      expect(await names('d/b')).toEqual(['x', 'y/']);
      expect(await names('')).toEqual(['D/', 'd-/', 'd/', 'd0', 'e/']);
      expect([await names('d0'), await names('none')]).toEqual([[], []]);
      expect(await store.remove('d')).toBe(true);
      expect(await names('')).toEqual(['D/', 'd-/', 'd0', 'e/']);
      expect(await textOf('d0')).toBe('d0');
      expect(await store.remove('d')).toBe(false);
    });

    test('of content that breaks off nothing is kept, and what was there stays', async () => {
      await store.put('a', content('before'));
      await expect(store.put('a', breaking())).rejects.toThrow('the client went away');
      expect(await textOf('a')).toBe('before');
    });

    test('what a registered version rests on does not change, and is not removed', async () => {
      await store.put('model/file', content('registered'));
      pinned.add('model/file').add('model');
      await store.put('model/file', content('registered'));
      const conflict = { code: 'RESOURCE_CONFLICT' };
      await expect(store.put('model/file', content('other'))).rejects.toMatchObject(conflict);
      await expect(store.remove('model')).rejects.toMatchObject(conflict);
      await expect(store.remove('model/file')).rejects.toMatchObject(conflict);
      expect(await textOf('model/file')).toBe('registered');
    });
  });

  test('tokens are added, asked for and revoked', async () => {
    const tokens = openAccessTokens(tracking, Date.now);
    expect(await tokens.any()).toBe(false);
    const token = (await addAccessToken(tracking, { name: 'a', scope: 'read', now: 2 })) ?? '';
    expect(await openAccessTokens(tracking, Date.now).find(token)).toMatchObject({ scope: 'read' });
    expect(await addAccessToken(tracking, { name: 'a', scope: 'admin', now: 3 })).toBeUndefined();
    expect((await listAccessTokens(tracking)).map(({ name, scope }) => [name, scope])).toEqual([['a', 'read']]);
    expect(await revokeAccessToken(tracking, 'a')).toBe(true);
    expect(await openAccessTokens(tracking, Date.now).find(token)).toBeUndefined();
  });

  test('a token that was revoked opens nothing a second later', async () => {
    let now = 0;
    const tokens = openAccessTokens(tracking, () => now);
    const token = (await addAccessToken(tracking, { name: 'b', scope: 'write', now: 2 })) ?? '';
    expect(await tokens.find(token)).toMatchObject({ scope: 'write' });
    await revokeAccessToken(tracking, 'b');
    now = 1_001;
    expect(await tokens.find(token)).toBeUndefined();
  });
});
