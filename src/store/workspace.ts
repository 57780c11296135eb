import { resolve } from 'node:path';
import type { ProjectPath } from '../base/brand.ts';
import type { Hashed } from './hash-file.ts';
import type { Objects } from './objects.ts';
import type { Scheme } from './scheme.ts';
import type { StatIndex } from './stat-index.ts';
import type { TreeIndexes } from './tree-index.ts';
import { type Found, type WalkOptions, walk } from './walk.ts';

/** What observing needs of a store. */
export interface Workspace {
  /** Absolute. */
  readonly root: string;
  readonly scheme: Scheme;
  readonly objects: Objects;
  readonly files: StatIndex;
  readonly trees: TreeIndexes;
  readonly now: () => number;
  /** Absolute paths that belong to no content: the project's own bookkeeping. */
  readonly skip: ReadonlySet<string>;
  /** What else does not, by absolute path. */
  readonly ignores: WalkOptions['ignores'];
  /** Called with every file whose bytes went into the cache, where it is to be replaced by a link. */
  readonly onSaved: ((path: string, hashed: Hashed) => void) | undefined;
}

/** A path to look at: of the project, or an absolute one that a link leads to. */
export interface Target {
  /** Absolute. */
  readonly path: string;
  /** What the indexes and messages call it. */
  readonly name: string;
  /** Directories that are being walked, so that links which lead back up do not go round for ever. */
  readonly within: readonly string[];
}

export function targetOf(workspace: Workspace, path: ProjectPath): Target {
  return { path: resolve(workspace.root, path), name: path, within: [] };
}

/** All below a directory that is its content. */
export function walkContent(
  workspace: Workspace,
  { path, name }: Pick<Target, 'path' | 'name'>,
): Generator<Found | undefined, void> {
  const { layout, directories } = workspace.scheme;
  return walk(path, { shown: name, layout, directories, skip: workspace.skip, ignores: workspace.ignores });
}

/** All below a directory that somebody might miss: also what is ignored, links as such and empty directories. */
export function walkAll(
  workspace: Workspace,
  { path, name }: Pick<Target, 'path' | 'name'>,
): Generator<Found | undefined, void> {
  const { layout, directories } = workspace.scheme;
  return walk(path, {
    shown: name,
    layout,
    directories: { ...directories, onlyFiles: false, refused: new Set() },
    skip: workspace.skip,
    ignores: undefined,
  });
}
