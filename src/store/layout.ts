import { join } from 'node:path';
import type { Digest } from '../base/brand.ts';
import { hexOf } from '../base/hash.ts';

/** Two objects may bear one digest: a file's bytes, and a directory's listing, which has the same text as that file. */
export type ObjectKind = 'file' | 'tree';

/** Where things are in a cache directory. Nothing but objects has a name that looks like a digest. */
export interface Layout {
  readonly cacheDir: string;
  readonly objects: string;
  readonly temporary: string;
  readonly corrupt: string;
  readonly index: string;
}

export function layoutOf(cacheDir: string): Layout {
  return {
    cacheDir,
    objects: join(cacheDir, 'sha256'),
    temporary: join(cacheDir, 'tmp'),
    corrupt: join(cacheDir, 'corrupt'),
    index: join(cacheDir, 'objects.idx'),
  };
}

export function objectPath(layout: Layout, digest: Digest, kind: ObjectKind): string {
  const hex = hexOf(digest);
  return `${layout.objects}/${hex.slice(0, 2)}/${hex.slice(2)}${kind === 'tree' ? '.tree' : ''}`;
}
