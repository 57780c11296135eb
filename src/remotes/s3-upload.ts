import { createReadStream } from 'node:fs';
import { readFile } from 'node:fs/promises';
import type { Readable } from 'node:stream';
import {
  AbortMultipartUploadCommand,
  type CompletedPart,
  CompleteMultipartUploadCommand,
  CreateMultipartUploadCommand,
  PutObjectCommand,
  UploadPartCommand,
  type UploadPartCommandInput,
} from '@aws-sdk/client-s3';
import { isErrno } from '../base/error.ts';
import { forEachBounded } from './bounded.ts';
import { RemoteError, type Sending } from './remote.ts';
import { PATIENCE, retrying } from './retry.ts';
import { asking, type Bucket } from './s3-client.ts';

/** Up to this size a file is read as a whole, which costs less than a stream. */
const AT_ONCE = 256 * 1024;
/** Up to this size an object goes in one request. */
const ONE_REQUEST = 16 * 1024 * 1024;
/** Bytes of a part, unless S3 would have too many of them: it takes 10,000. */
const PART = 16 * 1024 * 1024;
const MOST_PARTS = 9000;
/** Parts of one object that are under way at the same time. */
const PARTS_AT_ONCE = 4;

/** Nothing of the object can be seen before all of it is there. */
export async function write(at: Bucket, key: string, { path, size, signal }: Sending): Promise<void> {
  signal.throwIfAborted();
  const target = { ...at.sealed, Bucket: at.bucket, Key: at.prefix + key };
  if (size > ONE_REQUEST) return await writeParts(at, key, { path, size, signal });
  const put = (body: Buffer | Readable, abortSignal: AbortSignal) =>
    at.client.send(new PutObjectCommand({ ...at.extra, ...target, Body: body, ContentLength: size }), { abortSignal });
  if (size <= AT_ONCE) {
    const bytes = await readFile(path).catch((error) => refuseUnreadable(path, error));
    return void (await asking(at, key, () => put(bytes, signal)));
  }
  try {
    await asking(at, key, () => streaming({ path, start: 0, end: size - 1, signal }, put));
  } catch (error) {
    if (!isCutOff(error)) throw error;
    // Whoever refuses may hang up before all bytes are through, and the words are lost; beginning an upload has no bytes.
    await writeParts(at, key, { path, size, signal });
  }
}

function isCutOff(error: unknown): boolean {
  return error instanceof RemoteError && isErrno(error.cause, 'EPIPE', 'ECONNRESET');
}

/** What was begun and not completed is taken away again, or it would be paid for without being seen. */
async function writeParts(at: Bucket, key: string, { path, size, signal }: Sending): Promise<void> {
  const place = { Bucket: at.bucket, Key: at.prefix + key };
  const begin = new CreateMultipartUploadCommand({ ...at.extra, ...at.sealed, ...place });
  const { UploadId } = await asking(at, key, () => at.client.send(begin, { abortSignal: signal }));
  if (UploadId === undefined) throw new RemoteError('transient', 'it does not answer well (no upload was begun)');
  const upload = { ...place, UploadId };
  try {
    const parts = await sendParts(at, upload, { path, size, signal });
    const complete = new CompleteMultipartUploadCommand({ ...upload, ...at.sealed, MultipartUpload: { Parts: parts } });
    await asking(at, key, () => at.client.send(complete, { abortSignal: signal }));
  } catch (error) {
    await at.client.send(new AbortMultipartUploadCommand(upload)).catch(() => undefined);
    throw error;
  }
}

interface Upload {
  readonly Bucket: string;
  readonly Key: string;
  readonly UploadId: string;
}

async function sendParts(at: Bucket, upload: Upload, { path, size, signal }: Sending): Promise<CompletedPart[]> {
  const length = Math.max(PART, Math.ceil(size / MOST_PARTS));
  const parts: CompletedPart[] = [];
  const numbers = Array.from({ length: Math.ceil(size / length) }, (_, n) => n + 1);
  await forEachBounded(numbers, { jobs: PARTS_AT_ONCE, signal }, async (number, stop) => {
    const start = (number - 1) * length;
    const slice = { path, start, end: Math.min(start + length, size) - 1, signal: stop };
    const part = { ...at.sealed, ...upload, PartNumber: number, ContentLength: slice.end - start + 1 };
    const { ETag } = await sendPart(at, part, slice);
    parts[number - 1] = { PartNumber: number, ...(ETag !== undefined && { ETag }) };
  });
  signal.throwIfAborted();
  return parts;
}

/** A part that fails is no reason to send the others again, and the object none, once this one was tried often enough. */
async function sendPart(at: Bucket, part: Omit<UploadPartCommandInput, 'Body'>, slice: Slice) {
  const send = (Body: Readable, abortSignal: AbortSignal) =>
    at.client.send(new UploadPartCommand({ ...part, Body }), { abortSignal });
  try {
    return await retrying(PATIENCE, slice.signal, () => asking(at, part.Key ?? '', () => streaming(slice, send)));
  } catch (error) {
    if (!(error instanceof RemoteError) || error.fault !== 'transient') throw error;
    throw new RemoteError('given-up', error.message, { cause: error });
  }
}

interface Slice {
  readonly path: string;
  /** Both count. */
  readonly start: number;
  readonly end: number;
  readonly signal: AbortSignal;
}

/** The library does not hear of a file that cannot be read on: the request would wait for bytes that never come. */
async function streaming<Answer>(
  { path, start, end, signal }: Slice,
  send: (body: Readable, signal: AbortSignal) => Promise<Answer>,
): Promise<Answer> {
  const body = createReadStream(path, { start, end, highWaterMark: AT_ONCE });
  const stop = new AbortController();
  let broken: Error | undefined;
  body.once('error', (error) => {
    broken = error;
    stop.abort();
  });
  try {
    return await send(body, AbortSignal.any([signal, stop.signal]));
  } catch (error) {
    throw broken === undefined ? error : refuseUnreadable(path, broken);
  } finally {
    body.destroy();
  }
}

function refuseUnreadable(path: string, error: Error): never {
  const why = isErrno(error) ? error.code : error.message;
  throw new RemoteError('fatal', `${path} cannot be read: ${why}`, { cause: error });
}
