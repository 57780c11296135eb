import type { ReproEvent } from '../repro/event.ts';

/** Shows what happens during a `repro`, as it happens. */
export interface Renderer {
  onEvent(event: ReproEvent): void;
  stop(): Promise<void>;
}
