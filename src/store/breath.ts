import { setImmediate } from 'node:timers/promises';

/** Milliseconds of synchronous work after which others get their turn. */
const SPELL = 5;

/**
 * Small files are read and written by synchronous calls, which cost a third of the CPU that promises do; this keeps
 * signals, child output and timers alive meanwhile.
 */
export class Breath {
  #since = performance.now();

  get due(): boolean {
    return performance.now() - this.#since > SPELL;
  }

  async take(): Promise<void> {
    await setImmediate();
    this.#since = performance.now();
  }
}
