import { randomBytes } from 'node:crypto';
import { chmodSync, lstatSync, mkdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { diskError } from '../base/atomic-file.ts';
import type { Layout } from './layout.ts';
import { sweepAbandoned } from './prune.ts';

/** Begins the names of unfinished objects that stand among finished ones, which look like no digest. */
const UNFINISHED = '.lockstep-';

/** What the names of this process's unfinished objects begin with; absolute. */
export function openTemporaries(layout: Layout, now: number): string {
  const unique = randomBytes(6).toString('base64url');
  try {
    mkdirSync(layout.temporary, { recursive: true });
    sweepAbandoned(layout.temporary, now);
    if (isWithin(layout.temporary, layout.cacheDir)) return join(layout.temporary, unique);
    makeDirectories(layout, layout.objects);
    if (lstatSync(layout.temporary).dev === lstatSync(layout.objects).dev) return join(layout.temporary, unique);
    // No rename leads from one file system to another, so they have to stand beside the objects.
    sweepAbandoned(layout.objects, now, UNFINISHED);
    return join(layout.objects, `${UNFINISHED}${unique}`);
  } catch (error) {
    throw diskError(error, `cannot write to the cache ${layout.cacheDir}`);
  }
}

/** Makes a directory of the cache and those above it. */
export function makeDirectories(layout: Layout, directory: string): void {
  const first = mkdirSync(directory, { recursive: true });
  const { directory: mode } = layout.modes;
  if (first === undefined || mode === undefined) return;
  for (let made = directory; made.length >= first.length; made = dirname(made)) chmodSync(made, mode);
}

export function isWithin(path: string, directory: string): boolean {
  return path.startsWith(join(directory, '/'));
}
