import { Readable } from 'node:stream';
import { forEachBounded } from './bounded.ts';
import { faultOfStatus } from './fault.ts';
import { type Remote, type RemoteAddress, RemoteError, textOption } from './remote.ts';
import { withoutSecrets } from './secrets.ts';

/** Milliseconds without a byte after which a connection is given up. */
const SILENCE = 60_000;

interface Place {
  /** Without credentials, without a slash at its end. */
  readonly root: string;
  readonly query: string;
  readonly headers: Readonly<Record<string, string>>;
}

/** A web server that hands out what others put there. Nothing can be written to it, and it lists nothing. */
export async function openHttp(address: RemoteAddress): Promise<Remote> {
  const place = placeOf(address);
  const { root } = place;
  const readOnly = async (): Promise<never> => {
    throw new RemoteError('fatal', 'it is read over HTTP, which cannot write', {
      hint: 'push to where the server has its files from, and pull over HTTP',
    });
  };
  return {
    url: root,
    have: async (keys) => {
      const found = new Map<string, number | undefined>();
      await forEachBounded(keys, { jobs: address.jobs }, async (key, signal) => {
        const answer = await ask(place, { key, method: 'HEAD', signal });
        if (answer !== undefined) found.set(key, lengthOf(answer));
      });
      return found;
    },
    read: async (key) => {
      const stop = new AbortController();
      const answer = await ask(place, { key, method: 'GET', signal: stop.signal });
      if (answer === undefined) throw new RemoteError('missing', `${key} is not there`);
      return bodyOf(answer, stop);
    },
    write: readOnly,
    remove: readOnly,
    list: undefined,
    close: async () => {},
  };
}

function placeOf(address: RemoteAddress): Place {
  const url = new URL(address.url);
  const user = textOption(address, 'user') ?? decodeURIComponent(url.username);
  const password = textOption(address, 'password') ?? decodeURIComponent(url.password);
  const header = textOption(address, 'custom_auth_header');
  const headers: Record<string, string> = { 'accept-encoding': 'identity' };
  if (header !== undefined) headers[header] = password;
  else if (user !== '') headers.authorization = `Basic ${Buffer.from(`${user}:${password}`).toString('base64')}`;
  return { root: withoutSecrets(address.url).replace(/\/+$/, ''), query: url.search, headers };
}

interface Question {
  readonly key: string;
  readonly method: 'GET' | 'HEAD';
  readonly signal: AbortSignal;
}

/** Undefined for what is not there. */
async function ask({ root, query, headers }: Place, { key, method, signal }: Question): Promise<Response | undefined> {
  const url = `${root}/${key.split('/').map(encodeURIComponent).join('/')}${query}`;
  const silence = new AbortController();
  const timer = setTimeout(() => silence.abort(new Error('no answer')), SILENCE);
  let answer: Response;
  try {
    answer = await fetch(url, { method, headers, signal: AbortSignal.any([signal, silence.signal]) });
  } catch (error) {
    if (signal.aborted) throw error;
    const cause = error instanceof Error && error.cause instanceof Error ? error.cause.message : String(error);
    throw new RemoteError('transient', `it does not answer: ${cause}`, { cause: error });
  } finally {
    clearTimeout(timer);
  }
  if (answer.ok) return answer;
  await answer.body?.cancel();
  const fault = faultOfStatus(answer.status);
  if (fault === 'missing') return undefined;
  throw new RemoteError(fault, `it answers ${answer.status} ${answer.statusText}`.trimEnd(), {
    ...(/^40[13]$/.test(String(answer.status)) && {
      hint: 'set user and password: lockstep remote modify --local NAME password …',
    }),
  });
}

function lengthOf({ headers }: Response): number | undefined {
  const length = headers.get('content-length');
  return length === null || headers.get('content-encoding') !== null ? undefined : Number(length);
}

/** The bytes, with an error where there are fewer of them than were announced, or none come any more. */
function bodyOf(answer: Response, stop: AbortController): Readable {
  const expected = lengthOf(answer);
  const reader = answer.body?.getReader();
  async function* pieces(): AsyncGenerator<Uint8Array, void> {
    let size = 0;
    try {
      for (;;) {
        const { done, value } = (await withinTime(reader?.read(), stop)) ?? { done: true, value: undefined };
        if (done || value === undefined) break;
        size += value.length;
        yield value;
      }
    } finally {
      stop.abort();
    }
    if (expected === undefined || expected === size) return;
    throw new RemoteError('transient', `it broke off after ${size} of ${expected} bytes`);
  }
  return Readable.from(pieces(), { objectMode: false });
}

async function withinTime<Result>(work: Promise<Result> | undefined, stop: AbortController) {
  const timer = setTimeout(() => stop.abort(), SILENCE);
  try {
    return await work;
  } catch (error) {
    throw new RemoteError('transient', stop.signal.aborted ? 'nothing comes any more' : 'the connection broke off', {
      cause: error,
    });
  } finally {
    clearTimeout(timer);
  }
}
