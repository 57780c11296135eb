import type { RunId, StageId } from '../base/brand.ts';
import type { Decision, Outcome } from './decision.ts';

/** What happens during `repro`, as plain data: the terminal, `--json` and the web page all render from it. */
export type ReproEvent =
  | { readonly event: 'planned'; readonly stages: readonly StageId[]; readonly dry: boolean }
  | { readonly event: 'waiting'; readonly pid: number; readonly command: string; readonly since: number }
  | { readonly event: 'stage-decided'; readonly stage: StageId; readonly decision: Decision }
  | {
      readonly event: 'stage-started';
      readonly stage: StageId;
      readonly run: RunId;
      readonly cmd: string;
      /** 1 for the first try. */
      readonly attempt: number;
      /** Milliseconds that the last successful run took; null when there was none. */
      readonly expected: number | null;
    }
  | {
      readonly event: 'stage-output';
      readonly stage: StageId;
      readonly stream: 'stdout' | 'stderr';
      /** Whole lines, each with its line end, save perhaps the last of the stage. */
      readonly text: string;
    }
  | {
      readonly event: 'stage-finished';
      readonly stage: StageId;
      readonly outcome: Outcome;
      /** Milliseconds. */
      readonly duration: number;
    }
  | { readonly event: 'notice'; readonly level: 'info' | 'warning'; readonly stage?: StageId; readonly message: string }
  | { readonly event: 'watching'; readonly paths: number }
  | ({ readonly event: 'summary' } & Summary);

/** Stages by what became of them (or, in a dry run, would). `reproduced` and `differs` are among `ran`. */
export interface Summary {
  readonly ran: readonly StageId[];
  readonly restored: readonly StageId[];
  readonly kept: readonly StageId[];
  readonly failed: readonly StageId[];
  /** Ended while they ran, because the whole was. */
  readonly interrupted: readonly StageId[];
  readonly blocked: readonly StageId[];
  readonly reproduced: readonly StageId[];
  readonly differs: readonly StageId[];
}

export type OnEvent = (event: ReproEvent) => void;
