import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { freePort } from '../../support/free-port.ts';
import { startPeer } from '../../support/peer-server.ts';

const ROOT = join(import.meta.dirname, '../../..');

/** A WebDAV server to talk to: the program that `LOCKSTEP_WEBDAV` names, or that of `.venv-webdav` in the project's root. */
export const REAL_WEBDAV: string | undefined = [
  process.env.LOCKSTEP_WEBDAV,
  join(ROOT, '.venv-webdav/bin/wsgidav'),
].find((path) => path !== undefined && existsSync(path));
if (REAL_WEBDAV === undefined) {
  const hint = 'python3 -m venv .venv-webdav && .venv-webdav/bin/pip install -r test/interop/webdav/requirements.txt';
  console.warn(`skipped: there is no WebDAV server to talk to (${hint})`);
}

export const USER = 'somebody';
export const PASSWORD = 's3cr3t';

export interface Webdav {
  readonly port: number;
  /** Where the server has its files. */
  readonly data: string;
  readonly stop: () => Promise<void>;
}

/** A server with one empty directory for one user, gone when it is stopped. */
export async function startWebdav(login: 'basic' | 'digest' = 'basic'): Promise<Webdav> {
  const root = mkdtempSync(join(tmpdir(), 'lockstep-webdav-'));
  const port = await freePort();
  const data = join(root, 'data');
  mkdirSync(data);
  const config = {
    host: '127.0.0.1',
    port,
    provider_mapping: { '/': data },
    simple_dc: { user_mapping: { '*': { [USER]: { password: PASSWORD } } } },
    http_authenticator: {
      accept_basic: login === 'basic',
      accept_digest: login === 'digest',
      default_to_digest: login === 'digest',
    },
  };
  writeFileSync(join(root, 'config.json'), JSON.stringify(config));
  const args = ['-c', join(root, 'config.json'), '-q'];
  const server = await startPeer({ program: REAL_WEBDAV ?? '', args, port });
  return {
    port,
    data,
    stop: async () => {
      await server.stop();
      rmSync(root, { recursive: true, force: true });
    },
  };
}
