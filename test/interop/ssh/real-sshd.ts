import { execFileSync } from 'node:child_process';
import { copyFileSync, existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir, userInfo } from 'node:os';
import { join } from 'node:path';
import { freePort } from '../../support/free-port.ts';
import { type PeerServer, startPeer } from '../../support/peer-server.ts';

const PROGRAMS = ['/usr/sbin/sshd', '/usr/local/sbin/sshd', '/usr/bin/sshd'];

/** OpenSSH's server: the program that `LOCKSTEP_SSHD` names, or the system's. */
export const REAL_SSHD: string | undefined = [process.env.LOCKSTEP_SSHD, ...PROGRAMS].find(
  (path) => path !== undefined && existsSync(path),
);
if (REAL_SSHD === undefined) {
  console.warn('skipped: there is no SSH server to talk to (apt-get install openssh-server)');
}

export interface Sshd {
  readonly port: number;
  readonly user: string;
  /** A home with a key in `.ssh/id_ed25519` that is let in. */
  readonly home: string;
  /** An empty directory. */
  readonly data: string;
  /** As if the server had been made anew. */
  readonly changeHostKey: () => Promise<void>;
  /** Ends all connections; a server is there for new ones. */
  readonly cutConnections: () => void;
  readonly stop: () => Promise<void>;
}

/** A server for this user, who logs in by key; gone with all its files when it is stopped. */
export async function startSshd(): Promise<Sshd> {
  const root = mkdtempSync(join(tmpdir(), 'lockstep-sshd-'));
  const port = await freePort();
  const home = join(root, 'home');
  mkdirSync(join(home, '.ssh'), { recursive: true, mode: 0o700 });
  makeKey(join(home, '.ssh/id_ed25519'));
  copyFileSync(join(home, '.ssh/id_ed25519.pub'), join(root, 'authorized_keys'));
  makeKey(join(root, 'host'));
  writeFileSync(join(root, 'config'), configOf(root, port));
  // Of a privileged server; it is there where the system starts one itself.
  if (userInfo().uid === 0) mkdirSync('/run/sshd', { recursive: true });
  mkdirSync(join(root, 'data'));
  let server = await start(root, port);
  return {
    port,
    user: userInfo().username,
    home,
    data: join(root, 'data'),
    changeHostKey: async () => {
      await server.stop();
      rmSync(join(root, 'host'));
      makeKey(join(root, 'host'));
      server = await start(root, port);
    },
    cutConnections: () => {
      const children = execFileSync('ps', ['-o', 'pid=', '--ppid', String(server.child.pid)], { encoding: 'utf8' });
      for (const pid of children.trim().split(/\s+/)) process.kill(Number(pid));
    },
    stop: async () => {
      await server.stop();
      rmSync(root, { recursive: true, force: true });
    },
  };
}

export function makeKey(path: string, passphrase = ''): void {
  execFileSync('ssh-keygen', ['-q', '-t', 'ed25519', '-N', passphrase, '-f', path]);
}

function configOf(root: string, port: number): string {
  return [
    `Port ${port}`,
    'ListenAddress 127.0.0.1',
    `HostKey ${join(root, 'host')}`,
    `AuthorizedKeysFile ${join(root, 'authorized_keys')}`,
    `PidFile ${join(root, 'pid')}`,
    'StrictModes no',
    'UsePAM no',
    'PermitRootLogin yes',
    'PasswordAuthentication no',
    'Subsystem sftp internal-sftp',
  ].join('\n');
}

async function start(root: string, port: number): Promise<PeerServer> {
  return await startPeer({ program: REAL_SSHD ?? '', args: ['-D', '-e', '-f', join(root, 'config')], port });
}
