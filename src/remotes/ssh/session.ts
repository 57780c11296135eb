import SftpClient from 'ssh2-sftp-client';
import { faultOfNetwork } from '../fault.ts';
import { RemoteError, type RemoteFault } from '../remote.ts';

/** The requests of the protocol. */
type Sftp = Awaited<ReturnType<SftpClient['connect']>>;
type Done<Answer> = (error: Error | null | undefined, answer?: Answer) => void;

/** Milliseconds between two signs of life, and how many may fail to come before the server is taken for gone. */
const ALIVE = { keepaliveInterval: 10_000, keepaliveCountMax: 3 };

/** One connection to a server. Many requests may be under way on it. */
export class Session {
  readonly #client: SftpClient;
  #sftp: Sftp | undefined;
  /** A request on a connection that is gone gets no answer at all from the library. */
  readonly #waiting = new Set<(error: Error) => void>();

  private constructor() {
    const gone = () => this.#end();
    this.#client = new SftpClient('lockstep', { error: gone, end: gone, close: gone });
  }

  static async open(options: SftpClient.ConnectOptions): Promise<Session> {
    const session = new Session();
    session.#sftp = await session.#client.connect({ ...ALIVE, ...options });
    return session;
  }

  get isOpen(): boolean {
    return this.#sftp !== undefined;
  }

  /** One request; its error is as the server gives it. */
  ask<Answer = void>(request: (sftp: Sftp, done: Done<Answer>) => void): Promise<Answer> {
    return new Promise((resolve, reject) => {
      if (this.#sftp === undefined) {
        reject(lost());
        return;
      }
      this.#waiting.add(reject);
      const done: Done<Answer> = (error, answer) => {
        this.#waiting.delete(reject);
        if (error) reject(error);
        else resolve(answer as Answer);
      };
      try {
        request(this.#sftp, done);
      } catch (error) {
        done(error instanceof Error ? error : new Error(String(error)));
      }
    });
  }

  async close(): Promise<void> {
    await this.#client.end().catch(() => undefined);
    this.#end();
  }

  #end(): void {
    this.#sftp = undefined;
    for (const reject of this.#waiting) reject(lost());
    this.#waiting.clear();
  }
}

function lost(): Error {
  return Object.assign(new Error('the connection is gone'), { code: STATUS.lost });
}

/** Status codes of SFTP. */
const STATUS = { end: 1, missing: 2, denied: 3, failure: 4, bad: 5, none: 6, lost: 7, unsupported: 8 } as const;

const FAULTS: ReadonlyMap<unknown, readonly [RemoteFault, string]> = new Map([
  [STATUS.end, ['transient', 'the file is shorter than it was']],
  [STATUS.missing, ['missing', 'it is not there']],
  [STATUS.denied, ['fatal', 'permission denied']],
  // OpenSSH has no other word for a full disk, nor for a busy one.
  [STATUS.failure, ['transient', 'the server says no more than that it failed; its disk may be full']],
  [STATUS.bad, ['transient', 'the server did not understand']],
  [STATUS.none, ['transient', 'there is no connection']],
  [STATUS.lost, ['transient', 'the connection is gone']],
  [STATUS.unsupported, ['fatal', 'the server cannot do that']],
]);

export function isMissing(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === STATUS.missing;
}

/** Tells what a request's error means. */
export function requestFault(error: unknown, doing: string): unknown {
  if (!(error instanceof Error) || error instanceof RemoteError) return error;
  const code = 'code' in error ? error.code : undefined;
  const [fault, why] = FAULTS.get(code) ?? [faultOfNetwork(code) ?? 'transient', error.message];
  return new RemoteError(fault, `${doing}: ${why}`, { cause: error });
}
