import { execFileSync } from 'node:child_process';
import { appendFileSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { openRemote } from '../../../src/remotes/registry.ts';
import type { Remote } from '../../../src/remotes/remote.ts';
import { PATIENCE, retrying } from '../../../src/remotes/retry.ts';
import { faultOf } from '../../contracts/fault-of.ts';
import { pushAndPull } from '../../contracts/push-and-pull.ts';
import { remoteContract } from '../../contracts/remote.ts';
import { freePort } from '../../support/free-port.ts';
import { makeKey, REAL_SSHD, type Sshd, startSshd } from './real-sshd.ts';

describe.skipIf(REAL_SSHD === undefined)('with a real SSH server', () => {
  remoteContract('a directory over SSH', async () => {
    const server = await startSshd();
    return { remote: await open(server), end: server.stop };
  });

  describe('a login', () => {
    let server: Sshd;
    beforeAll(async () => {
      server = await startSshd();
    });
    afterAll(() => server.stop());

    test('the settings of ~/.ssh/config name the host, the port, the user and the key', async () => {
      const { home, port, user, data } = server;
      const config = `Host storage\n  HostName 127.0.0.1\n  Port ${port}\n  User ${user}\n  IdentityFile ~/.ssh/id_ed25519\n`;
      writeFileSync(join(home, '.ssh/config'), config);
      const remote = await openRemote({ url: `ssh://storage${data}`, options: {}, env: { HOME: home }, jobs: 2 });
      expect(await faultOf(remote)).toBe('none');
      rmSync(join(home, '.ssh/config'));
    });

    test('a key that is not let in, or not there, is told with what was tried', async () => {
      makeKey(join(server.home, 'other'));
      for (const keyfile of [join(server.home, 'other'), '~/none']) {
        const remote = await open(server, { keyfile });
        expect(await faultOf(remote)).toMatch(/^fatal: 127.0.0.1 does not let .* in \(tried: .*(?:other|none)/);
      }
    });

    test('a key with a passphrase needs it, and no message shows it', async () => {
      const keyfile = join(server.home, 'locked');
      makeKey(keyfile, 's3cr3t phrase');
      appendFileSync(join(server.data, '../authorized_keys'), readFileSync(`${keyfile}.pub`));
      expect(await faultOf(await open(server, { keyfile, passphrase: 's3cr3t phrase' }))).toBe('none');
      expect(await faultOf(await open(server, { keyfile }))).toContain('it has a passphrase');
      const wrong = await faultOf(await open(server, { keyfile, passphrase: 's3cr3t' }));
      expect(wrong).toMatch(/^fatal: /);
      expect(wrong).not.toContain('s3cr3t');
    });

    test('the agent lets in, unless it is not to be asked', async () => {
      const keyfile = join(server.home, 'of-agent');
      makeKey(keyfile);
      appendFileSync(join(server.data, '../authorized_keys'), readFileSync(`${keyfile}.pub`));
      const socket = join(server.home, 'agent');
      const started = execFileSync('ssh-agent', ['-a', socket], { encoding: 'utf8' });
      try {
        execFileSync('ssh-add', ['-q', keyfile], { env: { ...process.env, SSH_AUTH_SOCK: socket }, stdio: 'pipe' });
        const known = { strict_host_key_checking: 'no', keyfile: '~/none' };
        expect(await faultOf(await open(server, known, { SSH_AUTH_SOCK: socket }))).toBe('none');
        const shy = await open(server, { ...known, allow_agent: 'false' }, { SSH_AUTH_SOCK: socket });
        expect(await faultOf(shy)).toMatch(/^fatal: /);
      } finally {
        process.kill(Number(/SSH_AGENT_PID=(\d+)/.exec(started)?.[1]));
      }
    });

    test('a host is remembered when it is first seen, and refused once it shows another key', async () => {
      const file = join(server.home, '.ssh/known_hosts');
      rmSync(file, { force: true });
      expect(await faultOf(await open(server, { strict_host_key_checking: 'yes' }))).toContain('nobody has vouched');
      expect(await faultOf(await open(server))).toBe('none');
      expect(readFileSync(file, 'utf8')).toMatch(/^\[127\.0\.0\.1\]:\d+ ssh-ed25519 \S+\n$/);
      expect(await faultOf(await open(server, { strict_host_key_checking: 'yes' }))).toBe('none');
      execFileSync('ssh-keygen', ['-H', '-f', file], { stdio: 'pipe' });
      expect(await faultOf(await open(server, { strict_host_key_checking: 'yes' }))).toBe('none');
      await server.changeHostKey();
      expect(await faultOf(await open(server))).toMatch(/^fatal: another key than the one that is known/);
      expect(await faultOf(await open(server, { strict_host_key_checking: 'no' }))).toBe('none');
    });

    test('a host that is gone may come back, one without a name may not', async () => {
      const port = await freePort();
      expect(await faultOf(await open({ ...server, port }))).toMatch(/^transient: 127\.0\.0\.1 does not answer/);
      const url = 'ssh://nowhere.invalid/data';
      const remote = await openRemote({ url, options: {}, env: { HOME: server.home }, jobs: 1 });
      expect(await faultOf(remote)).toMatch(/^(?:fatal: there is no host|transient: .*EAI_AGAIN)/);
    });
  });

  test('a connection that is cut is a passing fault, and the next request makes a new one', async () => {
    const server = await startSshd();
    try {
      const remote = await open(server);
      const path = join(server.home, 'large');
      writeFileSync(path, Buffer.alloc(64 * 1024 * 1024, 'x'));
      const { signal } = new AbortController();
      await remote.write('sha256/aa/large', { path, size: 64 * 1024 * 1024, signal });
      const stream = await remote.read('sha256/aa/large');
      const reading = (async () => {
        let isFirst = true;
        for await (const _ of stream) {
          if (isFirst) server.cutConnections();
          isFirst = false;
        }
      })();
      await expect(reading).rejects.toMatchObject({ fault: 'transient' });
      const again = await retrying(PATIENCE, signal, () => remote.have(['sha256/aa/large']));
      expect([...again]).toEqual([['sha256/aa/large', 64 * 1024 * 1024]]);
      await remote.close();
      expect(readdirSync(server.data)).toEqual(['sha256']);
    } finally {
      await server.stop();
    }
  });

  test('push and pull', async () => {
    const server = await startSshd();
    try {
      await pushAndPull({
        url: `ssh://${server.user}@127.0.0.1:${server.port}${server.data}/project`,
        options: { keyfile: join(server.home, '.ssh/id_ed25519') },
        secrets: { passphrase: 's3cr3t' },
        broken: { name: 'url', value: `ssh://${server.user}@127.0.0.1:${server.port}/proc/none`, says: 'cannot write' },
      });
    } finally {
      await server.stop();
    }
  });
});

async function open(server: Pick<Sshd, 'port' | 'user' | 'home' | 'data'>, options = {}, env = {}): Promise<Remote> {
  const url = `ssh://${server.user}@127.0.0.1:${server.port}${server.data}`;
  return await openRemote({ url, options, env: { HOME: server.home, ...env }, jobs: 4 });
}
