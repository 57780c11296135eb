import { existsSync, lstatSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { Digest } from '../base/brand.ts';
import { hexOf } from '../base/hash.ts';
import { SCHEMES, type SchemeName } from './scheme.ts';

/** Two objects may bear one digest: a file's bytes, and a directory's listing, which has the same text as that file. */
export type ObjectKind = 'file' | 'tree';

/** Where things are in a cache directory. Nothing but objects has a name that looks like a digest. */
export interface Layout {
  readonly scheme: SchemeName;
  readonly cacheDir: string;
  readonly objects: string;
  readonly temporary: string;
  readonly corrupt: string;
  readonly index: string;
  /** Where objects of DVC before 3.0 are, which are read and never written. */
  readonly legacy?: string;
}

export function layoutOf(cacheDir: string): Layout {
  return {
    scheme: 'native',
    cacheDir,
    objects: join(cacheDir, 'sha256'),
    temporary: join(cacheDir, 'tmp'),
    corrupt: join(cacheDir, 'corrupt'),
    index: join(cacheDir, 'objects.idx'),
  };
}

export function objectPath(layout: Layout, digest: Digest, kind: ObjectKind): string {
  const hex = hexOf(digest);
  return `${layout.objects}/${hex.slice(0, 2)}/${hex.slice(2)}${kind === 'tree' ? SCHEMES[layout.scheme].suffix : ''}`;
}

/** Where an object stands: under its name, or, of a DVC cache, under its name of old. */
export function standingPath(layout: Layout, digest: Digest, kind: ObjectKind): string {
  const path = objectPath(layout, digest, kind);
  if (layout.legacy === undefined || existsSync(path)) return path;
  const old = objectPath({ ...layout, objects: layout.legacy }, digest, kind);
  return existsSync(old) ? old : path;
}

/** A DVC cache holds DVC's objects and nothing else; all that lockstep adds is in its own directory. */
export function dvcLayoutOf(cacheDir: string, stateDir: string): Layout {
  const making = join(stateDir, 'tmp', 'md5');
  return {
    scheme: 'dvc',
    cacheDir,
    objects: join(cacheDir, 'files', 'md5'),
    temporary: sameDevice(cacheDir, stateDir) ? making : join(cacheDir, 'lockstep-tmp'),
    corrupt: join(stateDir, 'cache', 'corrupt'),
    index: join(stateDir, 'tmp', 'index', 'md5-objects.idx'),
    legacy: cacheDir,
  };
}

/** Whether a rename leads from one to the other, as far as they are there yet. */
function sameDevice(a: string, b: string): boolean {
  return deviceOf(a) === deviceOf(b);
}

function deviceOf(path: string): number {
  return lstatSync(path, { throwIfNoEntry: false })?.dev ?? deviceOf(dirname(path));
}
