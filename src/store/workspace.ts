import { join } from 'node:path';
import type { ProjectPath } from '../base/brand.ts';
import type { Hashed } from './hash-file.ts';
import type { Objects } from './objects.ts';
import type { StatIndex } from './stat-index.ts';
import type { TreeIndexes } from './tree-index.ts';

/** What observing needs of a store. */
export interface Workspace {
  /** Absolute. */
  readonly root: string;
  readonly objects: Objects;
  readonly files: StatIndex;
  readonly trees: TreeIndexes;
  readonly now: () => number;
  /** Absolute paths that belong to no content: the project's own bookkeeping. */
  readonly skip: ReadonlySet<string>;
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
  return { path: join(workspace.root, path), name: path, within: [] };
}
