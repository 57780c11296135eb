import type { LockEntry } from '../pipeline/lock-entry.ts';
import type { Comparison } from './decision.ts';

/** What one try of a stage came to, before it is told to anyone. */
export type Result =
  | { readonly kind: 'ran'; readonly entry: LockEntry; readonly again: Comparison | null }
  | { readonly kind: 'failed'; readonly message: string }
  | { readonly kind: 'stopped' };
