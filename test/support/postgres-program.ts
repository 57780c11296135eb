import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { chownSync, existsSync, mkdtempSync, readdirSync, rmSync, statSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import pg from 'pg';

/** Where Debian keeps the programs of a PostgreSQL server; `LOCKSTEP_POSTGRES_BIN` names another place. */
const PLACE = '/usr/lib/postgresql';

/** The directory with `initdb` and `postgres`; undefined, and said so, where there is none. */
export const POSTGRES_BIN: string | undefined = find();

function find(): string | undefined {
  const versions = existsSync(PLACE) ? readdirSync(PLACE).sort((a, b) => Number(b) - Number(a)) : [];
  const places = [process.env.LOCKSTEP_POSTGRES_BIN, ...versions.map((version) => join(PLACE, version, 'bin'))];
  const found = places.find((place) => place !== undefined && existsSync(join(place, 'initdb')));
  if (found === undefined)
    console.warn('skipped: there is no PostgreSQL server to talk to (apt-get install postgresql)');
  return found;
}

/** A PostgreSQL server on a port and in a directory of its own, both gone when it is disposed of. */
export class PostgresProgram implements AsyncDisposable {
  /** Of its one database, `postgres://postgres@127.0.0.1:PORT/postgres`. */
  readonly address: string;
  readonly #child: ChildProcess;
  readonly #directory: string;

  private constructor(parts: { readonly address: string; readonly child: ChildProcess; readonly directory: string }) {
    this.address = parts.address;
    this.#child = parts.child;
    this.#directory = parts.directory;
  }

  static async start(): Promise<PostgresProgram> {
    if (POSTGRES_BIN === undefined) throw new Error('there is no PostgreSQL server to start');
    const directory = mkdtempSync(join(tmpdir(), 'lockstep-postgres-'));
    const as = otherUser();
    if (as !== undefined) chownSync(directory, as.uid, as.gid);
    const data = join(directory, 'data');
    const options = { ...as, cwd: directory, env: { PATH: process.env.PATH, LC_ALL: 'C.UTF-8' } };
    const init = ['--pgdata', data, '--username', 'postgres', '--auth', 'trust', '--encoding', 'UTF8', '--no-sync'];
    await promisify(execFile)(join(POSTGRES_BIN, 'initdb'), init, options);
    const port = await freePort();
    // What is lost when the machine stops was only a test's.
    const settings = ['fsync=off', 'full_page_writes=off', 'listen_addresses=127.0.0.1'].flatMap((one) => ['-c', one]);
    const args = ['-D', data, '-p', String(port), '-k', directory, ...settings];
    const child = spawn(join(POSTGRES_BIN, 'postgres'), args, { ...options, stdio: ['ignore', 'ignore', 'pipe'] });
    const server = new PostgresProgram({ address: `postgres://postgres@127.0.0.1:${port}/postgres`, child, directory });
    try {
      await server.#answering();
      return server;
    } catch (error) {
      await server[Symbol.asyncDispose]();
      throw error;
    }
  }

  /** Until it lets somebody in. */
  async #answering(): Promise<void> {
    let said = '';
    this.#child.stderr?.setEncoding('utf8').on('data', (text: string) => {
      said += text;
    });
    for (;;) {
      const client = new pg.Client({ connectionString: this.address });
      client.on('error', () => {});
      try {
        await client.connect();
        await client.end();
        return;
      } catch (error) {
        if (this.#child.exitCode !== null) throw new Error(`PostgreSQL did not start: ${said}`, { cause: error });
        await sleep(20);
      }
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#child.exitCode === null && this.#child.signalCode === null) {
      // Its quickest proper end: connections are cut, nothing is written that a test would miss.
      this.#child.kill('SIGQUIT');
      await once(this.#child, 'close');
    }
    rmSync(this.#directory, { recursive: true, force: true });
  }
}

/** The server refuses to run as root. Who owns nothing that tests write can still own its directory. */
function otherUser(): { readonly uid: number; readonly gid: number } | undefined {
  if (process.getuid?.() !== 0) return undefined;
  const home = '/var/lib/postgresql';
  const { uid, gid } = existsSync(home) ? statSync(home) : { uid: 65_534, gid: 65_534 };
  return uid === 0 ? { uid: 65_534, gid: 65_534 } : { uid, gid };
}

async function freePort(): Promise<number> {
  const server = createServer();
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  server.close();
  await once(server, 'close');
  return typeof address === 'object' && address !== null ? address.port : 0;
}
