import { join } from 'node:path';
import type { Digest } from '../base/brand.ts';
import { type Algorithm, hexOf, isDigest } from '../base/hash.ts';

/** Two objects may bear one digest: a file's bytes, and a directory's listing, which has the same text as that file. */
export type ObjectKind = 'file' | 'tree';

/** Where the objects of a cache are, and what they are like. Plain data, since threads send it to each other. */
export interface Layout {
  /** What messages call the cache. */
  readonly cacheDir: string;
  /** Objects are here as `<first two digits>/<rest>`. */
  readonly objects: string;
  /** Where objects of an earlier version of the format are, which are read but no longer written. */
  readonly legacy: string | undefined;
  readonly algorithm: Algorithm;
  /** What a listing's name ends with. */
  readonly treeSuffix: string;
  /** Permissions of objects and of the directories above them that are made. */
  readonly modes: Modes;
  /** Where objects are written before they have their names, if it is on the file system of the objects. */
  readonly temporary: string;
  readonly corrupt: string;
  readonly index: string;
}

export interface Modes {
  readonly object: number;
  /** Undefined: what the umask leaves. */
  readonly directory: number | undefined;
  /** Whether the umask has no say in the mode of objects. */
  readonly exact: boolean;
}

/** The layout of lockstep's own cache directory, in which nothing but objects has a name that looks like a digest. */
export function layoutOf(cacheDir: string): Layout {
  return {
    cacheDir,
    objects: join(cacheDir, 'sha256'),
    legacy: undefined,
    algorithm: 'sha256',
    treeSuffix: '.tree',
    modes: { object: 0o444, directory: undefined, exact: false },
    temporary: join(cacheDir, 'tmp'),
    corrupt: join(cacheDir, 'corrupt'),
    index: join(cacheDir, 'objects.idx'),
  };
}

export interface DvcPlaces {
  readonly cacheDir: string;
  /** For what DVC must not meet in its cache: unfinished objects and the index. */
  readonly tmpDir: string;
  readonly corruptDir: string;
  /** Whether all users of a group may write to the cache. */
  readonly shared: boolean;
}

/** The layout of a DVC cache directory, in which there is nothing but objects. */
export function dvcLayoutOf({ cacheDir, tmpDir, corruptDir, shared }: DvcPlaces): Layout {
  return {
    cacheDir,
    objects: join(cacheDir, 'files', 'md5'),
    legacy: cacheDir,
    algorithm: 'md5',
    treeSuffix: '.dir',
    modes: shared
      ? { object: 0o664, directory: 0o2775, exact: true }
      : { object: 0o444, directory: undefined, exact: true },
    temporary: join(tmpDir, 'saving'),
    corrupt: corruptDir,
    index: join(tmpDir, 'index', 'objects-md5.idx'),
  };
}

export function objectPath(layout: Layout, digest: Digest, kind: ObjectKind): string {
  return `${layout.objects}/${objectName(layout, digest, kind)}`;
}

/** Undefined where there never was another place. */
export function legacyPath(layout: Layout, digest: Digest, kind: ObjectKind): string | undefined {
  return layout.legacy === undefined ? undefined : `${layout.legacy}/${objectName(layout, digest, kind)}`;
}

function objectName(layout: Layout, digest: Digest, kind: ObjectKind): string {
  const hex = hexOf(digest);
  return `${hex.slice(0, 2)}/${hex.slice(2)}${kind === 'tree' ? layout.treeSuffix : ''}`;
}

/** The object that a name stands for, the two first digits before the rest; undefined for what is no object's. */
export function objectNamed(
  { algorithm, treeSuffix }: Layout,
  name: string,
): { readonly digest: Digest; readonly kind: ObjectKind } | undefined {
  const kind = name.endsWith(treeSuffix) ? 'tree' : 'file';
  const digest = `${algorithm}:${kind === 'tree' ? name.slice(0, -treeSuffix.length) : name}`;
  return isDigest(digest) ? { digest, kind } : undefined;
}

/** Whether an absolute path is where an object of the cache could be. */
export function isInCache(layout: Layout, path: string): boolean {
  return path.startsWith(`${layout.objects}/`) || (layout.legacy !== undefined && path.startsWith(`${layout.legacy}/`));
}
