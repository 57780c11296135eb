import { createReadStream } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { Agent as HttpAgent } from 'node:http';
import { Agent as HttpsAgent } from 'node:https';
import { posix } from 'node:path';
import type { Readable } from 'node:stream';
import { AuthType, createClient, type FileStat, type WebDAVClient } from 'webdav';
import { begun } from './begun.ts';
import { forEachBounded } from './bounded.ts';
import { haveInDirectories } from './existence.ts';
import { faultOfNetwork, faultOfStatus } from './fault.ts';
import { type Listed, type Remote, type RemoteAddress, RemoteError, type Sending, textOption } from './remote.ts';
import { withoutSecrets } from './secrets.ts';
import { type Silence, silenceAfter } from './silence.ts';
import { inDirectory, isAbandoned, UNFINISHED, unfinishedKey } from './unfinished.ts';

/** So many names of one directory are asked for one by one. */
const FEW = 4;

interface Place {
  readonly client: WebDAVClient;
  /** Path on the server. */
  readonly root: string;
  /** Milliseconds without a byte after which a request is given up. */
  readonly silence: number;
}

/** A directory of a WebDAV server. */
export async function openWebdav(address: RemoteAddress): Promise<Remote> {
  const url = new URL(address.url.replace(/^webdav/, 'http'));
  const root = decodeURIComponent(url.pathname).replace(/\/+$/, '');
  const agents = await agentsOf(address);
  const client = createClient(url.origin, { ...agents, ...loginOf(address, url) });
  const at: Place = { client, root, silence: 1000 * Number(textOption(address, 'timeout') ?? 60) };
  const { jobs } = address;
  let swept: Promise<void> | undefined;
  return {
    url: withoutSecrets(address.url),
    have: (keys) => {
      const list = (from: string) => listBelow(at, from);
      return haveInDirectories(keys, { jobs, few: FEW, list, sizeOf: (key) => sizeOf(at, key) });
    },
    read: (key) => read(at, key),
    write: async (key, file) => {
      swept ??= sweep(at);
      await swept;
      await write(at, key, file);
    },
    remove: (keys) => forEachBounded(keys, { jobs }, (key) => remove(at, posix.join(root, key))),
    list: (prefix) => listBelow(at, prefix),
    close: async () => {
      if (swept !== undefined) await removeEmpty(at, posix.join(root, UNFINISHED)).catch(() => undefined);
      agents.httpAgent.destroy();
      agents.httpsAgent.destroy();
    },
  };
}

function loginOf(address: RemoteAddress, url: URL) {
  const option = (name: string) => textOption(address, name);
  const username = option('user') ?? decodeURIComponent(url.username);
  const password = option('password') ?? decodeURIComponent(url.password);
  const [token, header] = [option('token'), option('custom_auth_header')];
  const isAsked = option('ask_password')?.toLowerCase() === 'true' && password === '';
  if (isAsked || option('bearer_token_command') !== undefined) {
    throw new RemoteError('fatal', 'lockstep neither asks for a password nor runs a command for a token', {
      hint: CREDENTIALS,
    });
  }
  const authType = AuthType.None;
  if (token !== undefined) return { authType, headers: { Authorization: `Bearer ${token}` } };
  // Basic at first, and Digest where the server wants that.
  if (username !== '') return { authType: AuthType.Auto, username, password };
  return { authType, headers: header === undefined ? {} : { [header]: password } };
}

async function agentsOf(address: RemoteAddress) {
  const verify = textOption(address, 'ssl_verify') ?? 'true';
  const [certificate, key] = [textOption(address, 'cert_path'), textOption(address, 'key_path') ?? undefined];
  const common = { keepAlive: true, maxSockets: 64 };
  const isFlag = /^(?:true|false)$/i.test(verify);
  const httpsAgent = new HttpsAgent({
    ...common,
    rejectUnauthorized: verify.toLowerCase() !== 'false',
    ...(!isFlag && { ca: await certificateIn(verify) }),
    ...(certificate !== undefined && {
      cert: await certificateIn(certificate),
      key: await certificateIn(key ?? certificate),
    }),
  });
  return { httpAgent: new HttpAgent(common), httpsAgent };
}

async function certificateIn(path: string): Promise<Buffer> {
  try {
    return await readFile(path);
  } catch (error) {
    throw new RemoteError('fatal', `the certificate ${path} cannot be read`, { cause: error });
  }
}

async function sizeOf(at: Place, key: string): Promise<number | undefined> {
  const found = await request(at, (signal) => at.client.stat(posix.join(at.root, key), { signal })).catch(
    unlessMissing,
  );
  const stat = found as FileStat | undefined;
  return stat?.type === 'file' ? stat.size : undefined;
}

async function read(at: Place, key: string): Promise<Readable> {
  const silence = silenceAfter(at.silence);
  try {
    const path = posix.join(at.root, key);
    const options = { method: 'GET', headers: { 'Accept-Encoding': 'identity' }, signal: silence.signal };
    const { body } = (await at.client.customRequest(path, options)) as unknown as { readonly body: Readable };
    return await begun(touching(body, silence), (error) => faultOf(error, key));
  } catch (error) {
    silence.end();
    throw faultOf(error, key);
  }
}

async function* touching(body: Readable, silence: Silence): AsyncGenerator<Uint8Array, void> {
  try {
    for await (const piece of body) {
      silence.touch();
      yield piece;
    }
  } finally {
    silence.end();
    body.destroy();
  }
}

/** Servers write into a file of its name while it comes, so it comes under another. */
async function write(at: Place, key: string, file: Sending): Promise<void> {
  file.signal.throwIfAborted();
  const target = posix.join(at.root, key);
  const making = posix.join(at.root, unfinishedKey());
  const above = (path: string) => ({ isMissing: isParentMissing, make: () => makeDirectory(at, posix.dirname(path)) });
  try {
    await inDirectory(above(making), () => put(at, making, file));
    const move = () => request(at, (signal) => at.client.moveFile(making, target, { signal }));
    await inDirectory(above(target), move);
  } catch (error) {
    await remove(at, making).catch(() => undefined);
    if (file.signal.aborted) throw error;
    throw isParentMissing(error)
      ? new RemoteError('fatal', `${at.root}/ cannot be made there`, { cause: error })
      : error;
  }
}

async function put(at: Place, path: string, file: Sending): Promise<void> {
  const source = createReadStream(file.path, { highWaterMark: 256 * 1024 });
  const headers = { 'Content-Length': String(file.size) };
  try {
    await request(
      at,
      (signal, touch) => {
        source.on('data', touch);
        source.pause();
        return at.client.putFileContents(path, source, { headers, signal });
      },
      file.signal,
    );
  } finally {
    source.destroy();
  }
}

/** Its parents first where they are missing; that another made one meanwhile is answered by 405. */
async function makeDirectory(at: Place, path: string): Promise<void> {
  const make = () => request(at, (signal) => at.client.createDirectory(path, { signal }));
  try {
    await make();
  } catch (error) {
    if (isParentMissing(error) && path !== '/') {
      await makeDirectory(at, posix.dirname(path));
      await make().catch(unlessThere);
      return;
    }
    unlessThere(error);
  }
}

async function remove(at: Place, path: string): Promise<void> {
  await request(at, (signal) => at.client.deleteFile(path, { signal })).catch(unlessMissing);
}

async function removeEmpty(at: Place, path: string): Promise<void> {
  for await (const _ of entriesOf(at, path)) return;
  await remove(at, `${path}/`);
}

async function sweep(at: Place): Promise<void> {
  const directory = posix.join(at.root, UNFINISHED);
  for await (const { basename, lastmod } of entriesOf(at, directory)) {
    if (isAbandoned(basename, Date.parse(lastmod))) await remove(at, posix.join(directory, basename));
  }
}

async function* listBelow(at: Place, prefix: string): AsyncIterable<Listed> {
  for await (const { basename, type, size } of entriesOf(at, posix.join(at.root, prefix))) {
    const key = `${prefix}${basename}`;
    if (type === 'directory') yield* listBelow(at, `${key}/`);
    else yield { key, size };
  }
}

async function* entriesOf(at: Place, directory: string): AsyncIterable<FileStat> {
  const ask = (signal: AbortSignal) => at.client.getDirectoryContents(directory, { signal });
  const found = await request(at, ask).catch(unlessMissing);
  yield* (found ?? []) as readonly FileStat[];
}

async function request<Answer>(
  at: Place,
  ask: (signal: AbortSignal, touch: () => void) => Promise<Answer>,
  outer?: AbortSignal,
): Promise<Answer> {
  const silence = silenceAfter(at.silence, outer);
  try {
    return await ask(silence.signal, silence.touch);
  } catch (error) {
    throw outer?.aborted === true ? error : faultOf(error, 'it');
  } finally {
    silence.end();
  }
}

function unlessMissing(error: unknown): undefined {
  if (!(error instanceof RemoteError) || error.fault !== 'missing') throw error;
}

function unlessThere(error: unknown): void {
  if (statusOf(error) !== 405) throw error;
}

function isParentMissing(error: unknown): boolean {
  return [404, 409].includes(statusOf(error) ?? 0);
}

function statusOf(error: unknown): number | undefined {
  const { status } = ((error instanceof RemoteError ? error.cause : error) ?? {}) as { status?: unknown };
  return typeof status === 'number' ? status : undefined;
}

function faultOf(error: unknown, key: string): unknown {
  if (!(error instanceof Error) || error instanceof RemoteError) return error;
  // A connection serves nobody else before its answer is read.
  (error as { response?: { body?: Readable } }).response?.body?.resume();
  const cause = { cause: error };
  const status = statusOf(error);
  if (status !== undefined) {
    const fault = status === 423 ? 'transient' : faultOfStatus(status);
    if (fault === 'missing') return new RemoteError(fault, `${key} is not there`, cause);
    const isDenied = status === 401 || status === 403;
    return new RemoteError(fault, WHY.get(status) ?? `it answers ${status}`, {
      ...cause,
      ...(isDenied && { hint: CREDENTIALS }),
    });
  }
  const { code } = error as { code?: unknown };
  const why = error.name === 'AbortError' ? 'nothing comes any more' : String(code ?? error.message);
  return new RemoteError(faultOfNetwork(code) ?? 'transient', `it does not answer (${why})`, cause);
}

const WHY: ReadonlyMap<number, string> = new Map([
  [401, 'access is denied (401)'],
  [403, 'access is denied (403)'],
  [405, 'it is no WebDAV server, or one that cannot be written to (405)'],
  [507, 'its disk is full (507)'],
]);

const CREDENTIALS = 'set user, and password or token: lockstep remote modify --local NAME password …';
