import type { Digest } from '../base/brand.ts';
import type { Content } from '../base/content.ts';
import { comparePaths } from '../base/project-path.ts';

/** What is at each path: an out, or, one by one, the files in it. Directories have a slash at their ends. */
export type Holdings = ReadonlyMap<string, Digest | 'unknown'>;

/** How one state of the data became the next. */
export interface DataChanges {
  readonly modified: readonly string[];
  readonly added: readonly string[];
  readonly deleted: readonly string[];
  readonly renamed: readonly { readonly old: string; readonly new: string }[];
  /** Files in a directory of which nobody knows what it held before. */
  readonly unknown: readonly string[];
  readonly unchanged: readonly string[];
}

export interface Held {
  readonly path: string;
  readonly content: Content;
  /** The files in a directory, where they are asked for: none when they are not known. */
  readonly files: ReadonlyMap<string, Digest> | 'not-asked' | 'unknown';
}

/** The paths of some outs with what they hold. A directory comes before the files in it. */
export function holdingsOf(outs: readonly Held[]): Holdings {
  const held = new Map<string, Digest | 'unknown'>();
  for (const { path, content, files } of outs) {
    held.set(content.kind === 'tree' ? `${path}/` : path, content.digest);
    if (typeof files !== 'string') for (const [name, digest] of files) held.set(`${path}/${name}`, digest);
  }
  return held;
}

/** Directories whose earlier files are not known: what is in them now can only be named. */
export function compareHoldings(before: Holdings, after: Holdings, opaque: ReadonlySet<string>): DataChanges {
  const modified: string[] = [];
  const unknown: string[] = [];
  const unchanged: string[] = [];
  const added: string[] = [];
  const isInOpaque = (path: string): boolean =>
    [...opaque].some((directory) => path.startsWith(directory) && path !== directory);
  for (const [path, digest] of after) {
    const was = before.get(path);
    if (was === digest) unchanged.push(path);
    else if (was !== undefined || before.has(otherKind(path))) modified.push(path);
    else if (isInOpaque(path)) unknown.push(path);
    else added.push(path);
  }
  const deleted = [...before.keys()].filter((path) => !after.has(path) && !after.has(otherKind(path)));
  const renamed = findRenames({ before, after, added, deleted });
  const isOld = new Set(renamed.map(({ old }) => old));
  const isNew = new Set(renamed.map((rename) => rename.new));
  return {
    modified: modified.sort(comparePaths),
    added: added.filter((path) => !isNew.has(path)).sort(comparePaths),
    deleted: deleted.filter((path) => !isOld.has(path)).sort(comparePaths),
    renamed,
    unknown: unknown.sort(comparePaths),
    unchanged: unchanged.sort(comparePaths),
  };
}

/** A directory where there was a file, or the reverse, is one path that changed. */
function otherKind(path: string): string {
  return path.endsWith('/') ? path.slice(0, -1) : `${path}/`;
}

interface Movements {
  readonly before: Holdings;
  readonly after: Holdings;
  readonly added: readonly string[];
  readonly deleted: readonly string[];
}

/** What went away here and came up there with the same bytes. */
function findRenames({ before, after, added, deleted }: Movements): DataChanges['renamed'] {
  const keyOf = (path: string, digest: string | undefined) => `${path.endsWith('/')} ${digest}`;
  const gone = new Map<string, string[]>();
  for (const path of [...deleted].sort(comparePaths)) {
    const key = keyOf(path, before.get(path));
    gone.set(key, [...(gone.get(key) ?? []), path]);
  }
  return [...added].sort(comparePaths).flatMap((path) => {
    const old = gone.get(keyOf(path, after.get(path)))?.shift();
    return old === undefined ? [] : [{ old, new: path }];
  });
}
