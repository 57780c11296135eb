import { type BigIntStats, readdirSync, readlinkSync } from 'node:fs';
import { isAbsolute, join, resolve } from 'node:path';
import { isErrno, LockstepError } from '../base/error.ts';
import { kindOf, lstatOf, notAFile, quote, statOf, unusable } from './file-stat.ts';

/** Something found below a directory. Paths are relative to it. */
export type Found =
  | { readonly kind: 'file'; readonly path: string; readonly stat: BigIntStats }
  | {
      readonly kind: 'link';
      readonly path: string;
      readonly stat: BigIntStats;
      readonly target: string;
      /** Absolute, when the link leads out of the directory. */
      readonly outside: string | null;
    }
  /** An empty directory. */
  | { readonly kind: 'dir'; readonly path: string; readonly stat: BigIntStats };

export interface WalkOptions {
  /** The directory as the user knows it. */
  readonly shown: string;
  /** Links to below here are what lockstep itself put in the place of files. */
  readonly objects: string;
  /** Absolute paths that are passed over. */
  readonly skip: ReadonlySet<string>;
}

/** After how many entries a walk pauses. */
const PAUSE = 256;

/**
 * All that is below a directory, in an order that does not change while the directory does not. Yields undefined now
 * and then, so that one and the same walk can be taken at one go or with pauses.
 */
export function* walk(root: string, options: WalkOptions): Generator<Found | undefined, void> {
  let pause = PAUSE;
  for (const found of walkInto(root, '', { root, ...options })) {
    yield found;
    pause -= 1;
    if (pause > 0) continue;
    pause = PAUSE;
    yield undefined;
  }
}

interface Place extends WalkOptions {
  readonly root: string;
}

function* walkInto(directory: string, prefix: string, place: Place): Generator<Found, void> {
  for (const name of namesIn(directory, prefix, place)) {
    const path = `${prefix}${name}`;
    const absolute = `${directory}/${name}`;
    if (place.skip.has(absolute)) continue;
    const stat = lstatOf(absolute, `${place.shown}/${path}`);
    if (stat === undefined) {
      if (name.includes('\ufffd')) throw unreadableName(`${place.shown}/${path}`);
      // Deleted since the directory was read.
      continue;
    }
    const kind = kindOf(stat);
    if (kind === 'file') yield { kind, path, stat };
    else if (kind === 'directory') {
      let empty = true;
      for (const found of walkInto(absolute, `${path}/`, place)) {
        empty = false;
        yield found;
      }
      if (empty) yield { kind: 'dir', path, stat };
    } else if (kind === 'link') {
      const found = followLink(absolute, { path, stat }, place);
      if (found !== undefined) yield found;
    } else throw notAFile(`${place.shown}/${path}`, kind);
  }
}

function namesIn(directory: string, prefix: string, place: Place): readonly string[] {
  try {
    return readdirSync(directory).sort();
  } catch (error) {
    if (prefix !== '' && isErrno(error, 'ENOENT')) return [];
    throw unusable(error, `${place.shown}/${prefix}`);
  }
}

function followLink(absolute: string, link: { path: string; stat: BigIntStats }, place: Place): Found | undefined {
  let target: string;
  try {
    target = readlinkSync(absolute);
  } catch (error) {
    if (isErrno(error, 'ENOENT', 'EINVAL')) return undefined;
    throw unusable(error, `${place.shown}/${link.path}`);
  }
  const leadsTo = resolve(absolute, '..', target);
  if (isAbsolute(target) && leadsTo.startsWith(`${place.objects}/`)) {
    const stat = statOf(absolute, `${place.shown}/${link.path}`);
    if (stat !== undefined && kindOf(stat) === 'file') return { kind: 'file', path: link.path, stat };
  }
  const inside = leadsTo === place.root || leadsTo.startsWith(join(place.root, '/'));
  return { kind: 'link', ...link, target, outside: inside ? null : leadsTo };
}

function unreadableName(shown: string): LockstepError {
  return new LockstepError('unusable-file', `the name of ${quote(shown)} is not valid UTF-8`, {
    hint: 'rename the file; a listing keeps names as text',
  });
}
