import { execFileSync } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readdirSync, readFileSync, realpathSync } from 'node:fs';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { ProjectRig, project } from '../support/rig.ts';

/** What a server does instead of handing a file out; undefined for handing it out. */
type Mischief = (request: IncomingMessage, response: ServerResponse, bytes: Buffer) => boolean;

/** Hands out the files of a directory, unless told otherwise. */
class FileServer implements AsyncDisposable {
  readonly #server;
  mischief: Mischief = () => false;
  asked = 0;

  constructor(root: string) {
    this.#server = createServer((request, response) => {
      this.asked += 1;
      const path = join(root, decodeURIComponent(request.url ?? ''));
      const isThere = existsSync(path);
      const bytes = isThere ? readFileSync(path) : Buffer.alloc(0);
      if (this.mischief(request, response, bytes)) return;
      response.writeHead(isThere ? 200 : 404, { 'content-length': bytes.length });
      response.end(request.method === 'HEAD' ? undefined : bytes);
    });
  }

  async listen(): Promise<string> {
    this.#server.listen(0, '127.0.0.1');
    await once(this.#server, 'listening');
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#server.closeAllConnections();
    this.#server.close();
  }
}

const BIG = 'some bytes of a big file\n'.repeat(40_000);

/** A clone that has only a web server to pull from. */
async function scene() {
  const p = await project({
    'pipeline.yaml':
      'stages:\n  one: {cmd: "cp in one; mkdir d; cp in d/a; echo b > d/b", deps: [in], outs: [one, d]}\n',
    in: BIG,
  });
  p.commit();
  await p.lockstep(['repro']);
  p.write('.git/info/exclude', 'remote\n');
  await p.lockstep(['remote', 'add', 'store', p.path('remote')]);
  await p.lockstep(['push']);
  const server = new FileServer(p.path('remote'));
  const url = await server.listen();
  await p.lockstep(['remote', 'add', '-f', 'store', url]);
  p.commit();
  const root = realpathSync(mkdtempSync(join(tmpdir(), 'lockstep-clone-')));
  execFileSync('git', ['clone', '-q', p.root, root]);
  const clone = new ProjectRig(root);
  const end = async () => {
    for (const one of [server, clone, p]) await one[Symbol.asyncDispose]();
  };
  return { p, clone, server, url, [Symbol.asyncDispose]: end };
}

/** Misbehaves for the first so many requests of each path. */
function first(times: number, mischief: Mischief): Mischief {
  const seen = new Map<string, number>();
  return (request, response, bytes) => {
    const count = (seen.get(request.url ?? '') ?? 0) + 1;
    seen.set(request.url ?? '', count);
    return count <= times && mischief(request, response, bytes);
  };
}

const answering =
  (status: number): Mischief =>
  (_request, response) => {
    response.writeHead(status).end('no');
    return true;
  };

const cuttingOff: Mischief = (_request, response, bytes) => {
  response.writeHead(200, { 'content-length': bytes.length });
  response.write(bytes.subarray(0, bytes.length / 2), () => response.destroy());
  return true;
};

const altering: Mischief = (_request, response, bytes) => {
  response.end(Buffer.from(bytes).fill('x', 0, 1));
  return true;
};

const shortening: Mischief = (_request, response, bytes) => {
  response.end(bytes.subarray(0, bytes.length - 1));
  return true;
};

test('pull over HTTP, and status is clean', async () => {
  await using s = await scene();
  expect((await s.clone.lockstep(['status', '-c'])).stdout).toContain('deleted:  one');
  const pulled = await s.clone.lockstep(['pull', '--json']);
  expect(JSON.parse(pulled.stdout)).toMatchObject({ fetched: 3, restored: ['d', 'one'].reverse(), problems: [] });
  expect(s.clone.read('one')).toBe(BIG);
  expect((await s.clone.lockstep(['status', '--exit-code'])).code).toBe(0);
});

for (const [what, mischief] of [
  ['500', answering(500)],
  ['503', answering(503)],
  ['429', answering(429)],
  ['a connection cut off in the middle', cuttingOff],
  ['altered bytes', altering],
  ['bytes that end too soon', shortening],
] as const) {
  test(`${what}, for once, costs another try and nothing else`, async () => {
    await using s = await scene();
    s.server.mischief = first(1, mischief);
    const { code, stderr } = await s.clone.lockstep(['pull']);
    expect({ code, stderr }).toMatchObject({ code: 0 });
    expect(s.clone.read('one')).toBe(BIG);
    expect(s.clone.read('d/b')).toBe('b\n');
  });
}

test('what stays damaged is not kept and not put into the workspace; the rest comes', async () => {
  await using s = await scene();
  s.server.mischief = (request, response, bytes) => bytes.length === 2 && altering(request, response, bytes);
  const { code, stderr } = await s.clone.lockstep(['pull']);
  expect(code).toBe(1);
  expect(stderr).toContain('d/b (needed by one): ');
  expect(stderr).toContain('on the remote is damaged');
  expect(existsSync(s.clone.path('d'))).toBe(false);
  expect(s.clone.read('one')).toBe(BIG);
  const objects = readdirSync(s.clone.path('.lockstep/cache/sha256'), { recursive: true, encoding: 'utf8' });
  expect(objects.filter((name) => name.includes('/'))).toHaveLength(2);
  expect(readdirSync(s.clone.path('.lockstep/cache/tmp'))).toEqual([]);
});

test('a refusal stops at once and says what to do; no password is in the message', async () => {
  await using s = await scene();
  await s.clone.lockstep(['remote', 'modify', '--local', 'store', 'user', 'me']);
  await s.clone.lockstep(['remote', 'modify', '--local', 'store', 'password', 's3cr3t']);
  const heads: (string | undefined)[] = [];
  s.server.mischief = (request, response, bytes) => {
    heads.push(request.headers.authorization);
    return answering(403)(request, response, bytes);
  };
  const { code, stderr } = await s.clone.lockstep(['pull', '-j', '1']);
  expect(code).toBe(1);
  expect(stderr).toContain(`the remote ${s.url} cannot be used: it answers 403`);
  expect(stderr).toContain('lockstep remote modify --local');
  expect(stderr).not.toContain('s3cr3t');
  expect(heads).toEqual([`Basic ${Buffer.from('me:s3cr3t').toString('base64')}`]);
});

test('push over HTTP is refused in words', async () => {
  await using s = await scene();
  s.server.mischief = answering(404);
  const { code, stderr } = await s.p.lockstep(['push']);
  expect(code).toBe(1);
  expect(stderr).toContain('it is read over HTTP, which cannot write');
});
