import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Listed, type Remote, RemoteError } from '../../src/remotes/remote.ts';
import { PATIENCE, retrying } from '../../src/remotes/retry.ts';

/** An empty remote, and how to look at it from behind. */
export interface RemoteUnderTest {
  readonly remote: Remote;
  readonly end: () => Promise<void>;
}

async function bytesOf(remote: Remote, key: string): Promise<Buffer> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of await remote.read(key)) chunks.push(chunk as Uint8Array);
  return Buffer.concat(chunks);
}

async function listed(remote: Remote, prefix: string): Promise<readonly string[]> {
  const found: Listed[] = [];
  for await (const one of remote.list?.(prefix) ?? []) found.push(one);
  return found.map(({ key, size }) => `${key} ${size}`).sort();
}

async function faultOf(work: Promise<unknown>): Promise<string> {
  const error = await work.then(() => undefined).catch((thrown: unknown) => thrown);
  return error instanceof RemoteError ? error.fault : `not refused: ${String(error)}`;
}

/** What every remote that can be written to must do. */
export function remoteContract(name: string, open: () => Promise<RemoteUnderTest>): void {
  describe(name, () => {
    const directory = mkdtempSync(join(tmpdir(), 'lockstep-remote-'));
    let under: RemoteUnderTest;
    let count = 0;
    const sending = (bytes: Uint8Array | string) => {
      count += 1;
      const path = join(directory, String(count));
      writeFileSync(path, bytes);
      return { path, size: Buffer.from(bytes).length, signal: new AbortController().signal };
    };
    beforeAll(async () => {
      mkdirSync(directory, { recursive: true });
      under = await open();
    }, 60_000);
    afterAll(async () => {
      await under?.remote.close();
      await under?.end();
      rmSync(directory, { recursive: true, force: true });
    });

    test('what was written can be read, byte for byte', async () => {
      const { remote } = under;
      const large = Buffer.alloc(20 * 1024 * 1024, 'lockstep ');
      await remote.write('files/md5/aa/large', sending(large));
      await remote.write('files/md5/aa/empty', sending(''));
      await remote.write('files/md5/ab/odd +%name#?', sending('odd'));
      expect((await bytesOf(remote, 'files/md5/aa/large')).equals(large)).toBe(true);
      expect((await bytesOf(remote, 'files/md5/aa/empty')).length).toBe(0);
      expect((await bytesOf(remote, 'files/md5/ab/odd +%name#?')).toString()).toBe('odd');
    });

    test('what is there is told with its size, few or many asked for', async () => {
      const { remote } = under;
      await remote.write('sha256/cc/one', sending('12345'));
      expect([...(await remote.have(['sha256/cc/one', 'sha256/cc/none', 'nowhere/none']))]).toEqual([
        ['sha256/cc/one', 5],
      ]);
      const many = Array.from({ length: 300 }, (_, n) => `sha256/cc/none${n}`);
      expect([...(await remote.have([...many, 'sha256/cc/one']))]).toEqual([['sha256/cc/one', 5]]);
      expect((await remote.have([])).size).toBe(0);
    });

    test('what is not there is missing', async () => {
      expect(await faultOf(bytesOf(under.remote, 'sha256/dd/none'))).toBe('missing');
    });

    test('a listing has all below a prefix, and nothing unfinished', async () => {
      const { remote } = under;
      await remote.write('runs/aa/one', sending('1'));
      await remote.write('runs/bb/deep/two', sending('22'));
      expect(await listed(remote, 'runs/')).toEqual(['runs/aa/one 1', 'runs/bb/deep/two 2']);
      expect(await listed(remote, 'none/')).toEqual([]);
    });

    test('writing again replaces the whole', async () => {
      const { remote } = under;
      await remote.write('sha256/ee/again', sending('a longer first text'));
      await remote.write('sha256/ee/again', sending('second'));
      expect((await bytesOf(remote, 'sha256/ee/again')).toString()).toBe('second');
    });

    test('many write the same and others at once', async () => {
      const { remote } = under;
      const text = 'the same bytes '.repeat(10_000);
      // Some servers fail for once when others replace what they read; every user of a remote tries again.
      const write = async (n: number) => {
        const file = sending(text);
        await retrying(PATIENCE, file.signal, () => remote.write(`sha256/ff/${n % 3}`, file));
      };
      await Promise.all(Array.from({ length: 12 }, (_, n) => write(n)));
      expect(await listed(remote, 'sha256/ff/')).toEqual([0, 1, 2].map((n) => `sha256/ff/${n} ${text.length}`));
    });

    test('removing takes away what is there, and passes over the rest', async () => {
      const { remote } = under;
      await remote.write('sha256/99/gone', sending('x'));
      await remote.remove(['sha256/99/gone', 'sha256/99/never']);
      expect((await remote.have(['sha256/99/gone'])).size).toBe(0);
    });

    test('a write that is called off leaves nothing under the name', async () => {
      const { remote } = under;
      const stop = new AbortController();
      stop.abort();
      const file = { ...sending(Buffer.alloc(1024 * 1024, 'x')), signal: stop.signal };
      await expect(remote.write('sha256/88/off', file)).rejects.toThrow();
      expect((await remote.have(['sha256/88/off'])).size).toBe(0);
    });
  });
}
