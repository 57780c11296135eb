import { randomBytes } from 'node:crypto';
import { type BigIntStats, lstatSync, mkdirSync, readFileSync, renameSync } from 'node:fs';
import { join } from 'node:path';
import { diskError } from '../base/atomic-file.ts';
import type { Digest } from '../base/brand.ts';
import { isErrno } from '../base/error.ts';
import { digestOf } from '../base/hash.ts';
import { kindOf, lstatOf } from './file-stat.ts';
import { hashLarge, hashSmall } from './hash-file.ts';
import { type Layout, type ObjectKind, objectPath, standingPath } from './layout.ts';
import { type ObjectIndex, openObjectIndex } from './object-index.ts';
import { SCHEMES } from './scheme.ts';
import type { Verdict } from './store.ts';

/** The named objects of a cache and what is known of them. */
export interface Shelf {
  readonly layout: Layout;
  readonly index: ObjectIndex;
  /** Paths of objects that were found corrupt here: a later question must not hear that they were never there. */
  readonly corrupt: Set<string>;
}

export function openShelf(layout: Layout): Shelf {
  return { layout, index: openObjectIndex(layout.index), corrupt: new Set() };
}

/** The verdict by stat alone; undefined when bytes would have to be read. */
export function glance(place: Shelf, digest: Digest, kind: ObjectKind): Verdict | undefined {
  const stat = statOfObject(place, digest, kind);
  if (stat === undefined) return absent(place, digest, kind);
  return place.index.vouches(digest, kind, stat) ? 'intact' : undefined;
}

function absent(place: Shelf, digest: Digest, kind: ObjectKind): 'missing' | 'corrupt' {
  return place.corrupt.has(standingPath(place.layout, digest, kind)) ? 'corrupt' : 'missing';
}

function statOfObject(place: Shelf, digest: Digest, kind: ObjectKind): BigIntStats | undefined {
  const path = standingPath(place.layout, digest, kind);
  return lstatOf(path, path);
}

/** What its stat does not vouch for is hashed; a corrupt object is set aside. */
export async function verify(place: Shelf, digest: Digest, kind: ObjectKind): Promise<Verdict> {
  const path = standingPath(place.layout, digest, kind);
  const stat = statOfObject(place, digest, kind);
  if (stat === undefined) return absent(place, digest, kind);
  if (place.index.vouches(digest, kind, stat)) return 'intact';
  if (kindOf(stat) === 'file') {
    const options = { shown: path, now: () => 0, algorithm: SCHEMES[place.layout.scheme].algorithm };
    const hashed = hashSmall(path, options) ?? (await hashLarge(path, undefined, options));
    if (hashed === 'missing') return 'missing';
    if (hashed.digest === digest || (await isLegacyText(place, digest, { path, kind }))) {
      place.index.record(digest, kind, hashed.stat);
      return 'intact';
    }
  }
  setAside(place, path, stat);
  return 'corrupt';
}

/** Whether it is text whose line ends did not count when DVC 2 gave it its name. */
async function isLegacyText(
  { layout }: Shelf,
  digest: Digest,
  { path, kind }: { readonly path: string; readonly kind: ObjectKind },
): Promise<boolean> {
  if (layout.legacy === undefined || kind !== 'file' || path === objectPath(layout, digest, kind)) return false;
  const { legacyDigest } = await import('./legacy-content.ts');
  return (await legacyDigest(path)) === digest;
}

/** An object's bytes, always checked: they are at hand. */
export function read(place: Shelf, digest: Digest, kind: ObjectKind): Uint8Array | Exclude<Verdict, 'intact'> {
  const path = standingPath(place.layout, digest, kind);
  const stat = statOfObject(place, digest, kind);
  if (stat === undefined) return absent(place, digest, kind);
  const bytes = kindOf(stat) === 'file' ? readIfThere(path) : undefined;
  if (bytes !== undefined && digestOf(bytes, SCHEMES[place.layout.scheme].algorithm) === digest) return bytes;
  setAside(place, path, stat);
  return 'corrupt';
}

function readIfThere(path: string): Uint8Array | undefined {
  try {
    return readFileSync(path);
  } catch (error) {
    if (isErrno(error, 'ENOENT')) return undefined;
    throw diskError(error, `cannot read the object ${path}`);
  }
}

/** Another process may have put a whole object in the place of the corrupt one since we looked. */
function setAside(place: Shelf, path: string, seen: BigIntStats): void {
  const now = lstatSync(path, { bigint: true, throwIfNoEntry: false });
  if (now === undefined || now.ino !== seen.ino || now.ctimeNs !== seen.ctimeNs) return;
  place.corrupt.add(path);
  const name = `${path.slice(place.layout.objects.length + 1).replace('/', '')}.${randomBytes(4).toString('hex')}.corrupt`;
  try {
    mkdirSync(place.layout.corrupt, { recursive: true });
    renameSync(path, join(place.layout.corrupt, name));
  } catch (error) {
    // In a cache that cannot be written to, the corrupt object stays and is found corrupt each time.
    if (!isErrno(error, 'ENOENT', 'EROFS', 'EACCES', 'EPERM', 'ENOSPC', 'EDQUOT', 'EXDEV')) throw error;
  }
}
