import type { RunId } from '../base/brand.ts';

/** Runs one command somewhere. Implementations: local (executors/local.ts). */
export interface Executor {
  readonly name: string;
  start(task: Task): Execution;
}

export interface Task {
  readonly run: RunId;
  /** Shell scripts, run one after the other, each whole and with `set -e`; the first failure ends the task. */
  readonly scripts: readonly string[];
  /** Absolute. */
  readonly cwd: string;
  /** The complete environment, nothing is inherited. */
  readonly env: Readonly<Record<string, string>>;
  /** Milliseconds; absent: no limit. */
  readonly timeout?: number;
  /** Milliseconds between TERM and KILL. */
  readonly grace: number;
  /**
   * Absolute path of a JSON file that names the process group; it exists from before the first command of the user
   * until the group is gone, so that a later lockstep finds a child that outlived this one.
   */
  readonly recordFile: string;
  /** Further fields for the record file, so that its finder knows what ran. */
  readonly record: Readonly<Record<string, unknown>>;
  /** Chunks as they come, in order of arrival. */
  readonly onOutput: (stream: 'stdout' | 'stderr', chunk: Uint8Array) => void;
}

export interface Execution {
  /** Never rejects. Settled only when the whole process group is gone and all output was delivered. */
  readonly finished: Promise<Exit>;
  /** Ends the whole process group: TERM, grace, KILL. */
  stop(): void;
}

export type Exit =
  | { readonly kind: 'exited'; readonly code: number }
  | { readonly kind: 'signalled'; readonly signal: string }
  | { readonly kind: 'timed-out'; readonly after: number }
  | { readonly kind: 'stopped' }
  | { readonly kind: 'not-started'; readonly message: string };
