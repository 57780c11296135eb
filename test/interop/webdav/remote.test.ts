import { readdirSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { openRemote } from '../../../src/remotes/registry.ts';
import type { Remote } from '../../../src/remotes/remote.ts';
import { faultOf } from '../../contracts/fault-of.ts';
import { pushAndPull } from '../../contracts/push-and-pull.ts';
import { remoteContract } from '../../contracts/remote.ts';
import { freePort } from '../../support/free-port.ts';
import { PASSWORD, REAL_WEBDAV, startWebdav, USER, type Webdav } from './real-webdav.ts';

describe.skipIf(REAL_WEBDAV === undefined)('with a real WebDAV server', () => {
  for (const login of ['basic', 'digest'] as const) {
    remoteContract(`a directory over WebDAV, with a ${login} login`, async () => {
      const server = await startWebdav(login);
      // The server takes a `#` in the name that a file is moved to for the end of the name.
      return { remote: await open(server), end: server.stop, oddName: 'odd +%name' };
    });
  }

  test('push and pull', async () => {
    const server = await startWebdav();
    try {
      const url = `webdav://127.0.0.1:${server.port}/some/where`;
      await pushAndPull({
        url,
        options: { user: USER },
        secrets: { password: PASSWORD },
        broken: { name: 'password', value: 'not-the-s3cr3t', says: 'access is denied (401)' },
      });
      expect(readdirSync(join(server.data, 'some/where')).sort()).toEqual(['runs', 'sha256']);
    } finally {
      await server.stop();
    }
  });

  test('a wrong password is no passing fault, and no message shows it', async () => {
    const server = await startWebdav();
    try {
      const fault = await faultOf(await open(server, { password: 's3cr3t-2' }));
      expect(fault).toMatch(/^fatal: access is denied \(401\) \(set user, and password/);
      expect(fault).not.toContain('s3cr3t');
    } finally {
      await server.stop();
    }
  });

  test('a server that is gone may come back, one that knows no WebDAV will not learn it', async () => {
    expect(await faultOf(await open({ port: await freePort() }))).toMatch(/^transient: it does not answer \(ECONNREF/);
    const plain = createServer((_request, answer) => answer.writeHead(405).end());
    await new Promise<void>((resolve) => plain.listen(0, '127.0.0.1', resolve));
    const { port } = plain.address() as AddressInfo;
    expect(await faultOf(await open({ port }))).toMatch(/^fatal: it is no WebDAV server/);
    plain.close();
  });

  test('a server that breaks off, or says nothing any more, is given up', async () => {
    const hanging = createServer((request, answer) => {
      if (request.method !== 'GET') return;
      answer.writeHead(200, { 'content-length': '100000' }).write('x'.repeat(1000));
      if (request.url?.endsWith('cut') === true) setImmediate(() => answer.destroy());
    });
    await new Promise<void>((resolve) => hanging.listen(0, '127.0.0.1', resolve));
    const { port } = hanging.address() as AddressInfo;
    const remote = await open({ port }, { timeout: '1' });
    for (const key of ['sha256/aa/cut', 'sha256/aa/silent']) {
      const stream = await remote.read(key);
      await expect(stream.toArray()).rejects.toMatchObject({ fault: 'transient' });
    }
    await expect(remote.have(['sha256/aa/x'])).rejects.toMatchObject({ fault: 'transient' });
    await remote.close();
    hanging.close();
  });

  test('an upload that is called off midway leaves nothing', async () => {
    const server = await startWebdav();
    try {
      const remote = await open(server);
      const path = join(server.data, '../large');
      const size = 64 * 1024 * 1024;
      writeFileSync(path, Buffer.alloc(size, 'x'));
      const stop = new AbortController();
      const writing = remote.write('sha256/aa/large', { path, size, signal: stop.signal });
      while (readdirSync(server.data, { recursive: true }).every((name) => !String(name).includes('lockstep-'))) {
        await new Promise((resolve) => setImmediate(resolve));
      }
      stop.abort();
      await expect(writing).rejects.toThrow();
      await remote.close();
      expect(readdirSync(join(server.data, 'project'))).not.toContain('sha256');
    } finally {
      await server.stop();
    }
  });
});

async function open({ port }: Pick<Webdav, 'port'>, options = {}): Promise<Remote> {
  const url = `webdav://127.0.0.1:${port}/project`;
  return await openRemote({ url, options: { user: USER, password: PASSWORD, ...options }, env: {}, jobs: 4 });
}
