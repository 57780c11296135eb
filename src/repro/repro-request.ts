import type { RunId } from '../base/brand.ts';
import type { OnEvent } from './event.ts';
import type { Performance } from './perform.ts';

export interface ReproRequest extends Performance {
  /** The run of the whole; absent: one with an id of its own. */
  readonly run?: RunId;
  readonly dry: boolean;
  readonly commit: boolean;
  readonly useRunCache: boolean;
  /** Milliseconds between TERM and KILL. */
  readonly grace: number;
  readonly signal: AbortSignal;
  readonly emit: OnEvent;
  /** What the holder of the workspace is called towards others that wait for it. */
  readonly command: string;
}
