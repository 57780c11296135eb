import type { Digest, ProjectPath, StageId } from '../base/brand.ts';
import type { Content } from '../base/content.ts';
import type { Inputs } from '../pipeline/fingerprint.ts';
import type { Stage } from '../pipeline/stage.ts';

/** Content of an out that is not in the cache. */
export interface Wanted {
  readonly content: Content;
  readonly path: ProjectPath;
  readonly stage: StageId;
  /** The one remote that the out is kept at; undefined for the one that is used. */
  readonly remote: string | undefined;
}

/**
 * Data and results that are elsewhere. What is not to be had there is no stoppage: the supply says so, and the stage
 * is taken as if nobody had asked.
 */
export interface Supply {
  /** Which of the contents could be had, by digest; none is brought. */
  offers(wanted: readonly Wanted[]): Promise<ReadonlySet<Digest>>;
  /** Brings contents into the cache, as far as they are to be had. */
  bring(wanted: readonly Wanted[], signal: AbortSignal): Promise<void>;
  /** Brings what is remembered of a stage with these inputs into the run cache. */
  recall(question: RecallQuestion): Promise<void>;
}

export interface RecallQuestion {
  readonly stage: Stage;
  readonly inputs: Inputs;
  readonly fingerprint: Digest;
}

/** What a look at a stage may count on besides the workspace and the cache. */
export interface Elsewhere {
  /** Whether all of it is to be had; where stages are performed, it is in the cache then. */
  has(wanted: readonly Wanted[]): Promise<boolean>;
  recall(question: RecallQuestion): Promise<void>;
  /** What a dep would hold that is not there, where it is the out of a stage that has nothing to do. */
  contentOf(dep: ProjectPath): Content | undefined;
}
