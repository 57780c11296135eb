import type { Literal, ProjectPath, RunId, StageId } from '../base/brand.ts';
import type { Content } from '../base/content.ts';

/** What is to be done with a stage. */
export type Decision =
  | { readonly do: 'keep' }
  | { readonly do: 'restore'; readonly from: RestoreSource; readonly reasons: readonly Reason[] }
  | { readonly do: 'run'; readonly reasons: readonly Reason[] }
  | { readonly do: 'blocked'; readonly by: readonly StageId[]; readonly reasons: readonly Reason[] };

/** `lock`: the lock entry's outs are gone but their objects are here. `run-cache`: the same inputs were run before. */
export type RestoreSource = 'lock' | 'run-cache';

/** Why a stage is not simply kept. Every reason is found, not only the first. */
export type Reason =
  | { readonly reason: 'no-lock-entry' }
  | { readonly reason: 'lock-edited' }
  | { readonly reason: 'command-changed'; readonly was: string; readonly now: string }
  | { readonly reason: 'wdir-changed'; readonly was: ProjectPath; readonly now: ProjectPath }
  | { readonly reason: 'env-changed'; readonly name: string; readonly was: string | null; readonly now: string | null }
  | { readonly reason: 'dep-changed'; readonly path: ProjectPath; readonly was: Content; readonly now: Content }
  | { readonly reason: 'dep-added'; readonly path: ProjectPath }
  | { readonly reason: 'dep-removed'; readonly path: ProjectPath }
  | { readonly reason: 'dep-missing'; readonly path: ProjectPath }
  | {
      readonly reason: 'param-changed';
      readonly file: ProjectPath;
      readonly key: string;
      readonly was: Literal;
      readonly now: Literal;
    }
  | { readonly reason: 'param-added'; readonly file: ProjectPath; readonly key: string; readonly now: Literal }
  | { readonly reason: 'param-removed'; readonly file: ProjectPath; readonly key: string; readonly was: Literal }
  | { readonly reason: 'out-missing'; readonly path: ProjectPath }
  | { readonly reason: 'out-changed'; readonly path: ProjectPath; readonly was: Content; readonly now: Content }
  | {
      readonly reason: 'outs-redefined';
      readonly added: readonly ProjectPath[];
      readonly removed: readonly ProjectPath[];
    }
  | { readonly reason: 'object-corrupt'; readonly path: ProjectPath }
  | { readonly reason: 'upstream-would-run'; readonly stage: StageId }
  | { readonly reason: 'always' }
  | { readonly reason: 'forced' };

/** What became of a stage. */
export type Outcome =
  | { readonly kind: 'kept' }
  | { readonly kind: 'restored'; readonly from: RestoreSource; readonly run?: RunId }
  | { readonly kind: 'ran'; readonly run: RunId; readonly again: Comparison | null }
  | {
      readonly kind: 'failed';
      readonly run: RunId | null;
      /** What ended it: an exit code, a signal, a timeout, an out that was not made. */
      readonly message: string;
      /** The last lines of its output. */
      readonly lastLines: readonly string[];
    }
  | { readonly kind: 'stopped'; readonly run: RunId | null }
  | { readonly kind: 'blocked'; readonly by: readonly StageId[] };

/** A run whose fingerprint was already known, held against what the lock says that it gave. */
export type Comparison =
  | { readonly kind: 'reproduced' }
  | { readonly kind: 'differs'; readonly outs: readonly ProjectPath[] };
