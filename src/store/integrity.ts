import { randomBytes } from 'node:crypto';
import { type BigIntStats, cpSync, lstatSync, mkdirSync, readFileSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { diskError } from '../base/atomic-file.ts';
import type { Digest } from '../base/brand.ts';
import { isErrno } from '../base/error.ts';
import { digestOf, hexOf } from '../base/hash.ts';
import { kindOf, lstatOf } from './file-stat.ts';
import { hashLarge, hashSmall } from './hash-file.ts';
import { type Layout, legacyPath, type ObjectKind, objectPath } from './layout.ts';
import { hashAsBeforeDvc3 } from './legacy-hash.ts';
import { type ObjectIndex, openObjectIndex } from './object-index.ts';
import type { Verdict } from './verdict.ts';

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

/** Whether objects of an earlier version of the format, which are no longer written, count as well. */
export interface Where {
  readonly legacy: boolean;
  /** By the bytes, whatever is remembered of them. */
  readonly reread?: boolean;
}

/** The verdict by stat alone; undefined when bytes would have to be read. */
export function glance(place: Shelf, { digest, kind }: ObjectName, where: Where): Verdict | undefined {
  const found = locate(place, { digest, kind }, where);
  if (found === undefined) return absent(place, { digest, kind });
  return place.index.vouches(digest, kind, found.stat) ? 'intact' : undefined;
}

export interface ObjectName {
  readonly digest: Digest;
  readonly kind: ObjectKind;
}

interface Located extends ObjectName {
  readonly path: string;
  readonly stat: BigIntStats;
  readonly isLegacy: boolean;
}

/** Where the object is; undefined when it is nowhere. */
export function locate({ layout }: Shelf, { digest, kind }: ObjectName, { legacy }: Where): Located | undefined {
  const path = objectPath(layout, digest, kind);
  const stat = lstatOf(path, path);
  if (stat !== undefined) return { digest, kind, path, stat, isLegacy: false };
  const older = legacy ? legacyPath(layout, digest, kind) : undefined;
  const olderStat = older === undefined ? undefined : lstatOf(older, older);
  if (older === undefined || olderStat === undefined) return undefined;
  return { digest, kind, path: older, stat: olderStat, isLegacy: true };
}

function absent({ corrupt, layout }: Shelf, { digest, kind }: ObjectName): 'missing' | 'corrupt' {
  return corrupt.has(objectPath(layout, digest, kind)) ? 'corrupt' : 'missing';
}

/** What its stat does not vouch for is hashed; a corrupt object is set aside. */
export async function verify(place: Shelf, { digest, kind }: ObjectName, where: Where): Promise<Verdict> {
  const found = locate(place, { digest, kind }, where);
  if (found === undefined) return absent(place, { digest, kind });
  const { path, stat } = found;
  if (where.reread !== true && place.index.vouches(digest, kind, stat)) return 'intact';
  if (kindOf(stat) === 'file') {
    const options = { shown: path, now: () => 0, algorithm: place.layout.algorithm };
    const hashed = hashSmall(path, options) ?? (await hashLarge(path, undefined, options));
    if (hashed === 'missing') return 'missing';
    if (hashed.digest === digest || isTextBeforeDvc3(found)) {
      place.index.record(digest, kind, hashed.stat);
      return 'intact';
    }
  }
  setAside(place, found);
  return 'corrupt';
}

function isTextBeforeDvc3({ digest, kind, path, isLegacy }: Located): boolean {
  return isLegacy && kind === 'file' && hashAsBeforeDvc3(path) === digest;
}

/** An object's bytes, always checked: they are at hand. */
export function read(place: Shelf, { digest, kind }: ObjectName): Uint8Array | Exclude<Verdict, 'intact'> {
  const found = locate(place, { digest, kind }, { legacy: true });
  if (found === undefined) return absent(place, { digest, kind });
  const bytes = kindOf(found.stat) === 'file' ? readIfThere(found.path) : undefined;
  if (bytes !== undefined && (digestOf(bytes, place.layout.algorithm) === digest || isTextBeforeDvc3(found))) {
    return bytes;
  }
  setAside(place, found);
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
function setAside({ layout, corrupt }: Shelf, { digest, kind, path, stat }: Located): void {
  const now = lstatSync(path, { bigint: true, throwIfNoEntry: false });
  if (now === undefined || now.ino !== stat.ino || now.ctimeNs !== stat.ctimeNs) return;
  corrupt.add(objectPath(layout, digest, kind));
  const suffix = kind === 'tree' ? layout.treeSuffix : '';
  const name = `${hexOf(digest)}${suffix}.${randomBytes(4).toString('hex')}.corrupt`;
  try {
    mkdirSync(layout.corrupt, { recursive: true });
    moveFile(path, join(layout.corrupt, name));
  } catch (error) {
    // In a cache that cannot be written to, the corrupt object stays and is found corrupt each time.
    if (!isErrno(error, 'ENOENT', 'EROFS', 'EACCES', 'EPERM', 'ENOSPC', 'EDQUOT')) throw error;
  }
}

function moveFile(from: string, to: string): void {
  try {
    renameSync(from, to);
  } catch (error) {
    if (!isErrno(error, 'EXDEV')) throw error;
    cpSync(from, to, { recursive: true });
    rmSync(from, { recursive: true });
  }
}
