import {
  HeadBucketCommand,
  HeadObjectCommand,
  ListObjectsV2Command,
  type ListObjectsV2CommandInput,
} from '@aws-sdk/client-s3';
import { forEachBounded } from './bounded.ts';
import { type Listed, RemoteError } from './remote.ts';
import { asking, type Bucket } from './s3-client.ts';

/** A page of a listing takes the server about as long as so many questions for one object. */
const PAGE_WORTH = 8;

interface Page {
  readonly entries: readonly Listed[];
  /** Names the page behind it, if there is one. */
  readonly next: string | undefined;
}

/** Throws `missing` where listing is not allowed, which some are who may read. */
export async function* list(at: Bucket, prefix: string): AsyncIterable<Listed> {
  let next: string | undefined;
  do {
    const page = await readPage(at, prefix, { ...(next !== undefined && { ContinuationToken: next }) });
    yield* page.entries;
    next = page.next;
  } while (next !== undefined);
}

type From = Pick<ListObjectsV2CommandInput, 'ContinuationToken' | 'StartAfter'>;

async function readPage(at: Bucket, prefix: string, from: From): Promise<Page> {
  const request = { Bucket: at.bucket, Prefix: at.prefix + prefix, ...from };
  const page = await asking(at, prefix, () => at.client.send(new ListObjectsV2Command(request)).catch(refuseDenied));
  const entries = (page.Contents ?? []).map(({ Key = '', Size = 0 }) => ({
    key: Key.slice(at.prefix.length),
    size: Size,
  }));
  return { entries, next: page.IsTruncated === true ? page.NextContinuationToken : undefined };
}

function refuseDenied(error: Error): never {
  throw error.name === 'AccessDenied' ? new RemoteError('missing', 'it may not be listed', { cause: error }) : error;
}

interface Search {
  readonly at: Bucket;
  readonly prefix: string;
  readonly found: Map<string, number>;
  /** To be asked for one by one. */
  readonly single: string[];
  /** Whether a page came: then there is a bucket. */
  isListed: boolean;
}

/**
 * Which keys are there. Listings come in the order of names, so a page answers for all keys up to its last name, and the
 * next one begins at the next key that is asked for. As long as a page answers for enough of them, pages are read, several
 * at once; where a bucket holds far more than is asked for, the rest is asked for one by one.
 */
export async function have(at: Bucket, keys: readonly string[], jobs: number): Promise<ReadonlyMap<string, number>> {
  const sorted = [...new Set(keys)].sort();
  const search: Search = { at, prefix: commonDirectory(sorted), found: new Map(), single: [], isListed: false };
  if (sorted.length <= PAGE_WORTH) search.single.push(...sorted);
  else {
    const rest = await answerPage(search, sorted);
    const parts = Math.min(jobs, Math.ceil(rest.length / Math.max(1, sorted.length - rest.length)));
    const size = Math.ceil(rest.length / Math.max(1, parts));
    const portions = Array.from({ length: parts }, (_, n) => rest.slice(n * size, (n + 1) * size));
    await forEachBounded(portions, { jobs }, async (portion) => {
      for (let left: readonly string[] = portion; left.length > 0; ) left = await answerPage(search, left);
    });
  }
  await forEachBounded(search.single, { jobs }, async (key) => {
    const size = await sizeOf(at, key);
    if (size !== undefined) search.found.set(key, size);
  });
  if (search.found.size === 0 && search.single.length > 0 && !search.isListed) await refuseNoBucket(at);
  return search.found;
}

/** Reads one page for the first of the keys; gives those that it says nothing of. */
async function answerPage(search: Search, keys: readonly string[]): Promise<readonly string[]> {
  const { at, prefix, found, single } = search;
  // Just before the first one: where a server is told to begin is not part of its answer.
  const before = keys[0]?.slice(0, -1) ?? '';
  const from = { StartAfter: at.prefix + before };
  const page = keys.length < PAGE_WORTH ? undefined : await pageOrNone(at, prefix, from);
  if (page !== undefined) search.isListed = true;
  if (page === undefined || !isInOrder(page.entries, before)) {
    single.push(...keys);
    return [];
  }
  const last = page.next === undefined ? undefined : (page.entries.at(-1)?.key ?? '');
  const sizes = new Map(page.entries.map(({ key, size }) => [key, size]));
  const answered = last === undefined ? keys : keys.slice(0, countUpTo(keys, last));
  for (const key of answered) {
    const size = sizes.get(key);
    if (size !== undefined) found.set(key, size);
  }
  const rest = keys.slice(answered.length);
  if (answered.length >= PAGE_WORTH) return rest;
  single.push(...rest);
  return [];
}

async function pageOrNone(at: Bucket, prefix: string, from: From): Promise<Page | undefined> {
  try {
    return await readPage(at, prefix, from);
  } catch (error) {
    if (error instanceof RemoteError && error.fault === 'missing') return undefined;
    throw error;
  }
}

/** Not all servers list in the order of names, and not all begin where they are told. */
function isInOrder(entries: readonly Listed[], after: string): boolean {
  let before = after;
  for (const { key } of entries) {
    if (key <= before) return false;
    before = key;
  }
  return true;
}

function countUpTo(sorted: readonly string[], last: string): number {
  const beyond = sorted.findIndex((key) => key > last);
  return beyond === -1 ? sorted.length : beyond;
}

async function sizeOf(at: Bucket, key: string): Promise<number | undefined> {
  try {
    const request = { ...at.sealed, Bucket: at.bucket, Key: at.prefix + key };
    return (await asking(at, key, () => at.client.send(new HeadObjectCommand(request)))).ContentLength ?? 0;
  } catch (error) {
    if (error instanceof RemoteError && error.fault === 'missing') return undefined;
    throw error;
  }
}

/** Asked for one object, a server says the same whether the object or the bucket is not there. */
async function refuseNoBucket(at: Bucket): Promise<void> {
  try {
    await asking(at, at.bucket, () => at.client.send(new HeadBucketCommand({ Bucket: at.bucket })));
  } catch (error) {
    if (!(error instanceof RemoteError)) throw error;
    if (error.fault === 'missing') throw new RemoteError('fatal', `there is no bucket ${at.bucket}`, { cause: error });
    if (error.fault === 'transient') throw error;
    // Who may not ask may still be allowed to read and write.
  }
}

/** `files/md5/` of keys that all begin so. */
function commonDirectory(sorted: readonly string[]): string {
  const [first = '', last = first] = [sorted[0], sorted.at(-1)];
  let length = 0;
  while (length < first.length && first[length] === last[length]) length += 1;
  return first.slice(0, first.lastIndexOf('/', length - 1) + 1);
}
