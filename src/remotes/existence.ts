import { forEachBounded } from './bounded.ts';
import type { Listed, RemoteAddress } from './remote.ts';

/** The two ways in which a remote can be asked what it has. */
export interface Questions extends Pick<RemoteAddress, 'jobs'> {
  readonly list: (prefix: string) => AsyncIterable<Listed>;
  readonly sizeOf: (key: string) => Promise<number | undefined>;
  /** So many keys of one listing are asked for one by one. */
  readonly few: number;
}

/** For remotes that list all below a prefix: by one listing, or one by one, whichever is cheaper. */
export async function haveBelow(keys: readonly string[], questions: Questions): Promise<ReadonlyMap<string, number>> {
  return await have([[commonDirectory(keys), keys]], questions);
}

/** For remotes that list directory by directory: each by its listing, or one by one, whichever is cheaper. */
export async function haveInDirectories(
  keys: readonly string[],
  questions: Questions,
): Promise<ReadonlyMap<string, number>> {
  const groups = new Map<string, string[]>();
  for (const key of keys) {
    const directory = key.slice(0, key.lastIndexOf('/') + 1);
    const group = groups.get(directory);
    if (group === undefined) groups.set(directory, [key]);
    else group.push(key);
  }
  return await have(groups, questions);
}

async function have(
  groups: Iterable<readonly [prefix: string, keys: readonly string[]]>,
  { jobs, list, sizeOf, few }: Questions,
): Promise<ReadonlyMap<string, number>> {
  const found = new Map<string, number>();
  const single: string[] = [];
  await forEachBounded(groups, { jobs }, async ([prefix, keys]) => {
    const isWhole = keys.length > few && (await lookThrough(list(prefix), new Set(keys), found));
    if (!isWhole) single.push(...keys.filter((key) => !found.has(key)));
  });
  await forEachBounded(single, { jobs }, async (key) => {
    const size = await sizeOf(key);
    if (size !== undefined) found.set(key, size);
  });
  return found;
}

/** False where it was given up: a listing with more of what nobody asked for than of the rest is the longer way. */
async function lookThrough(
  listing: AsyncIterable<Listed>,
  wanted: ReadonlySet<string>,
  found: Map<string, number>,
): Promise<boolean> {
  let left = wanted.size;
  for await (const { key, size } of listing) {
    if (wanted.has(key)) found.set(key, size);
    else if (--left < 0) return false;
  }
  return true;
}

/** `files/md5/` of keys that all begin so. */
function commonDirectory([first = '', ...others]: readonly string[]): string {
  let prefix = first.slice(0, first.lastIndexOf('/') + 1);
  for (const key of others) {
    while (!key.startsWith(prefix)) prefix = prefix.slice(0, prefix.slice(0, -1).lastIndexOf('/') + 1);
  }
  return prefix;
}
