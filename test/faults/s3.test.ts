import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdtempSync, readdirSync, realpathSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { type Asked, FakeS3, type Mischief, refuse } from '../support/fake-s3.ts';
import { ProjectRig, project } from '../support/rig.ts';

const BIG = 'some bytes of a big file\n'.repeat(40_000);
const FILES = {
  'pipeline.yaml':
    'stages:\n  one: {cmd: "cp in one; mkdir d; cp in d/a; echo b > d/b; echo c > d/c", deps: [in], outs: [one, d]}\n',
  in: BIG,
};
const KEYS = { access_key_id: 'AKEXAMPLE', secret_access_key: 's3cr3t-key' };

async function pointAt(p: ProjectRig, url: string, address = 's3://bucket/data'): Promise<void> {
  await p.lockstep(['remote', 'add', '-f', '-d', 'store', address]);
  await p.lockstep(['remote', 'modify', 'store', 'endpointurl', url]);
  for (const [name, value] of Object.entries(KEYS)) {
    await p.lockstep(['remote', 'modify', '--local', 'store', name, value]);
  }
}

/** A project that is ready to push, and a clone that has nothing of its data. */
async function scene() {
  const server = new FakeS3();
  const url = await server.listen();
  const p = await project(FILES);
  p.commit();
  await p.lockstep(['repro']);
  await pointAt(p, url);
  p.commit();
  const root = realpathSync(mkdtempSync(join(tmpdir(), 'lockstep-clone-')));
  execFileSync('git', ['clone', '-q', p.root, root]);
  const clone = new ProjectRig(root);
  await pointAt(clone, url);
  const end = async () => {
    for (const one of [server, clone, p]) await one[Symbol.asyncDispose]();
  };
  return { p, clone, server, url, [Symbol.asyncDispose]: end };
}

/** Also where the project is already pushed. */
async function pushed() {
  const s = await scene();
  expect(await s.p.lockstep(['push'])).toMatchObject({ code: 0 });
  s.server.counts();
  return s;
}

/** Misbehaves for the first so many requests for each object. */
function first(times: number, mischief: Mischief): Mischief {
  const seen = new Map<string, number>();
  return (asked, response, request) => {
    const name = `${asked.method} ${asked.key}`;
    const count = (seen.get(name) ?? 0) + 1;
    seen.set(name, count);
    return count <= times && mischief(asked, response, request);
  };
}

const answering =
  (status: number, code: string): Mischief =>
  (_, response, request) => {
    request.resume().once('end', () => refuse(response, status, code));
    return true;
  };

const when =
  (isMeant: (asked: Asked) => boolean, mischief: Mischief): Mischief =>
  (asked, response, request) =>
    isMeant(asked) && mischief(asked, response, request);

const hangingUp: Mischief = (_, response) => {
  response.destroy();
  return true;
};

/** What is done to the bytes of an object that is fetched; everything else goes well. */
const spoiling =
  (spoil: (bytes: Buffer, response: Parameters<Mischief>[1]) => void): Mischief =>
  ({ method, what, bytes }, response) => {
    if (method !== 'GET' || what !== 'object' || bytes.length === 0) return false;
    spoil(bytes, response);
    return true;
  };

const cuttingOff = spoiling((bytes, response) => {
  response.writeHead(200, { 'content-length': bytes.length });
  response.write(bytes.subarray(0, bytes.length / 2), () => response.destroy());
});
const altering = spoiling((bytes, response) => response.end(Buffer.from(bytes).fill('x', 0, 1)));
const shortening = spoiling((bytes, response) => response.end(bytes.subarray(0, bytes.length - 1)));
const stalling = spoiling((bytes, response) => {
  response.writeHead(200, { 'content-length': bytes.length });
  response.write(bytes.subarray(0, bytes.length / 2));
});

const ONCE = [
  ['500', answering(500, 'InternalError')],
  ['503', answering(503, 'SlowDown')],
  ['429', answering(429, 'TooManyRequests')],
  ['a connection that is closed without an answer', hangingUp],
] as const;

test.each([
  ...ONCE,
  ['a connection cut off in the middle', cuttingOff],
  ['altered bytes', altering],
  ['bytes that end too soon', shortening],
] as const)('pull: %s, for once, costs another try and nothing else', async (_, mischief) => {
  await using s = await pushed();
  s.server.mischief = first(1, mischief);
  expect(await s.clone.lockstep(['pull'])).toMatchObject({ code: 0 });
  expect([s.clone.read('one'), s.clone.read('d/b')]).toEqual([BIG, 'b\n']);
  expect((await s.clone.lockstep(['status', '--exit-code'])).code).toBe(0);
});

test.each(ONCE)('push: %s, for once, costs another try and nothing else', async (_, mischief) => {
  await using s = await scene();
  s.server.mischief = first(1, mischief);
  expect(await s.p.lockstep(['push'])).toMatchObject({ code: 0 });
  s.server.mischief = () => false;
  expect(JSON.parse((await s.p.lockstep(['status', '-c', '--json'])).stdout)).toEqual({});
});

test('a server that falls silent is given up after the time that is set, and tried again', async () => {
  await using s = await pushed();
  await s.clone.lockstep(['remote', 'modify', 'store', 'read_timeout', '0.3']);
  s.server.mischief = first(1, stalling);
  expect(await s.clone.lockstep(['pull'])).toMatchObject({ code: 0 });
  expect(s.clone.read('one')).toBe(BIG);
});

test('a pull from a silent server can be interrupted', async () => {
  await using s = await pushed();
  for (const mischief of [stalling, spoiling(() => {})]) {
    const stop = new AbortController();
    s.server.mischief = (asked, response, request) => {
      const isSilent = mischief(asked, response, request);
      if (isSilent) setImmediate(() => stop.abort());
      return isSilent;
    };
    expect(await s.clone.lockstep(['pull'], { signal: stop.signal })).toMatchObject({ code: 130 });
  }
});

test('what stays damaged is not kept, and named with what needs it; the rest comes', async () => {
  await using s = await pushed();
  s.server.mischief = when(({ bytes }) => bytes.length === 2, altering);
  const { code, stderr } = await s.clone.lockstep(['pull']);
  expect(code).toBe(1);
  expect(stderr).toContain('d/b (needed by one): ');
  expect(stderr).toContain('on the remote is damaged');
  expect(s.clone.read('one')).toBe(BIG);
  expect(existsSync(s.clone.path('d'))).toBe(false);
  expect(readdirSync(s.clone.path('.lockstep/cache/tmp'))).toEqual([]);
});

test('a directory of which the remote has the listing but not all files: each is named, and the rest comes', async () => {
  await using s = await pushed();
  const keyOf = (text: string) => {
    const hex = createHash('sha256').update(text).digest('hex');
    return `data/sha256/${hex.slice(0, 2)}/${hex.slice(2)}`;
  };
  expect([s.server.objects.delete(keyOf('b\n')), s.server.objects.delete(keyOf('c\n'))]).toEqual([true, true]);
  const { code, stdout, stderr } = await s.clone.lockstep(['pull']);
  expect(code).toBe(1);
  expect(stdout + stderr).toContain('d/b (needed by one) is not on the remote s3://bucket/data');
  expect(stdout + stderr).toContain('d/c (needed by one) is not on the remote s3://bucket/data');
  expect(s.clone.read('one')).toBe(BIG);
  // Whoever has the files can heal it.
  expect(await s.p.lockstep(['push'])).toMatchObject({ code: 0 });
  expect(await s.clone.lockstep(['pull'])).toMatchObject({ code: 0 });
  expect(s.clone.read('d/c')).toBe('c\n');
});

test('a server that is gone is said to be gone, by push and by pull', async () => {
  await using s = await pushed();
  await s.server[Symbol.asyncDispose]();
  const both = await Promise.all([s.clone.lockstep(['pull', '-v']), s.p.lockstep(['push', '-v'])]);
  for (const { code, stderr } of both) {
    expect(code).toBe(1);
    expect(stderr).toContain('it cannot be reached (ECONNREFUSED)');
    expect(stderr).not.toContain('s3cr3t');
  }
});

test.each([['InvalidAccessKeyId'], ['SignatureDoesNotMatch'], ['AccessDenied'], ['ExpiredToken']])(
  'credentials that are refused with %s stop a transfer at once, and are in no message',
  async (code) => {
    await using s = await pushed();
    s.server.mischief = answering(403, code);
    for (const [p, command] of [
      [s.clone, 'pull'],
      [s.clone, 'fetch'],
      [s.p, 'push'],
      [s.p, 'push --force'],
      [s.p, 'status -c'],
    ] as const) {
      s.server.counts();
      const { code, stdout, stderr } = await p.lockstep([...command.split(' '), '-v', '-j', '1']);
      expect([command, code]).toEqual([command, 1]);
      expect(stderr).toMatch(/the remote s3:\/\/bucket\/data cannot be used: access is denied \(\w+\)/);
      expect(stderr).toContain('lockstep remote modify --local NAME access_key_id');
      expect(stdout + stderr).not.toContain('s3cr3t');
      expect(Object.values(s.server.counts())).toEqual([1]);
    }
  },
);

test('without a bucket every command says so', async () => {
  await using s = await pushed();
  s.server.bucket = 'another';
  for (const [p, command] of [
    [s.clone, 'pull'],
    [s.p, 'push'],
    [s.p, 'push --force'],
    [s.p, 'status -c'],
  ] as const) {
    const { code, stderr } = await p.lockstep(command.split(' '));
    expect([command, code, stderr]).toEqual([command, 1, expect.stringContaining('there is no bucket bucket')]);
  }
});

test('two push the same objects at once: both succeed, and every object is whole', async () => {
  await using s = await scene();
  await s.clone.lockstep(['repro']);
  const [one, other] = await Promise.all([s.p.lockstep(['push']), s.clone.lockstep(['push'])]);
  expect([one.code, other.code]).toEqual([0, 0]);
  const objects = [...s.server.objects].filter(([key]) => key.startsWith('data/sha256/'));
  expect(objects).toHaveLength(4);
  for (const [key, bytes] of objects) {
    const hex = createHash('sha256').update(bytes).digest('hex');
    expect(key).toMatch(new RegExp(`^data/sha256/${hex.slice(0, 2)}/${hex.slice(2)}(?:\\.tree)?$`));
  }
});

test('a reader who may not list gets the data, and learns no earlier results', async () => {
  await using s = await pushed();
  s.server.mischief = when(({ what }) => what === 'list', answering(403, 'AccessDenied'));
  const { code, stdout } = await s.clone.lockstep(['pull', '--json']);
  expect({ code, ...JSON.parse(stdout) }).toMatchObject({ code: 0, fetched: 4, runs: 0, problems: [] });
});

test('a push that was stopped in the midst goes on from there', async () => {
  await using s = await scene();
  const isListing = ({ method, key }: Asked) => method === 'PUT' && key.endsWith('.tree');
  s.server.mischief = when(isListing, answering(403, 'AccessDenied'));
  expect((await s.p.lockstep(['push'])).code).toBe(1);
  s.server.mischief = () => false;
  const again = JSON.parse((await s.p.lockstep(['push', '--json'])).stdout);
  expect(again).toMatchObject({ sent: 1, there: 3, problems: [] });
});
