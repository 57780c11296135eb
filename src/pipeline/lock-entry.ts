import type { Literal, ProjectPath } from '../base/brand.ts';
import type { Content } from '../base/content.ts';

/** What a stage was last proven to be: these inputs gave these outs. Paths are the project's. */
export interface LockEntry {
  readonly cmd: string | readonly string[];
  readonly wdir: ProjectPath;
  readonly env: Readonly<Record<string, string>>;
  readonly params: ReadonlyMap<ProjectPath, ReadonlyMap<string, Literal>>;
  readonly deps: ReadonlyMap<ProjectPath, Content>;
  readonly outs: ReadonlyMap<ProjectPath, LockedOut>;
}

/** An out with the one flag that changes what a run gives: a persistent out is an input of its own next run. */
export interface LockedOut {
  readonly content: Content;
  readonly persist: boolean;
}

/** One lockfile, read. */
export interface Lockfile {
  readonly entries: ReadonlyMap<string, ReadLockEntry>;
}

export interface ReadLockEntry {
  readonly entry: LockEntry;
  /** The entry's checksum does not match its lines: somebody edited or merged it by hand. */
  readonly edited: boolean;
  /** Deps and outs whose digests DVC before 3.0 gave, for which the line ends of text did not count. */
  readonly legacy?: ReadonlySet<ProjectPath>;
}
