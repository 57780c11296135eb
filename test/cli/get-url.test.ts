import { once } from 'node:events';
import { existsSync, readdirSync } from 'node:fs';
import { createServer, type RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';
import { expect, test } from 'vitest';
import { type ProjectRig, project } from '../support/rig.ts';

async function scene(): Promise<ProjectRig> {
  return await project({ 'there/a.txt': 'a\n', 'there/d/b': 'b\n', 'there/d/e/c': 'c\n' });
}

/** Serves until the work is done. */
async function serving(answer: RequestListener, work: (url: string) => Promise<void>): Promise<void> {
  const server = createServer(answer);
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  try {
    await work(`http://127.0.0.1:${(server.address() as AddressInfo).port}`);
  } finally {
    server.closeAllConnections();
    server.close();
  }
}

test('a file and a directory by their paths, without a word and without tracking', async () => {
  await using p = await scene();
  expect(await p.lockstep(['get-url', 'there/a.txt'])).toEqual({ code: 0, stdout: '', stderr: '' });
  expect(await p.lockstep(['get-url', `file://${p.path('there/d')}`, 'new/d'])).toMatchObject({ code: 0 });
  expect([p.read('a.txt'), p.read('new/d/b'), p.read('new/d/e/c')]).toEqual(['a\n', 'b\n', 'c\n']);
  await p.lockstep(['get-url', 'there/a.txt', 'new']);
  expect(p.read('new/a.txt')).toBe('a\n');
  expect(readdirSync(p.path('new')).toSorted()).toEqual(['a.txt', 'd']);
});

test('what is there is replaced with --force only', async () => {
  await using p = await scene();
  p.write('a.txt', 'mine\n');
  expect(await p.lockstep(['get-url', 'there/a.txt'])).toMatchObject({ code: 2 });
  expect(p.read('a.txt')).toBe('mine\n');
  expect(await p.lockstep(['get-url', '-f', 'there/a.txt'])).toMatchObject({ code: 0 });
  expect(p.read('a.txt')).toBe('a\n');
});

test('a place on a configured remote', async () => {
  await using p = await scene();
  await p.lockstep(['remote', 'add', 'store', p.path('there')]);
  expect(await p.lockstep(['get-url', 'remote://store/d', 'out', '-j', '2'])).toMatchObject({ code: 0 });
  expect(p.read('out/e/c')).toBe('c\n');
  expect(await p.lockstep(['get-url', 'remote://stor/d'])).toMatchObject({ code: 2 });
});

test('from a web server, by its query too, and another time where it broke off', async () => {
  await using p = await scene();
  let asked = 0;
  await serving(
    (request, response) => {
      asked += 1;
      if (request.url !== '/x/a%20b.csv?v=1') return void response.writeHead(404).end();
      response.writeHead(200, { 'content-length': 6 });
      if (asked === 1) response.write('one', () => response.destroy());
      else response.end('one\ntw');
    },
    async (url) => {
      expect(await p.lockstep(['get-url', `${url}/x/a%20b.csv?v=1`])).toMatchObject({ code: 0, stderr: '' });
      expect(p.read('a b.csv')).toBe('one\ntw');
      const { code, stderr } = await p.lockstep(['get-url', `${url.replace('//', '//me:secret@')}/nothing?token=abc`]);
      expect(code).toBe(2);
      expect(stderr).toContain(`there is nothing at ${url}/nothing`);
      expect(stderr).not.toMatch(/secret|abc/);
    },
  );
});

test('what is interrupted leaves nothing behind', async () => {
  await using p = await scene();
  p.write('a.csv', 'old\n');
  const before = readdirSync(p.root).toSorted();
  const stop = new AbortController();
  await serving(
    (_, response) => {
      response.writeHead(200, { 'content-length': 6 });
      response.write('one', () => stop.abort());
    },
    async (url) => {
      expect(await p.lockstep(['get-url', '-f', `${url}/a.csv`], { signal: stop.signal })).toMatchObject({ code: 130 });
    },
  );
  expect(p.read('a.csv')).toBe('old\n');
  expect(readdirSync(p.root).toSorted()).toEqual(before);
});

test('addresses that are none are mistakes', async () => {
  await using p = await scene();
  for (const address of ['nowhere', 'foo://bucket/a', 'https://example.org/', 's3://bucket']) {
    expect(await p.lockstep(['get-url', address])).toMatchObject({ code: 2, stdout: '' });
  }
  expect(existsSync(p.path('nowhere'))).toBe(false);
});
