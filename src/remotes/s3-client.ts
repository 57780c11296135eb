import { readFile } from 'node:fs/promises';
import { Agent as HttpAgent } from 'node:http';
import { Agent as HttpsAgent } from 'node:https';
import { type PutObjectCommandInput, S3Client, type S3ClientConfig } from '@aws-sdk/client-s3';
import { type RemoteAddress, RemoteError, textOption } from './remote.ts';

/** A place in a bucket, and how to talk to its server. */
export interface Bucket {
  readonly client: S3Client;
  readonly bucket: string;
  /** Ends with a slash, unless it is empty. */
  readonly prefix: string;
  /** Goes with everything that is written. */
  readonly extra: Partial<PutObjectCommandInput>;
  /** Goes with everything that is read or written: a key of the customer's own. */
  readonly sealed: CustomerKey;
}

type CustomerKey = Pick<PutObjectCommandInput, 'SSECustomerAlgorithm' | 'SSECustomerKey'>;

/** The name of a bucket may be an access point's, and nothing in a key is encoded. */
const ADDRESS = /^s3:\/\/([^/]+)(?:\/+(.*?))?\/*$/i;

export async function openBucket(address: RemoteAddress): Promise<Bucket> {
  const [, bucket, prefix = ''] = ADDRESS.exec(address.url) ?? [];
  if (bucket === undefined) {
    throw new RemoteError('fatal', 'the address names no bucket', { hint: 'such an address is s3://BUCKET/PREFIX' });
  }
  return {
    client: new S3Client(await configOf(address)),
    bucket,
    prefix: prefix === '' ? '' : `${prefix}/`,
    extra: givenOf(address, {
      sse: 'ServerSideEncryption',
      sse_kms_key_id: 'SSEKMSKeyId',
      acl: 'ACL',
      grant_full_control: 'GrantFullControl',
      grant_read: 'GrantRead',
      grant_read_acp: 'GrantReadACP',
      grant_write_acp: 'GrantWriteACP',
    }),
    sealed: givenOf(address, {
      sse_customer_algorithm: 'SSECustomerAlgorithm',
      sse_customer_key: 'SSECustomerKey',
    }),
  };
}

async function configOf(address: RemoteAddress): Promise<S3ClientConfig> {
  const option = (name: string) => textOption(address, name);
  const { env } = address;
  const isPlain = isNo(option('use_ssl'));
  const endpoint = option('endpointurl') ?? env.AWS_ENDPOINT_URL_S3 ?? env.AWS_ENDPOINT_URL;
  if (endpoint !== undefined && !/^https?:\/\/[^/]/.test(endpoint)) {
    throw new RemoteError('fatal', 'its endpointurl is no address', {
      hint: 'such as https://s3.example.org',
    });
  }
  const region = option('region') ?? env.AWS_REGION ?? env.AWS_DEFAULT_REGION ?? (endpoint && 'us-east-1');
  // Nothing waits for a free socket: how many things are asked at once is bounded by who asks.
  const sockets = { keepAlive: true, maxSockets: Number.POSITIVE_INFINITY };
  return {
    requestChecksumCalculation: 'WHEN_REQUIRED',
    responseChecksumValidation: 'WHEN_REQUIRED',
    followRegionRedirects: true,
    // Tries are counted in one place, where it is known whether they help.
    maxAttempts: 1,
    expectContinueHeader: false,
    logger: SILENT,
    ...(region !== undefined && region !== '' && { region }),
    // Servers other than Amazon's seldom have a host name for every bucket.
    ...(endpoint !== undefined && { endpoint, forcePathStyle: true }),
    ...(endpoint === undefined && isPlain && { tls: false }),
    ...credentialsOf(address),
    requestHandler: {
      connectionTimeout: secondsOf(address, 'connect_timeout', 10),
      // Without a byte in either direction. A limit on the whole of a request would end those that are merely large.
      socketTimeout: secondsOf(address, 'read_timeout', 60),
      httpsAgent: new HttpsAgent({ ...sockets, ...(await trustOf(option('ssl_verify'))) }),
      httpAgent: new HttpAgent(sockets),
    },
  };
}

/** Whom to trust: everyone, those that the system trusts, or those in a file. */
async function trustOf(verify: string | undefined): Promise<{ ca?: Buffer; rejectUnauthorized?: boolean }> {
  if (verify === undefined || isYes(verify)) return {};
  if (isNo(verify)) return { rejectUnauthorized: false };
  try {
    return { ca: await readFile(verify) };
  } catch (error) {
    throw new RemoteError('fatal', `ssl_verify names ${verify}, which cannot be read`, { cause: error });
  }
}

/** The library writes to the console where it has no other place. */
const SILENT = { debug: () => {}, info: () => {}, warn: () => {}, error: () => {} };

/**
 * As AWS's own tools choose: what is set for the remote, then the environment, then a profile, which may lead to SSO, a
 * role or a program, then what the machine is given.
 */
function credentialsOf(address: RemoteAddress): S3ClientConfig {
  const option = (name: string) => textOption(address, name);
  const { env } = address;
  if (isYes(option('allow_anonymous_login'))) {
    const nobody = { accessKeyId: '', secretAccessKey: '' };
    return { credentials: nobody, signer: { sign: async (request) => request } };
  }
  const own = keysOf(option('access_key_id'), option('secret_access_key'), option('session_token'));
  if (own !== undefined) return { credentials: own };
  const profile = option('profile');
  const given = keysOf(env.AWS_ACCESS_KEY_ID, env.AWS_SECRET_ACCESS_KEY, env.AWS_SESSION_TOKEN);
  if (profile === undefined && given !== undefined) return { credentials: given };
  const chosen = profile ?? env.AWS_PROFILE;
  const filepath = option('credentialpath') ?? env.AWS_SHARED_CREDENTIALS_FILE;
  const configFilepath = option('configpath') ?? env.AWS_CONFIG_FILE;
  // The two paths are no settings of the client; it hands all that it is given to what looks for credentials.
  const files = { ...(filepath && { filepath }), ...(configFilepath && { configFilepath }) };
  return { ...(chosen && { profile: chosen }), ...files };
}

function keysOf(accessKeyId: string | undefined, secretAccessKey: string | undefined, sessionToken?: string) {
  if (!accessKeyId || !secretAccessKey) return undefined;
  return { accessKeyId, secretAccessKey, ...(sessionToken && { sessionToken }) };
}

function givenOf(address: RemoteAddress, names: Readonly<Record<string, keyof PutObjectCommandInput>>) {
  const given = Object.entries(names).map(([name, key]) => [key, textOption(address, name)] as const);
  return Object.fromEntries(given.filter(([, value]) => value !== undefined));
}

function secondsOf(address: RemoteAddress, name: string, standard: number): number {
  const seconds = Number(textOption(address, name) ?? standard);
  return (seconds > 0 ? seconds : standard) * 1000;
}

function isYes(value: string | undefined): boolean {
  return value?.toLowerCase() === 'true';
}

function isNo(value: string | undefined): boolean {
  return value?.toLowerCase() === 'false';
}

/** Throws a `RemoteError` in place of what the library throws. */
export async function asking<Answer>(at: Bucket, key: string, ask: () => Promise<Answer>): Promise<Answer> {
  try {
    return await ask();
  } catch (error) {
    throw faultOf(at, key, error);
  }
}

const AWAY = /^(?:ECONNREFUSED|ENOTFOUND|EAI_AGAIN|EHOSTUNREACH|ENETUNREACH)$/;
const TRANSIENT =
  /^(?:SlowDown|RequestTimeout|TimeoutError|InternalError|ServiceUnavailable|Throttl.*|TooManyRequests.*|OperationAborted|IncompleteBody|BadDigest|XAmzContentSHA256Mismatch|RequestTimeTooSkewed|NoSuchUpload|E(?!RR_)[A-Z_]+)$/;

/** Messages of the library are not shown where credentials are concerned: it may have put some of them there. */
function faultOf({ bucket }: Bucket, key: string, error: unknown): unknown {
  if (!(error instanceof Error) || error instanceof RemoteError || error.name === 'AbortError') return error;
  const { name } = error;
  const { $metadata: { httpStatusCode: status = 0 } = {}, code = '' } = error as {
    $metadata?: { httpStatusCode?: number };
    code?: string;
  };
  const cause = { cause: error };
  // The clock of the client is corrected by the answer that refuses it, so the next try may succeed.
  if (AWAY.test(code)) return new RemoteError('transient', `it cannot be reached (${code})`, cause);
  if (TRANSIENT.test(name) || TRANSIENT.test(code)) {
    return new RemoteError('transient', `it does not answer well (${code || name})`, cause);
  }
  if (name === 'NoSuchBucket') return new RemoteError('fatal', `there is no bucket ${bucket}`, cause);
  if (name === 'NoSuchKey' || status === 404) return new RemoteError('missing', `${key} is not there`, cause);
  if (/Credentials|Token.*Error/.test(name)) {
    return new RemoteError('fatal', 'no credentials are found that can be used', { ...cause, hint: CREDENTIALS });
  }
  if (status === 401 || status === 403) {
    return new RemoteError('fatal', `access is denied (${name})`, { ...cause, hint: CREDENTIALS });
  }
  if (/region is missing/i.test(error.message)) {
    return new RemoteError('fatal', 'its region is not set', {
      ...cause,
      hint: 'set it: lockstep remote modify NAME region …',
    });
  }
  if (status === 429 || status >= 500) {
    return new RemoteError('transient', `it answers ${status} (${name})`, cause);
  }
  return new RemoteError('fatal', `${code || name}${status === 0 ? '' : ` (${status})`}`, cause);
}

const CREDENTIALS =
  'credentials come from AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, from a profile (aws sso login renews one that ran out), or from lockstep remote modify --local NAME access_key_id …';
