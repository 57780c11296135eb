import type { OnEvent } from './event.ts';
import type { Performance } from './perform.ts';

export interface ReproRequest extends Performance {
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
