import { setMaxListeners } from 'node:events';

/**
 * Works on items, so many at a time. The first thing thrown ends it: nothing further begins, what is under way sees
 * its signal aborted, and it is thrown on once all have come to rest.
 */
export async function forEachBounded<Item>(
  items: Iterable<Item>,
  { jobs, signal }: { readonly jobs: number; readonly signal?: AbortSignal },
  work: (item: Item, signal: AbortSignal) => Promise<void>,
): Promise<void> {
  const stop = new AbortController();
  const both = signal === undefined ? stop.signal : AbortSignal.any([signal, stop.signal]);
  // Each item may listen to it more than once; from eleven on Node would take that for a leak, and say so on stderr.
  setMaxListeners(0, both);
  const rest = items[Symbol.iterator]();
  let thrown: { readonly error: unknown } | undefined;
  const worker = async (): Promise<void> => {
    while (!both.aborted) {
      const next = rest.next();
      if (next.done === true) return;
      try {
        await work(next.value, both);
      } catch (error) {
        thrown ??= { error };
        stop.abort();
      }
    }
  };
  await Promise.all(Array.from({ length: jobs }, worker));
  if (thrown !== undefined) throw thrown.error;
}
