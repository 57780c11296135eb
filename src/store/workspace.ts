import { join } from 'node:path';
import type { ProjectPath } from '../base/brand.ts';
import type { Hashed } from './hash-file.ts';
import type { Objects } from './objects.ts';
import { SCHEMES, type Scheme } from './scheme.ts';
import type { StatIndex } from './stat-index.ts';
import type { TreeIndexes } from './tree-index.ts';
import type { WalkOptions } from './walk.ts';

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
  /** What is left out of directories besides: DVC's `.dvcignore`. Absolute paths. */
  readonly ignores: ((path: string, kind: 'file' | 'directory') => boolean) | undefined;
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

export function schemeOf({ objects }: Pick<Workspace, 'objects'>): Scheme {
  return SCHEMES[objects.layout.scheme];
}

export function walkOptions(workspace: Workspace, shown: string): WalkOptions {
  const { objects, skip, ignores } = workspace;
  return { shown, objects: objects.layout.objects, skip, ignores, keepsKinds: schemeOf(workspace).keepsKinds };
}

export function targetOf(workspace: Workspace, path: ProjectPath): Target {
  return { path: join(workspace.root, path), name: path, within: [] };
}
