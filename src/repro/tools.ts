import type { ProjectPath, RunId } from '../base/brand.ts';
import type { Executor } from '../executors/executor.ts';
import type { Scheme } from '../pipeline/lock-format.ts';
import type { CodeState } from '../provenance/git.ts';
import type { DvcIgnore } from '../store/dvc-ignore.ts';
import type { DvcRunFiles } from '../store/dvc-run-files.ts';
import type { ParseCache } from '../store/parse-cache.ts';
import type { RunCache } from '../store/run-cache.ts';
import type { Store } from '../store/store.ts';
import type { EnvironmentRecord } from '../tracking/run.ts';
import type { TrackingStore } from '../tracking/tracking-store.ts';

/** Where stages log to while they run. */
export interface StageDoor {
  /** What tells a stage of it. */
  environment(run: RunId): Readonly<Record<string, string>>;
  close(): Promise<void>;
}

export interface DoorOptions {
  /** Resolves when the run is in the database; asked before each answer. */
  readonly settle: (run: RunId) => Promise<void>;
  /** What was sent could not be kept for a reason that is not the sender's. */
  readonly onFault: (error: unknown) => void;
}

/** What the engine works with; composed in cli/project.ts, opened at first use. */
export interface Tools {
  /** Absolute. */
  readonly root: string;
  /** Absolute path of `.lockstep/tmp`. */
  readonly tmp: string;
  readonly scheme: Scheme;
  readonly store: Store;
  readonly runCache: RunCache;
  /** Only in a DVC project. */
  readonly dvcRuns: DvcRunFiles | undefined;
  readonly parseCache: ParseCache;
  /** What DVC does not see; only in a DVC project. */
  readonly ignore: DvcIgnore | undefined;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly now: () => number;
  readonly randomId: () => string;
  readonly pid: number;
  tracking(): Promise<TrackingStore>;
  /** Whether the records are in a database where others are at work at the same time. */
  readonly isGuest: boolean;
  openStageDoor(options: DoorOptions): Promise<StageDoor>;
  executor(): Promise<Executor>;
  captureCode(untracked: readonly ProjectPath[]): Promise<CodeState>;
  captureEnvironment(task: {
    scripts: readonly string[];
    cwd: string;
    env: NodeJS.ProcessEnv;
  }): Promise<EnvironmentRecord>;
}
