import { createReadStream } from 'node:fs';
import { readFile } from 'node:fs/promises';
import type { Readable } from 'node:stream';
import {
  DeleteObjectsCommand,
  GetObjectCommand,
  HeadObjectCommand,
  ListObjectsV2Command,
  PutObjectCommand,
  type PutObjectCommandInput,
  S3Client,
  type S3ClientConfig,
} from '@aws-sdk/client-s3';
import { Upload } from '@aws-sdk/lib-storage';
import { haveBelow } from './existence.ts';
import { type Listed, type Remote, type RemoteAddress, RemoteError, type Sending, textOption } from './remote.ts';

/** Up to this size an object goes in one request. */
const ONE_REQUEST = 16 * 1024 * 1024;
/** So many names are asked for one by one. */
const FEW = 64;
/** S3 takes so many parts, and removes so many objects by one request. */
const MOST_PARTS = 9000;
const MOST_REMOVED = 1000;

interface Bucket {
  readonly client: S3Client;
  readonly bucket: string;
  /** Ends with a slash, unless it is empty. */
  readonly prefix: string;
  readonly extra: Partial<PutObjectCommandInput>;
}

/** Amazon S3, and servers that speak its protocol. Credentials come from the usual places: options, environment, profile. */
export async function openS3(address: RemoteAddress): Promise<Remote> {
  const { hostname: bucket, pathname } = new URL(address.url);
  const prefix = decodeURIComponent(pathname).replace(/^\/+|\/+$/g, '');
  const at: Bucket = {
    client: new S3Client(configOf(address)),
    bucket,
    prefix: prefix === '' ? '' : `${prefix}/`,
    extra: extraOf(address),
  };
  return {
    url: `s3://${bucket}/${prefix}`,
    have: (keys) =>
      haveBelow(keys, {
        jobs: address.jobs,
        few: FEW,
        list: (from) => list(at, from),
        sizeOf: (key) => sizeOf(at, key),
      }),
    read: async (key) => {
      const found = await asking(at, key, () =>
        at.client.send(new GetObjectCommand({ Bucket: bucket, Key: at.prefix + key })),
      );
      return found.Body as Readable;
    },
    write: (key, file) => asking(at, key, () => write(at, key, file)),
    remove: (keys) => asking(at, 'objects', () => remove(at, keys)),
    list: (from) => list(at, from),
    close: async () => at.client.destroy(),
  };
}

function configOf(address: RemoteAddress): S3ClientConfig {
  const option = (name: string) => textOption(address, name);
  const { env } = address;
  const endpoint = option('endpointurl') ?? env.AWS_ENDPOINT_URL_S3 ?? env.AWS_ENDPOINT_URL;
  const region = option('region') ?? env.AWS_REGION ?? env.AWS_DEFAULT_REGION ?? (endpoint && 'us-east-1');
  const [profile, id, secret] = [option('profile'), option('access_key_id'), option('secret_access_key')];
  const session = option('session_token');
  const isAnonymous = option('allow_anonymous_login') === 'true';
  return {
    requestChecksumCalculation: 'WHEN_REQUIRED',
    responseChecksumValidation: 'WHEN_REQUIRED',
    followRegionRedirects: true,
    ...(region !== undefined && region !== '' && { region }),
    // Servers other than Amazon's seldom have a host name for every bucket.
    ...(endpoint !== undefined && { endpoint, forcePathStyle: true }),
    ...(profile !== undefined && { profile }),
    ...(id !== undefined && secret !== undefined && { credentials: credentialsOf(id, secret, session) }),
    ...(isAnonymous && { signer: { sign: async (request) => request } }),
    requestHandler: {
      connectionTimeout: 10_000,
      requestTimeout: 120_000,
      httpsAgent: { maxSockets: 64, rejectUnauthorized: option('ssl_verify')?.toLowerCase() !== 'false' },
      httpAgent: { maxSockets: 64 },
    },
  };
}

function credentialsOf(accessKeyId: string, secretAccessKey: string, sessionToken: string | undefined) {
  return { accessKeyId, secretAccessKey, ...(sessionToken !== undefined && { sessionToken }) };
}

function extraOf(address: RemoteAddress): Partial<PutObjectCommandInput> {
  const names = { sse: 'ServerSideEncryption', sse_kms_key_id: 'SSEKMSKeyId', acl: 'ACL' } as const;
  const given = Object.entries(names).map(([name, key]) => [key, textOption(address, name)] as const);
  return Object.fromEntries(given.filter(([, value]) => value !== undefined));
}

async function sizeOf(at: Bucket, key: string): Promise<number | undefined> {
  try {
    const ask = () => at.client.send(new HeadObjectCommand({ Bucket: at.bucket, Key: at.prefix + key }));
    return (await asking(at, key, ask)).ContentLength ?? 0;
  } catch (error) {
    if (error instanceof RemoteError && error.fault === 'missing') return undefined;
    throw error;
  }
}

async function* list(at: Bucket, from: string): AsyncIterable<Listed> {
  const request = { Bucket: at.bucket, Prefix: at.prefix + from };
  let token: string | undefined;
  do {
    const next = { ...request, ...(token !== undefined && { ContinuationToken: token }) };
    const page = await asking(at, from, () => at.client.send(new ListObjectsV2Command(next)));
    for (const { Key = '', Size = 0 } of page.Contents ?? []) yield { key: Key.slice(at.prefix.length), size: Size };
    token = page.NextContinuationToken;
  } while (token !== undefined);
}

async function write(at: Bucket, key: string, { path, size, signal }: Sending): Promise<void> {
  signal.throwIfAborted();
  const target = { ...at.extra, Bucket: at.bucket, Key: at.prefix + key };
  if (size <= ONE_REQUEST) {
    const command = new PutObjectCommand({ ...target, Body: await readFile(path), ContentLength: size });
    await at.client.send(command, { abortSignal: signal });
    return;
  }
  const upload = new Upload({
    client: at.client,
    params: { ...target, Body: createReadStream(path) },
    partSize: Math.max(ONE_REQUEST, Math.ceil(size / MOST_PARTS)),
    queueSize: 4,
  });
  const abort = () => void upload.abort();
  signal.addEventListener('abort', abort, { once: true });
  try {
    await upload.done();
  } finally {
    signal.removeEventListener('abort', abort);
  }
}

async function remove(at: Bucket, keys: readonly string[]): Promise<void> {
  for (let from = 0; from < keys.length; from += MOST_REMOVED) {
    const names = keys.slice(from, from + MOST_REMOVED).map((key) => ({ Key: at.prefix + key }));
    const request = { Bucket: at.bucket, Delete: { Objects: names, Quiet: true } };
    const { Errors: [failed] = [] } = await at.client.send(new DeleteObjectsCommand(request));
    if (failed !== undefined) throw new RemoteError('fatal', `${failed.Key} cannot be removed: ${failed.Code}`);
  }
}

async function asking<Answer>(at: Bucket, key: string, ask: () => Promise<Answer>): Promise<Answer> {
  try {
    return await ask();
  } catch (error) {
    throw faultOf(at, key, error);
  }
}

const TRANSIENT =
  /^(?:SlowDown|RequestTimeout|TimeoutError|InternalError|ServiceUnavailable|Throttling.*|TooManyRequests.*|E[A-Z]+)$/;

/** Messages of the library are not shown where credentials are concerned: it may have put some of them there. */
function faultOf({ bucket }: Bucket, key: string, error: unknown): unknown {
  if (!(error instanceof Error) || error instanceof RemoteError) return error;
  const { name } = error;
  const { $metadata: { httpStatusCode: status = 0 } = {}, code = '' } = error as {
    $metadata?: { httpStatusCode?: number };
    code?: string;
  };
  const cause = { cause: error };
  if (name === 'NoSuchBucket') return new RemoteError('fatal', `there is no bucket ${bucket}`, cause);
  if (name === 'NoSuchKey' || status === 404) return new RemoteError('missing', `${key} is not there`, cause);
  if (status === 401 || status === 403 || name === 'CredentialsProviderError') {
    return new RemoteError('fatal', `access is denied (${name})`, { ...cause, hint: CREDENTIALS });
  }
  if (/region is missing/i.test(error.message)) {
    return new RemoteError('fatal', 'its region is not set', {
      ...cause,
      hint: 'set it: lockstep remote modify NAME region …',
    });
  }
  if (status === 429 || status >= 500 || TRANSIENT.test(name) || TRANSIENT.test(code)) {
    return new RemoteError('transient', `it does not answer well (${code || name})`, cause);
  }
  return new RemoteError('fatal', `${name}${status === 0 ? '' : ` (${status})`}`, cause);
}

const CREDENTIALS =
  'credentials come from AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, from a profile, or from lockstep remote modify --local NAME access_key_id …';
