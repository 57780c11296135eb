import type { StageId } from '../base/brand.ts';
import type { Mistake } from './mistake.ts';
import type { Pipeline } from './stage.ts';

/** Which stage needs which, over all pipeline files of the project. Plain data, so that it can be kept. */
export interface Graph {
  /** Every stage, each after the ones it needs; otherwise in the order of the files. */
  readonly order: readonly StageId[];
  /** Stage → the stages that write what it reads, directly. */
  readonly upstream: ReadonlyMap<StageId, readonly StageId[]>;
  /** Stage → the stages that read what it writes, directly. */
  readonly downstream: ReadonlyMap<StageId, readonly StageId[]>;
}

/** The graph of all pipelines, with every mistake that only shows across stages: cycles, two writers of one path. */
export declare function buildGraph(pipelines: readonly Pipeline[]): {
  readonly graph: Graph;
  readonly mistakes: readonly Mistake[];
};
