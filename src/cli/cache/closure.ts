import type { Digest } from '../../base/brand.ts';
import type { ObjectName } from '../../store/integrity.ts';
import type { Store } from '../../store/store.ts';
import type { Root } from './roots.ts';

/** All objects that some roots need: they themselves, and what their listings name. */
export interface Closure {
  has(object: ObjectName): boolean;
  /** Directories that the cache is to have and whose listing it lacks: which files they need is not known. */
  readonly unlisted: readonly Root[];
}

/** `listings` are those that stay, whoever needs them: they are of no use without their files. */
export function closeOver(
  store: Pick<Store, 'listing'>,
  roots: Iterable<Root>,
  listings: Iterable<Digest> = [],
): Closure {
  const needed = new Set<string>();
  const listed = new Map<Digest, boolean>();
  const unlisted: Root[] = [];
  for (const root of roots) {
    if (root.kind !== 'tree') needed.add(keyOf({ ...root, kind: 'file' }));
    if (root.kind === 'file') continue;
    needed.add(keyOf({ ...root, kind: 'tree' }));
    const isListed = listed.get(root.digest) ?? addListed(store, needed, root.digest);
    listed.set(root.digest, isListed);
    // Of what may be a file, nobody could tell that there is a listing to be missed.
    if (!isListed && root.kind === 'tree' && root.isKept) unlisted.push(root);
  }
  for (const digest of listings) {
    needed.add(keyOf({ digest, kind: 'tree' }));
    if (!listed.has(digest)) addListed(store, needed, digest);
  }
  return { has: (object) => needed.has(keyOf(object)), unlisted };
}

export function keyOf({ digest, kind }: ObjectName): string {
  return kind === 'tree' ? `${digest}.tree` : digest;
}

/** Whether there is a listing. */
function addListed(store: Pick<Store, 'listing'>, needed: Set<string>, digest: Digest): boolean {
  const listing = store.listing(digest);
  if (typeof listing === 'string') return false;
  for (const entry of listing) {
    if (entry.kind === 'file' || entry.kind === 'exec') needed.add(keyOf({ digest: entry.digest, kind: 'file' }));
  }
  return true;
}
