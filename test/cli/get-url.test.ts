import { once } from 'node:events';
import { readdirSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { expect, test } from 'vitest';
import { project } from '../support/rig.ts';

test('a file comes from a web server, whole or not at all, and over nothing that is there', async () => {
  let times = 0;
  const server = createServer((request, response) => {
    times += 1;
    if (request.url?.startsWith('/data/my%20raw.csv?') !== true) return void response.writeHead(404).end();
    // Broken off at the first time.
    response.writeHead(200, { 'content-length': 5 });
    if (times === 1) response.write('a', () => response.destroy());
    else response.end('a,b\n1');
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const at = `http://127.0.0.1:${(server.address() as AddressInfo).port}/data`;
  try {
    await using p = await project({});
    expect(await p.lockstep(['get-url', `${at}/my%20raw.csv?key=s3cr3t`])).toMatchObject({ code: 0, stderr: '' });
    expect(p.read('my raw.csv')).toBe('a,b\n1');
    const again = await p.lockstep(['get-url', `${at}/my%20raw.csv?key=s3cr3t`]);
    expect([again.code, again.stderr]).toEqual([2, expect.stringContaining('is there already')]);
    expect((await p.lockstep(['get-url', '-f', `${at}/my%20raw.csv?key=s3cr3t`, 'my raw.csv'])).code).toBe(0);
    const { code, stderr } = await p.lockstep(['get-url', `${at}/none?key=s3cr3t`]);
    expect(code).toBe(1);
    expect(stderr).toContain(`${at}/none cannot be fetched: none is not there`);
    expect(stderr).not.toContain('s3cr3t');
    expect(readdirSync(p.root).sort()).toEqual(['.lockstep', 'my raw.csv']);
  } finally {
    server.close();
  }
});

test('a directory comes with all that is below it', async () => {
  await using p = await project({ 'from/a': 'a\n', 'from/deep/b': 'b\n', 'to/c': 'c\n' });
  expect(await p.lockstep(['get-url', 'from', 'to', '-j', '2'])).toMatchObject({ code: 0 });
  expect([p.read('to/from/a'), p.read('to/from/deep/b'), p.read('to/c')]).toEqual(['a\n', 'b\n', 'c\n']);
  expect((await p.lockstep(['get-url', 'nowhere'])).stderr).toContain('cannot be fetched: nowhere is not there');
  expect((await p.lockstep(['get-url', 'from', 'x', '-j', '0'])).code).toBe(2);
});

test('a place on a configured remote, and what is interrupted leaves nothing behind', async () => {
  await using p = await project({ 'there/d/e/c': 'c\n', 'a.csv': 'old\n' });
  await p.lockstep(['remote', 'add', 'store', p.path('there')]);
  expect(await p.lockstep(['get-url', 'remote://store/d', 'out', '-j', '2'])).toMatchObject({ code: 0, stderr: '' });
  expect(p.read('out/e/c')).toBe('c\n');
  expect(await p.lockstep(['get-url', 'remote://stor/d'])).toMatchObject({ code: 2 });
  const before = readdirSync(p.root).toSorted();
  const stop = new AbortController();
  const server = createServer((_, response) => {
    response.writeHead(200, { 'content-length': 6 });
    response.write('one', () => stop.abort());
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/a.csv`;
  expect(await p.lockstep(['get-url', '-f', url], { signal: stop.signal })).toMatchObject({ code: 130 });
  server.closeAllConnections();
  server.close();
  expect(p.read('a.csv')).toBe('old\n');
  expect(readdirSync(p.root).toSorted()).toEqual(before);
});
