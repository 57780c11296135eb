import type { Readable } from 'node:stream';
import {
  AnonymousCredential,
  BlobServiceClient,
  type ContainerClient,
  type StoragePipelineOptions,
  StorageSharedKeyCredential,
} from '@azure/storage-blob';
import { begun } from './begun.ts';
import { forEachBounded } from './bounded.ts';
import { haveBelow } from './existence.ts';
import { faultOfNetwork, faultOfStatus } from './fault.ts';
import { type Listed, type Remote, type RemoteAddress, RemoteError, type Sending, textOption } from './remote.ts';

/** Up to this size an object goes in one request, and larger ones in blocks of at least this size. */
const ONE_REQUEST = 8 * 1024 * 1024;
/** Azure takes so many blocks. */
const MOST_BLOCKS = 50_000;
/** So many names are asked for one by one. */
const FEW = 64;

interface Container {
  readonly client: ContainerClient;
  readonly name: string;
  /** Ends with a slash, unless it is empty. */
  readonly prefix: string;
  /** Throws where there is no such container, which an object that is not there does not tell by itself. */
  readonly mustExist: () => Promise<void>;
}

/** A container of Azure Blob Storage. Credentials come from options, the environment, or the login of this machine. */
export async function openAzure(address: RemoteAddress): Promise<Remote> {
  const { hostname: name, pathname } = new URL(address.url);
  const path = decodeURIComponent(pathname).replace(/^\/+|\/+$/g, '');
  const service = await serviceOf(address);
  const client = service.getContainerClient(name);
  const mustExist = containerCheck(client);
  const at: Container = { client, name, prefix: path === '' ? '' : `${path}/`, mustExist };
  const { jobs } = address;
  return {
    url: `azure://${name}/${path}`,
    have: (keys) => {
      const list = (from: string) => listBelow(at, from);
      return haveBelow(keys, { jobs, few: FEW, list, sizeOf: (key) => sizeOf(at, key) });
    },
    read: (key) =>
      asking(at, key, async () => {
        const { readableStreamBody } = await at.client.getBlobClient(at.prefix + key).download();
        return await begun(readableStreamBody as Readable, (error) => faultOf(at, key, error));
      }),
    write: (key, file) => asking(at, key, () => write(at, key, file)),
    remove: (keys) =>
      forEachBounded(keys, { jobs }, (key) =>
        asking(at, key, async () => void (await at.client.deleteBlob(at.prefix + key))).catch((error: unknown) => {
          if (!isMissing(error)) throw error;
        }),
      ),
    list: (from) => listBelow(at, from),
    close: async () => {},
  };
}

async function serviceOf(address: RemoteAddress): Promise<BlobServiceClient> {
  const { env } = address;
  const option = (name: string) => textOption(address, name);
  // What is tried again, and when to give up, is decided for all remotes alike.
  const pipeline: StoragePipelineOptions = { retryOptions: { maxTries: 1 } };
  const isNamed = option('account_name') !== undefined;
  const connection = option('connection_string') ?? (isNamed ? undefined : env.AZURE_STORAGE_CONNECTION_STRING);
  try {
    if (connection !== undefined) return BlobServiceClient.fromConnectionString(connection, pipeline);
    const account = option('account_name') ?? env.AZURE_STORAGE_ACCOUNT ?? env.AZURE_STORAGE_ACCOUNT_NAME;
    if (account === undefined) throw new RemoteError('fatal', 'no storage account is set', { hint: CREDENTIALS });
    const endpoint = (option('endpointurl') ?? `https://${account}.blob.core.windows.net`).replace(/\/+$/, '');
    const key = option('account_key') ?? env.AZURE_STORAGE_KEY ?? env.AZURE_STORAGE_ACCOUNT_KEY;
    const sas = option('sas_token') ?? env.AZURE_STORAGE_SAS_TOKEN;
    if (option('allow_anonymous_login')?.toLowerCase() === 'true') {
      return new BlobServiceClient(endpoint, new AnonymousCredential(), pipeline);
    }
    if (key !== undefined) {
      return new BlobServiceClient(endpoint, new StorageSharedKeyCredential(account, key), pipeline);
    }
    if (sas !== undefined) {
      return new BlobServiceClient(`${endpoint}?${sas.replace(/^\?/, '')}`, new AnonymousCredential(), pipeline);
    }
    return new BlobServiceClient(endpoint, await loginOf(address), pipeline);
  } catch (error) {
    if (error instanceof RemoteError) throw error;
    throw new RemoteError('fatal', 'its credentials are not in the form that Azure gives them', {
      hint: CREDENTIALS,
      cause: error,
    });
  }
}

/** A service principal where one is set, else the first that there is of environment, managed identity, `az login`. */
async function loginOf(address: RemoteAddress) {
  const { ClientSecretCredential, DefaultAzureCredential } = await import('@azure/identity');
  const [tenant, client, secret] = ['tenant_id', 'client_id', 'client_secret'].map((name) => textOption(address, name));
  if (tenant !== undefined && client !== undefined && secret !== undefined) {
    return new ClientSecretCredential(tenant, client, secret);
  }
  return new DefaultAzureCredential();
}

/** Asks once. Whoever may see the objects only, and not the container, is not told. */
function containerCheck(client: ContainerClient): () => Promise<void> {
  let asked: Promise<boolean> | undefined;
  return async () => {
    asked ??= client.exists().catch(() => true);
    if (!(await asked)) throw new RemoteError('fatal', `there is no container ${client.containerName}`);
  };
}

async function sizeOf(at: Container, key: string): Promise<number | undefined> {
  try {
    const found = await asking(at, key, () => at.client.getBlobClient(at.prefix + key).getProperties());
    return found.contentLength ?? 0;
  } catch (error) {
    if (isMissing(error)) return undefined;
    throw error;
  }
}

async function* listBelow(at: Container, from: string): AsyncIterable<Listed> {
  try {
    for await (const { name, properties } of at.client.listBlobsFlat({ prefix: at.prefix + from })) {
      yield { key: name.slice(at.prefix.length), size: properties.contentLength ?? 0 };
    }
  } catch (error) {
    throw faultOf(at, from, error);
  }
}

/** The blocks of a large object become one under its name by the last request. */
async function write(at: Container, key: string, { path, size, signal }: Sending): Promise<void> {
  signal.throwIfAborted();
  await at.client.getBlockBlobClient(at.prefix + key).uploadFile(path, {
    maxSingleShotSize: ONE_REQUEST,
    blockSize: Math.max(ONE_REQUEST, Math.ceil(size / MOST_BLOCKS)),
    concurrency: 4,
    abortSignal: signal,
  });
}

function isMissing(error: unknown): boolean {
  return error instanceof RemoteError && error.fault === 'missing';
}

async function asking<Answer>(at: Container, key: string, ask: () => Promise<Answer>): Promise<Answer> {
  try {
    return await ask();
  } catch (error) {
    const fault = faultOf(at, key, error);
    if (isMissing(fault)) await at.mustExist();
    throw fault;
  }
}

/** Messages of the library hold the request with its signature, so they are not shown. */
function faultOf({ name: container }: Container, key: string, error: unknown): unknown {
  if (!(error instanceof Error) || error instanceof RemoteError || error.name === 'AbortError') return error;
  const { name } = error;
  const { statusCode: status, code = name } = error as { statusCode?: number; code?: string };
  const cause = { cause: error };
  if (code === 'ContainerNotFound') return new RemoteError('fatal', `there is no container ${container}`, cause);
  // A login is sent over https only, by a plain error of the library; other credentials may go over http.
  if (status === 401 || status === 403 || /Credential|Authentication|Bearer token/.test(name + error.message)) {
    return new RemoteError('fatal', `access is denied (${code})`, { ...cause, hint: CREDENTIALS });
  }
  if (status !== undefined) {
    const fault = faultOfStatus(status);
    if (fault === 'missing') return new RemoteError('missing', `${key} is not there`, cause);
    return new RemoteError(fault, `it does not answer well (${code}, ${status})`, cause);
  }
  return new RemoteError(faultOfNetwork(code) ?? 'transient', `it does not answer (${code})`, cause);
}

const CREDENTIALS =
  'credentials come from connection_string, account_key, sas_token or client_secret (lockstep remote modify --local NAME …), from AZURE_STORAGE_… in the environment, or from az login';
