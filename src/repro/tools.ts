import type { ProjectPath } from '../base/brand.ts';
import type { Executor } from '../executors/executor.ts';
import type { Scheme } from '../pipeline/lock-format.ts';
import type { CodeState } from '../provenance/git.ts';
import type { DvcRunFiles } from '../store/dvc-run-files.ts';
import type { ParseCache } from '../store/parse-cache.ts';
import type { RunCache } from '../store/run-cache.ts';
import type { Store } from '../store/store.ts';
import type { EnvironmentRecord } from '../tracking/run.ts';
import type { TrackingStore } from '../tracking/tracking-store.ts';

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
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly now: () => number;
  readonly randomId: () => string;
  readonly pid: number;
  tracking(): Promise<TrackingStore>;
  executor(): Promise<Executor>;
  captureCode(untracked: readonly ProjectPath[]): Promise<CodeState>;
  captureEnvironment(task: {
    scripts: readonly string[];
    cwd: string;
    env: NodeJS.ProcessEnv;
  }): Promise<EnvironmentRecord>;
}
