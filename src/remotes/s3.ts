import { createHash } from 'node:crypto';
import type { Readable } from 'node:stream';
import { DeleteObjectsCommand, GetObjectCommand } from '@aws-sdk/client-s3';
import { type Remote, type RemoteAddress, RemoteError } from './remote.ts';
import { asking, type Bucket, openBucket } from './s3-client.ts';
import { have, list } from './s3-listing.ts';
import { write } from './s3-upload.ts';

/** So many objects are removed by one request. */
const MOST_REMOVED = 1000;

/** Which bytes, if not all; both ends count. */
export interface Part {
  readonly start: number;
  readonly end: number;
}

export interface S3Remote extends Remote {
  readPart(key: string, part: Part | undefined): Promise<Readable>;
}

/** Amazon S3, and servers that speak its protocol. */
export async function openS3(address: RemoteAddress): Promise<S3Remote> {
  const at = await openBucket(address);
  return {
    url: `s3://${at.bucket}/${at.prefix.slice(0, -1)}`,
    have: (keys) => have(at, keys, address.jobs),
    read: (key, signal) => read(at, key, { signal }),
    readPart: (key, part) => read(at, key, { part }),
    write: (key, file) => write(at, key, file),
    remove: (keys) => remove(at, keys),
    list: (from) => list(at, from),
    close: async () => at.client.destroy(),
  };
}

interface Reading {
  readonly signal?: AbortSignal | undefined;
  readonly part?: Part | undefined;
}

async function read(at: Bucket, key: string, { signal, part }: Reading): Promise<Readable> {
  const request = {
    ...at.sealed,
    Bucket: at.bucket,
    Key: at.prefix + key,
    ...(part !== undefined && { Range: `bytes=${part.start}-${part.end}` }),
  };
  const sent = () => at.client.send(new GetObjectCommand(request), signal === undefined ? {} : { abortSignal: signal });
  return (await asking(at, key, sent)).Body as Readable;
}

async function remove(at: Bucket, keys: readonly string[]): Promise<void> {
  for (let from = 0; from < keys.length; from += MOST_REMOVED) {
    const names = keys.slice(from, from + MOST_REMOVED).map((key) => ({ Key: at.prefix + key }));
    const command = new DeleteObjectsCommand({ Bucket: at.bucket, Delete: { Objects: names, Quiet: true } });
    addContentMd5(command);
    const { Errors: [failed] = [] } = await asking(at, 'objects', () => at.client.send(command));
    if (failed !== undefined) throw new RemoteError('fatal', `${failed.Key} cannot be removed: ${failed.Code}`);
  }
}

/** Servers from before 2025 know no other checksum for this request, and refuse it without one. */
function addContentMd5(command: DeleteObjectsCommand): void {
  command.middlewareStack.add(
    (next) => (args) => {
      const { body, headers } = args.request as { body: string; headers: Record<string, string> };
      headers['content-md5'] = createHash('md5').update(body).digest('base64');
      return next(args);
    },
    { step: 'build', priority: 'low' },
  );
}
