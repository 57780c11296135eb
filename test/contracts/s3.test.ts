import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test, vi } from 'vitest';
import type { Remote, Sending } from '../../src/remotes/remote.ts';
import { openS3 } from '../../src/remotes/s3.ts';
import { FakeS3, type Mischief, refuse } from '../support/fake-s3.ts';
import { remoteContract } from './remote.ts';

const directory = mkdtempSync(join(tmpdir(), 'lockstep-s3-'));
afterAll(() => rmSync(directory, { recursive: true }));

const KEYS = { access_key_id: 'AKEXAMPLE', secret_access_key: 's3cr3t-key' };

interface Opening {
  readonly options?: Readonly<Record<string, unknown>>;
  readonly env?: Readonly<Record<string, string>>;
}

async function opened({ options = KEYS, env = {} }: Opening = {}) {
  const server = new FakeS3();
  const endpointurl = await server.listen();
  const remote = await openS3({ url: 's3://bucket/', options: { endpointurl, ...options }, env, jobs: 4 });
  const end = async () => {
    await remote.close();
    await server[Symbol.asyncDispose]();
  };
  return { server, remote, end, [Symbol.asyncDispose]: end };
}

remoteContract('a bucket of a server in memory', opened);

/** Names as those of objects: evenly spread. */
function names(count: number, seed: number): readonly string[] {
  return Array.from({ length: count }, (_, n) => {
    const hex = ((n * 2654435761 + seed) >>> 0).toString(16).padStart(8, '0');
    return `sha256/${hex.slice(0, 2)}/${hex.slice(2)}`;
  });
}

async function countsOf(remote: Remote, server: FakeS3, keys: readonly string[]) {
  server.counts();
  const found = await remote.have(keys);
  expect([...found.keys()].sort()).toEqual(keys.filter((key) => server.objects.has(key)).sort());
  return server.counts();
}

test('what is there is asked one by one, or by listing where a page answers for many at once', async () => {
  await using s = await opened();
  s.server.pageSize = 100;
  const there = names(3000, 0);
  for (const name of there) s.server.objects.set(name, Buffer.from('x'));
  const absent = names(500, 77_777);
  const count = async (keys: readonly string[]) => await countsOf(s.remote, s.server, keys);
  expect(await count(there.slice(0, 5))).toEqual({ HEAD: 5 });
  const all = await count([...there, ...absent]);
  expect(all.HEAD ?? 0).toBeLessThan(40);
  expect(all.list).toBeLessThan(40);
  // A page of a hundred says next to nothing of twenty among three thousand.
  expect(await count(absent.slice(0, 20))).toEqual({ list: 1, HEAD: expect.any(Number) });
  const listed: string[] = [];
  for await (const { key } of s.remote.list?.('sha256/') ?? []) listed.push(key);
  expect(listed).toEqual([...there].sort());
  s.server.pageSize = 10_000;
  expect(await count([...there, ...absent])).toEqual({ list: 1 });
});

const notInOrder: Mischief = ({ what }, response) => {
  if (what !== 'list') return false;
  const entry = (name: string) => `<Contents><Key>${name}</Key><Size>1</Size></Contents>`;
  const body = ['sha256/ff/1', 'sha256/00/1'].map(entry).join('');
  const more = '<IsTruncated>true</IsTruncated><NextContinuationToken>x</NextContinuationToken>';
  response.end(`<ListBucketResult>${more}${body}</ListBucketResult>`);
  return true;
};

const unlisted: Mischief = ({ what }, response) => {
  if (what === 'list') refuse(response, 403, 'AccessDenied');
  return what === 'list';
};

test.each([
  ['does not list in order', notInOrder],
  ['lets nobody list', unlisted],
])('a server that %s is asked one by one', async (_, mischief) => {
  await using s = await opened();
  for (const name of names(30, 0)) s.server.objects.set(name, Buffer.from('x'));
  s.server.mischief = mischief;
  const counts = await countsOf(s.remote, s.server, [...names(30, 0), ...names(30, 99)]);
  expect(counts).toEqual({ list: 1, HEAD: 60 });
});

function large(bytes: number, signal = new AbortController().signal): Sending {
  const path = join(directory, 'large');
  writeFileSync(path, Buffer.alloc(bytes, 'lockstep '));
  return { path, size: bytes, signal };
}

const LARGE = 40 * 1024 * 1024;

test('a large object goes in parts, of which one that fails for once is sent again alone', async () => {
  await using s = await opened();
  let failed = 0;
  s.server.mischief = ({ what }, response, request) => {
    if (what !== 'part' || failed > 0) return false;
    failed += 1;
    request.resume().once('end', () => refuse(response, 503, 'SlowDown'));
    return true;
  };
  await s.remote.write('large', large(LARGE));
  expect(s.server.counts()).toEqual({ upload: 1, part: 4, complete: 1 });
  expect(s.server.objects.get('large')?.equals(Buffer.alloc(LARGE, 'lockstep '))).toBe(true);
});

test('of a large object that is refused in the midst nothing is left at the server', async () => {
  await using s = await opened();
  s.server.mischief = ({ what }, response, request) => {
    if (what !== 'part') return false;
    request.resume().once('end', () => refuse(response, 403, 'AccessDenied'));
    return true;
  };
  await expect(s.remote.write('large', large(LARGE))).rejects.toMatchObject({ fault: 'fatal' });
  expect([s.server.uploads.size, s.server.objects.size]).toEqual([0, 0]);
  expect(s.server.counts()).toMatchObject({ abort: 1 });
});

test('of a large object that is called off in the midst nothing is left at the server', async () => {
  await using s = await opened();
  const stop = new AbortController();
  s.server.mischief = ({ what }) => {
    if (what === 'part') stop.abort();
    return what === 'part';
  };
  await expect(s.remote.write('large', large(LARGE, stop.signal))).rejects.toThrow();
  expect([s.server.uploads.size, s.server.objects.size]).toEqual([0, 0]);
});

test('a file that cannot be read is said to be so, and not waited for', async () => {
  await using s = await opened();
  const signal = new AbortController().signal;
  for (const size of [10, 1_000_000]) {
    const refused = s.remote.write('none', { path: join(directory, 'none'), size, signal });
    await expect(refused).rejects.toThrow(/none cannot be read: ENOENT/);
  }
});

test('a refusal before the bytes of a larger object were read is heard', async () => {
  await using s = await opened();
  s.server.mischief = (_, response) => {
    refuse(response, 403, 'AccessDenied');
    return true;
  };
  await expect(s.remote.write('x', large(8 * 1024 * 1024))).rejects.toThrow('access is denied (AccessDenied)');
});

/** Who a server was told that the client is: the id of the key, and nobody without a signature. */
async function whoAsks(opening: Opening): Promise<string> {
  await using s = await opened(opening);
  await s.remote.have(['x']);
  const { authorization = 'nobody' } = s.server.asked[0]?.headers ?? {};
  return /Credential=([^/]*)/.exec(authorization)?.[1] ?? authorization;
}

test('without credentials, and with an endpoint that is none, it is said what is missing', async () => {
  vi.stubEnv('AWS_EC2_METADATA_DISABLED', 'true');
  const nowhere = { AWS_SHARED_CREDENTIALS_FILE: join(directory, 'no'), AWS_CONFIG_FILE: join(directory, 'no') };
  await expect(whoAsks({ options: {}, env: nowhere })).rejects.toThrow('no credentials are found that can be used');
  vi.unstubAllEnvs();
  await expect(opened({ options: { endpointurl: 'nonsense' } })).rejects.toThrow('its endpointurl is no address');
});

test('credentials are those of the remote, else of the environment, else of a profile', async () => {
  const credentials = join(directory, 'credentials');
  const section = (name: string) => `[${name}]\naws_access_key_id = of-${name}\naws_secret_access_key = s\n`;
  writeFileSync(credentials, ['default', 'work', 'home'].map(section).join(''));
  const inEnv = { AWS_ACCESS_KEY_ID: 'of-env', AWS_SECRET_ACCESS_KEY: 's' };
  const file = { AWS_SHARED_CREDENTIALS_FILE: credentials };
  expect(await whoAsks({ options: KEYS, env: inEnv })).toBe('AKEXAMPLE');
  expect(await whoAsks({ options: {}, env: { ...inEnv, AWS_PROFILE: 'home' } })).toBe('of-env');
  expect(await whoAsks({ options: { profile: 'work', credentialpath: credentials }, env: inEnv })).toBe('of-work');
  expect(await whoAsks({ options: {}, env: { ...file, AWS_PROFILE: 'home' } })).toBe('of-home');
  expect(await whoAsks({ options: {}, env: file })).toBe('of-default');
  expect(await whoAsks({ options: { allow_anonymous_login: true }, env: inEnv })).toBe('nobody');
});
