import { createWriteStream, mkdirSync, rmSync } from 'node:fs';
import { basename, dirname, join, posix } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { fileURLToPath } from 'node:url';
import { LockstepError } from '../../base/error.ts';
import { forEachBounded } from '../../remotes/bounded.ts';
import type { Progress } from '../../remotes/line.ts';
import { checkScheme, openRemote } from '../../remotes/registry.ts';
import { type Listed, type Remote, RemoteError } from '../../remotes/remote.ts';
import { PATIENCE, retrying } from '../../remotes/retry.ts';
import { withoutSecrets } from '../../remotes/secrets.ts';
import type { Context } from '../context.ts';
import { showProgress } from './transfer-progress.ts';

/** A file, or a directory where the place can list what it has. */
export interface Address {
  /** `scheme://…`, or an absolute path. */
  readonly url: string;
  /** As of a configured remote. */
  readonly options: Readonly<Record<string, unknown>>;
}

interface Fetching {
  readonly context: Pick<Context, 'env' | 'signal' | 'stderr' | 'now' | 'quiet'>;
  readonly jobs: number;
  /** Absolute: where the file or the directory is to be. */
  readonly target: string;
}

interface Place {
  readonly remote: Remote;
  readonly signal: AbortSignal;
  readonly jobs: number;
  readonly progress: Progress;
}

/** Brings what is at an address. Throws `usage` for one that no remote knows, or where nothing is. */
export async function fetchAddress(address: Address, { context, jobs, target }: Fetching): Promise<void> {
  const { root, name } = partsOf(address.url);
  const shown = withoutSecrets(address.url);
  const progress = showProgress(context, 'fetching');
  let remote: Remote | undefined;
  try {
    remote = await openRemote({ url: root, options: address.options, env: context.env, jobs });
    const place = { remote, signal: context.signal, jobs, progress };
    if (!(await bringFile(place, name, target)) && !(await bringDirectory(place, name, target))) {
      const hint =
        remote.list === undefined ? 'a directory cannot be had from there: it does not list what it has' : '';
      throw new LockstepError('usage', `there is nothing at ${shown}`, hint === '' ? {} : { hint });
    }
  } catch (error) {
    if (context.signal.aborted) throw new LockstepError('interrupted', 'interrupted');
    if (!(error instanceof RemoteError)) throw error;
    throw new LockstepError('missing-data', `${shown} cannot be read: ${error.message}`, {
      ...(error.hint !== undefined && { hint: error.hint }),
      cause: error,
    });
  } finally {
    progress.end();
    await remote?.close();
  }
}

/** The last name of an address. Throws `usage` where it has none. */
export function nameOf(url: string): string {
  return partsOf(url).name;
}

/** What a remote is opened at, and what is then asked of it. */
function partsOf(url: string): { readonly root: string; readonly name: string } {
  checkScheme(url);
  if (/^file:\/\//i.test(url)) return partsOf(fileURLToPath(url));
  if (url.startsWith('/')) return { root: dirname(url), name: basename(url) };
  const [, origin = '', path = '', query = ''] = /^([a-z][a-z0-9+.-]*:\/\/[^/?#]*)([^?#]*)(\?[^#]*)?/i.exec(url) ?? [];
  const isWeb = /^https?:/i.test(url);
  const plain = path.replace(/\/+$/, '');
  const name = isWeb ? decodeURIComponent(posix.basename(plain)) : posix.basename(plain);
  if (name === '') throw new LockstepError('usage', `${withoutSecrets(url)} names no file or directory`);
  return { root: `${origin}${posix.dirname(plain).replace(/\/$/, '')}${isWeb ? query : ''}`, name };
}

/** False where no file has the name. */
async function bringFile({ remote, signal, progress }: Place, key: string, target: string): Promise<boolean> {
  try {
    await retrying(PATIENCE, signal, async () => {
      let moved = 0;
      try {
        const stream = await remote.read(key);
        stream.on('data', (chunk: Uint8Array) => {
          moved += chunk.length;
          progress.moved(chunk.length);
        });
        await pipeline(stream, createWriteStream(target, { flush: true }), { signal });
      } catch (error) {
        progress.moved(-moved);
        rmSync(target, { force: true });
        throw error;
      }
    });
    return true;
  } catch (error) {
    if (error instanceof RemoteError && error.fault === 'missing') return false;
    throw error;
  }
}

async function bringDirectory(place: Place, name: string, target: string): Promise<boolean> {
  const { list } = place.remote;
  if (list === undefined) return false;
  const found: Listed[] = [];
  for await (const one of list(`${name}/`)) if (!one.key.endsWith('/')) found.push(one);
  place.progress.expect(
    found.length,
    found.reduce((sum, { size }) => sum + size, 0),
  );
  await forEachBounded(found, place, async ({ key }, signal) => {
    const path = join(target, insideOf(name, key));
    mkdirSync(dirname(path), { recursive: true });
    if (!(await bringFile({ ...place, signal }, key, path))) {
      throw new LockstepError('missing-data', `${key} went away while the directory was fetched`, {
        hint: 'try again',
      });
    }
    place.progress.finished();
  });
  return found.length > 0;
}

/** The path below a directory. What would lead out of it was not put there by mistake. */
function insideOf(name: string, key: string): string {
  const path = key.slice(name.length + 1);
  if (path.split('/').every((part) => part !== '' && part !== '.' && part !== '..')) return path;
  throw new LockstepError('missing-data', `'${key}' is no name that a file can have here`);
}
