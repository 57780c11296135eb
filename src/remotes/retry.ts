import { setTimeout } from 'node:timers/promises';
import { RemoteError } from './remote.ts';

/** How often and after which time something is tried again. */
export interface Patience {
  readonly tries: number;
  /** Milliseconds before the second try; each further time it is twice as long, up to `longest`. */
  readonly first: number;
  readonly longest: number;
  readonly pause: (milliseconds: number, signal: AbortSignal) => Promise<void>;
  /** From 0 up to 1: spreads those that failed at the same moment. */
  readonly random: () => number;
}

export const PATIENCE: Patience = {
  tries: 6,
  first: 250,
  longest: 10_000,
  pause: async (milliseconds, signal) => void (await setTimeout(milliseconds, undefined, { signal })),
  random: Math.random,
};

/** Tries again after a `transient` error; the last one is thrown. */
export async function retrying<Result>(
  patience: Patience,
  signal: AbortSignal,
  work: () => Promise<Result>,
): Promise<Result> {
  for (let tried = 1; ; tried += 1) {
    try {
      return await work();
    } catch (error) {
      if (signal.aborted || !(error instanceof RemoteError) || error.fault !== 'transient') throw error;
      if (tried >= patience.tries) throw error;
    }
    const longest = Math.min(patience.longest, patience.first * 2 ** (tried - 1));
    await patience.pause(longest * (0.5 + patience.random() / 2), signal);
  }
}
