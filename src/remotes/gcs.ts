import { createReadStream } from 'node:fs';
import { pipeline } from 'node:stream/promises';
import { type Bucket, Storage, type StorageOptions } from '@google-cloud/storage';
import { begun } from './begun.ts';
import { forEachBounded } from './bounded.ts';
import { haveBelow } from './existence.ts';
import { faultOfNetwork, faultOfStatus } from './fault.ts';
import { type Listed, type Remote, type RemoteAddress, RemoteError, type Sending, textOption } from './remote.ts';

/** Up to this size an object goes in one request, larger ones in pieces of this size. */
const ONE_REQUEST = 8 * 1024 * 1024;
/** So many names are asked for one by one. */
const FEW = 64;
const GOOGLE = 'https://storage.googleapis.com';

interface Place {
  readonly bucket: Bucket;
  /** Ends with a slash, unless it is empty. */
  readonly prefix: string;
  /** Throws where there is no such bucket, which an object that is not there does not always tell. */
  readonly mustExist: () => Promise<void>;
}

/** A bucket of Google Cloud Storage. Credentials come from a key file, or from where Google's own tools have them. */
export async function openGcs(address: RemoteAddress): Promise<Remote> {
  const { hostname: name, pathname } = new URL(address.url);
  const path = decodeURIComponent(pathname).replace(/^\/+|\/+$/g, '');
  const storage = new Storage(configOf(address));
  const bucket = storage.bucket(name);
  const at: Place = { bucket, prefix: path === '' ? '' : `${path}/`, mustExist: bucketCheck(bucket) };
  const { jobs } = address;
  return {
    url: `gs://${name}/${path}`,
    have: (keys) => {
      const list = (from: string) => listBelow(at, from);
      return haveBelow(keys, { jobs, few: FEW, list, sizeOf: (key) => sizeOf(at, key) });
    },
    read: (key) =>
      asking(at, key, () => {
        const stream = at.bucket.file(at.prefix + key).createReadStream({ decompress: false, validation: false });
        return begun(stream, (error) => faultOf(key, error));
      }),
    write: (key, file) => asking(at, key, () => write(at, key, file)),
    remove: (keys) =>
      forEachBounded(keys, { jobs }, (key) =>
        asking(at, key, async () => void (await at.bucket.file(at.prefix + key).delete({ ignoreNotFound: true }))),
      ),
    list: (from) => listBelow(at, from),
    close: async () => {},
  };
}

function configOf(address: RemoteAddress): StorageOptions {
  const option = (name: string) => textOption(address, name);
  const { env } = address;
  const project = option('projectname');
  const keyFilename = option('credentialpath') ?? env.GOOGLE_APPLICATION_CREDENTIALS;
  const isAnonymous = option('allow_anonymous_login')?.toLowerCase() === 'true';
  // With an address of its own the library takes a server for an emulator, which asks for no credentials.
  const emulator = option('endpointurl') ?? env.STORAGE_EMULATOR_HOST ?? (isAnonymous ? GOOGLE : undefined);
  return {
    // What is tried again, and when to give up, is decided for all remotes alike.
    retryOptions: { autoRetry: false, maxRetries: 0 },
    timeout: 120_000,
    ...(project !== undefined && { projectId: project }),
    ...(keyFilename !== undefined && { keyFilename }),
    ...(emulator !== undefined && {
      apiEndpoint: /^https?:/.test(emulator) ? emulator : `http://${emulator}`,
      useAuthWithCustomEndpoint: keyFilename !== undefined && !isAnonymous,
    }),
  };
}

/** Asks once. Whoever may see the objects only, and not the bucket, is not told. */
function bucketCheck(bucket: Bucket): () => Promise<void> {
  let asked: Promise<boolean> | undefined;
  return async () => {
    asked ??= bucket.exists().then(
      ([isThere]) => isThere,
      () => true,
    );
    if (!(await asked)) throw new RemoteError('fatal', `there is no bucket ${bucket.name}`);
  };
}

async function sizeOf(at: Place, key: string): Promise<number | undefined> {
  try {
    const [{ size = 0 }] = await asking(at, key, () => at.bucket.file(at.prefix + key).getMetadata());
    return Number(size);
  } catch (error) {
    if (isMissing(error)) return undefined;
    throw error;
  }
}

async function* listBelow(at: Place, from: string): AsyncIterable<Listed> {
  let pageToken: string | undefined;
  do {
    const query = { prefix: at.prefix + from, autoPaginate: false, ...(pageToken !== undefined && { pageToken }) };
    const [files, next] = await asking(at, from, () => at.bucket.getFiles(query));
    for (const { name, metadata } of files) {
      yield { key: name.slice(at.prefix.length), size: Number(metadata.size ?? 0) };
    }
    pageToken = (next as { pageToken?: string } | null)?.pageToken;
  } while (pageToken !== undefined);
}

/** An object has its name once its last byte is there, and Google found its md5 to be ours. */
async function write(at: Place, key: string, { path, size, signal }: Sending): Promise<void> {
  signal.throwIfAborted();
  const isLarge = size > ONE_REQUEST;
  const to = at.bucket.file(at.prefix + key).createWriteStream({
    resumable: isLarge,
    validation: 'md5',
    ...(isLarge && { chunkSize: ONE_REQUEST }),
    metadata: { contentType: 'application/octet-stream' },
  });
  await pipeline(createReadStream(path, { highWaterMark: 256 * 1024 }), to, { signal });
}

async function asking<Answer>(at: Place, key: string, ask: () => Promise<Answer>): Promise<Answer> {
  try {
    return await ask();
  } catch (error) {
    const fault = faultOf(key, error);
    if (isMissing(fault)) await at.mustExist();
    throw fault;
  }
}

function isMissing(error: unknown): boolean {
  return error instanceof RemoteError && error.fault === 'missing';
}

/** Messages of the library may hold tokens, so they are not shown. */
function faultOf(key: string, error: unknown): unknown {
  if (!(error instanceof Error) || error instanceof RemoteError || error.name === 'AbortError') return error;
  const { code, message } = error as Error & { code?: number | string };
  const cause = { cause: error };
  const status = Number(code);
  if (status === 401 || status === 403) {
    return new RemoteError('fatal', `access is denied (${status})`, { ...cause, hint: CREDENTIALS });
  }
  if (/credentials|invalid_grant|client_email|private_key|PEM|DECODER|ENOENT/.test(`${message} ${code}`)) {
    return new RemoteError('fatal', 'there are no credentials that Google takes', { ...cause, hint: CREDENTIALS });
  }
  if (!Number.isNaN(status)) {
    const fault = faultOfStatus(status);
    if (fault !== 'missing') return new RemoteError(fault, `it does not answer well (${status})`, cause);
    return new RemoteError('missing', `${key} is not there`, cause);
  }
  return new RemoteError(faultOfNetwork(code) ?? 'transient', `it does not answer (${code ?? error.name})`, cause);
}

const CREDENTIALS =
  'credentials come from a key file (lockstep remote modify NAME credentialpath …), from GOOGLE_APPLICATION_CREDENTIALS, or from gcloud auth application-default login';
