import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { LockstepError } from '../base/error.ts';
import { stoppage } from '../remotes/line.ts';
import { RemoteError } from '../remotes/remote.ts';
import { PATIENCE, retrying } from '../remotes/retry.ts';
import type { S3Remote } from '../remotes/s3.ts';
import { type ArtifactContents, contentKey } from '../server/artifact-contents.ts';
import type { Context } from './context.ts';
import { findRoot } from './project-root.ts';

export const ARTIFACTS_OPTION = {
  type: 'string',
  value: 'DIR',
  help: "where artifacts are kept: a directory, or s3://bucket/prefix (default: the project's .lockstep/artifacts)",
} as const;

export interface OpenArtifacts {
  /** Where artifacts come in. */
  readonly directory: string;
  /** Undefined where they stay in the directory. */
  readonly contents: ArtifactContents | undefined;
  close(): Promise<void>;
}

type Where = Pick<Context, 'cwd' | 'env'>;

export async function openArtifacts(context: Where, given: string | undefined): Promise<OpenArtifacts> {
  const scheme = given === undefined ? undefined : /^([A-Za-z][\w+.-]+):\/\//.exec(given)?.[1]?.toLowerCase();
  if (given !== undefined && scheme === 's3') return await openInBucket(context, given);
  if (given !== undefined && scheme !== undefined) {
    throw new LockstepError('usage', `--artifacts needs a directory or s3://bucket/prefix, not '${given}'`);
  }
  const directory = given === undefined ? ownDirectory(context) : resolve(context.cwd, given);
  if (directory === undefined) {
    throw new LockstepError('no-project', 'no project here to keep artifacts in', {
      hint: '--artifacts DIR says where they belong',
    });
  }
  return { directory, contents: undefined, close: async () => {} };
}

function ownDirectory({ cwd }: Pick<Context, 'cwd'>): string | undefined {
  const root = findRoot(cwd);
  return root === undefined ? undefined : resolve(root, '.lockstep/artifacts');
}

/** What comes in waits on this machine until it is whole: only then is it known what its name will be. */
async function openInBucket(context: Where, url: string): Promise<OpenArtifacts> {
  const { openS3 } = await import('../remotes/s3.ts');
  const bucket = await openS3({ url, options: {}, env: context.env, jobs: 1 });
  const stop = new AbortController();
  const asking = askingOf(bucket, stop.signal);
  const own = ownDirectory(context);
  const directory = own ?? mkdtempSync(join(tmpdir(), 'lockstep-artifacts-'));
  const close = async () => {
    stop.abort();
    await bucket.close();
    if (own === undefined) rmSync(directory, { recursive: true, force: true });
  };
  try {
    // A server that could keep nothing would be found out by the first training that ends.
    await asking(() => bucket.have(['sha256']));
  } catch (error) {
    await close();
    throw error;
  }
  return { directory, contents: contentsOf(bucket, asking), close };
}

type Asking = <Answer>(ask: (signal: AbortSignal) => Promise<Answer>) => Promise<Answer>;

/** Tries again where that may help. */
function askingOf(bucket: S3Remote, signal: AbortSignal): Asking {
  return async (ask) => {
    try {
      return await retrying(PATIENCE, signal, () => ask(signal));
    } catch (error) {
      if (error instanceof RemoteError && error.fault !== 'missing') throw stoppage(bucket, error);
      throw error;
    }
  };
}

function contentsOf(bucket: S3Remote, asking: Asking): ArtifactContents {
  const isThere: ArtifactContents['settle'] = async ({ digest, size }) => {
    const key = contentKey(digest);
    return (await asking(() => bucket.have([key]))).get(key) === size;
  };
  return {
    async send(content, path) {
      if (await isThere(content, path)) return;
      const { digest, size } = content;
      await asking((signal) => bucket.write(contentKey(digest), { path, size, signal }));
    },
    settle: isThere,
    open: ({ digest }, range) => asking(() => bucket.readPart(contentKey(digest), range)),
    drop: (digest) => asking(() => bucket.remove([contentKey(digest)])),
  };
}
