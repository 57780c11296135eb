import type { ProjectPath } from '../base/brand.ts';
import type { Loaded } from '../repro/loaded.ts';
import type { Store } from '../store/store.ts';
import type { TrackingStore } from '../tracking/tracking-store.ts';
import type { Context } from './context.ts';

/** One project, composed: the only place where the tools are put together. Parts are opened at first use. */
export interface Project {
  /** Absolute. */
  readonly root: string;
  /** The current directory, as a path of the project. */
  readonly here: ProjectPath;
  /** Throws `bad-pipeline` or `bad-lockfile` with every mistake of every file. */
  load(): Promise<Loaded>;
  store(): Store;
  tracking(): Promise<TrackingStore>;
  /** Writes indexes and closes what was opened. */
  close(): Promise<void>;
}

/** The project around the context's current directory; throws `no-project` when there is none. */
export declare function openProject(context: Context): Promise<Project>;
