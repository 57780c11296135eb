import { LockstepError } from '../base/error.ts';
import type { Exchange } from '../store/exchange.ts';
import type { ObjectName } from '../store/integrity.ts';
import { forEachBounded } from './bounded.ts';
import { type Remote, RemoteError } from './remote.ts';
import { type Patience, retrying } from './retry.ts';

/** What lies between a cache and a remote while objects go from one to the other. */
export interface Line {
  readonly remote: Remote;
  readonly objects: Exchange;
  /** How many objects are under way at the same time. */
  readonly jobs: number;
  readonly signal: AbortSignal;
  readonly patience: Patience;
  readonly progress: Progress;
}

/** Told of all that goes on, to be shown. */
export interface Progress {
  /** So many more objects are to come or go; of some it is not known how many bytes they have. */
  expect(objects: number, bytes: number): void;
  moved(bytes: number): void;
  finished(): void;
}

/** An object with all that it is needed for. */
export interface Item extends ObjectName {
  /** As a listing or a lockfile tells it; null where none does. */
  readonly size: number | null;
  /** Paths of the project. */
  readonly paths: Set<string>;
  /** Names of stages. */
  readonly neededBy: Set<string>;
}

/** An object that could not be had or brought. The rest has been. */
export interface Problem {
  readonly item: Item;
  /** Where something is not, or not whole, and what else can go wrong. */
  readonly kind: 'not-here' | 'not-there' | 'damaged-there' | 'failed';
  readonly message?: string;
}

/**
 * Works on items over the line. An item's error that more tries did not help with is given to `failed`; where none
 * gets through any more, or where it would go on like that, a stoppage is thrown.
 */
export async function overLine<One>(line: Line, items: Iterable<One>, { work, failed }: Work<One>): Promise<void> {
  let inVain = 0;
  await forEachBounded(items, line, async (item, signal) => {
    try {
      await retrying(line.patience, signal, () => work(item, signal));
      inVain = 0;
    } catch (error) {
      if (line.signal.aborted) return;
      if (!(error instanceof RemoteError)) throw error;
      inVain = error.fault === 'missing' ? 0 : inVain + 1;
      if (error.fault === 'fatal' || inVain >= MOST_IN_VAIN) throw stoppage(line.remote, error);
      failed(item, error);
    }
  });
  if (line.signal.aborted) throw new LockstepError('interrupted', 'interrupted');
}

/** So many objects in a row without one that gets through are no accident of theirs. */
const MOST_IN_VAIN = 8;

interface Work<One> {
  readonly work: (item: One, signal: AbortSignal) => Promise<void>;
  readonly failed: (item: One, error: RemoteError) => void;
}

/** One question to the remote, asked again where that may help. An interruption does not wait for the answer. */
export async function askRemote<Answer>(line: Line, ask: () => Promise<Answer>): Promise<Answer> {
  const { signal, patience } = line;
  let refuse = (): void => {};
  const interrupted = new Promise<never>((_, reject) => {
    refuse = () => reject(signal.reason);
    signal.addEventListener('abort', refuse, { once: true });
  });
  try {
    return await Promise.race([retrying(patience, signal, ask), interrupted]);
  } catch (error) {
    if (line.signal.aborted) throw new LockstepError('interrupted', 'interrupted');
    throw error instanceof RemoteError ? stoppage(line.remote, error) : error;
  } finally {
    signal.removeEventListener('abort', refuse);
  }
}

export function stoppage({ url }: Pick<Remote, 'url'>, error: RemoteError): LockstepError {
  return new LockstepError('remote', `the remote ${url} cannot be used: ${error.message}`, {
    hint: error.hint ?? 'what has been transferred already stays; run the command again to go on from there',
    cause: error,
  });
}
