import { createWriteStream, mkdirSync, mkdtempSync, renameSync, rmSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { dirname, join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { LockstepError } from '../base/error.ts';
import { ROOT, resolveInProject } from '../base/project-path.ts';
import { forEachBounded } from '../remotes/bounded.ts';
import { openRemote } from '../remotes/registry.ts';
import { type Listed, type Remote, RemoteError } from '../remotes/remote.ts';
import { PATIENCE, retrying } from '../remotes/retry.ts';
import { withoutSecrets } from '../remotes/secrets.ts';
import type { Context } from './context.ts';
import { showProgress } from './remotes/transfer-progress.ts';

export interface FetchedAddress {
  /** `scheme://…`, or an absolute path. */
  readonly url: string;
  /** Absolute. */
  readonly target: string;
  /** Makes the place free, once everything is ready to go there. */
  readonly free: () => Promise<void>;
  readonly jobs?: number;
  /** As of a configured remote. */
  readonly options?: Readonly<Record<string, unknown>>;
}

/**
 * Downloads what an address has, a file or all that is below it, as far as such a place can list what it has. It is
 * made ready beside its place, so that it comes whole or not at all.
 */
export async function fetchAddress(
  context: Context,
  { url, target, free, jobs, options }: FetchedAddress,
): Promise<void> {
  mkdirSync(dirname(target), { recursive: true });
  const making = mkdtempSync(join(dirname(target), '.lockstep-get-'));
  try {
    const whole = join(making, 'whole');
    await download(context, { url, whole, jobs: jobs ?? 2 * availableParallelism(), options: options ?? {} });
    await free();
    renameSync(whole, target);
  } catch (error) {
    if (context.signal.aborted) throw new LockstepError('interrupted', 'interrupted');
    if (!(error instanceof RemoteError)) throw error;
    throw new LockstepError('missing-data', `${withoutSecrets(url)} cannot be fetched: ${error.message}`, {
      ...(error.hint !== undefined && { hint: error.hint }),
      cause: error,
    });
  } finally {
    rmSync(making, { recursive: true, force: true });
  }
}

interface Download {
  readonly url: string;
  readonly whole: string;
  readonly jobs: number;
  readonly options: Readonly<Record<string, unknown>>;
}

async function download(context: Context, { url, whole, jobs, options }: Download): Promise<void> {
  const { directory, name } = splitAddress(url);
  const { env, signal } = context;
  const remote = await openRemote({ url: directory, options, env, jobs });
  const progress = showProgress(context, 'fetching');
  const take = (key: string, to: string) =>
    retrying(PATIENCE, signal, async () => {
      mkdirSync(dirname(to), { recursive: true });
      await pipeline(await remote.read(key), counted(progress.moved), createWriteStream(to, { flush: true }), {
        signal,
      });
      progress.finished();
    });
  try {
    const files = await retrying(PATIENCE, signal, () => filesBelow(remote, `${name}/`));
    if (files.length === 0) {
      progress.expect(1, 0);
      return await take(name, whole);
    }
    progress.expect(
      files.length,
      files.reduce((sum, { size }) => sum + size, 0),
    );
    await forEachBounded(files, { jobs, signal }, async ({ key }) => {
      const path = resolveInProject(ROOT, key.slice(name.length + 1));
      if (path === undefined) throw new RemoteError('fatal', `it has a file called ${key}, which leads out of it`);
      await take(key, join(whole, path));
    });
  } finally {
    progress.end();
    await remote.close();
  }
}

/** A directory is what has something below it. */
async function filesBelow({ list }: Remote, prefix: string): Promise<readonly Listed[]> {
  const found: Listed[] = [];
  for await (const one of list?.(prefix) ?? []) if (!one.key.endsWith('/')) found.push(one);
  return found;
}

function counted(moved: (bytes: number) => void) {
  return async function* (bytes: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array, void> {
    for await (const chunk of bytes) {
      moved(chunk.length);
      yield chunk;
    }
  };
}

/** `https://host/a/b?c` is `b` in `https://host/a?c`. */
export function splitAddress(url: string): { readonly directory: string; readonly name: string } {
  const [, place = url, query = ''] = /^([^?]*)(\?.*)?$/.exec(url) ?? [];
  const path = place.replace(/\/+$/, '');
  const at = path.lastIndexOf('/');
  const name = path.slice(at + 1);
  if (at < 0 || name === '' || path.slice(0, at + 1).endsWith('://')) {
    throw new LockstepError('usage', `${withoutSecrets(url)} names no file`, {
      hint: 'give the address of what to fetch',
    });
  }
  const isWeb = /^(?:https?|webdavs?):/i.test(url);
  return {
    directory: `${path.slice(0, at) || '/'}${isWeb ? query : ''}`,
    name: isWeb ? decodeURIComponent(name) : name,
  };
}
