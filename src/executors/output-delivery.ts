import type { Readable } from 'node:stream';
import { setImmediate as turn } from 'node:timers/promises';
import type { Task } from './executor.ts';

/** Passes on what a stage writes, as it comes. */
export interface Delivery {
  /** To be called when the writers are gone: true when all was delivered, false when somebody still holds a pipe open. */
  drained(): Promise<boolean>;
  close(): void;
}

/** Turns of the event loop without a byte, after which the pipes count as empty. The first may be a part of one only. */
const QUIET_TURNS = 2;

export function deliver(
  readers: Readonly<Record<'stdout' | 'stderr', Readable>>,
  onOutput: Task['onOutput'],
): Delivery {
  const open = new Set<Readable>();
  let chunks = 0;
  for (const stream of ['stdout', 'stderr'] as const) {
    const reader = readers[stream];
    open.add(reader);
    reader.on('data', (chunk: Uint8Array) => {
      chunks++;
      onOutput(stream, chunk);
    });
    reader.once('end', () => open.delete(reader));
    reader.once('error', () => open.delete(reader));
  }
  return {
    async drained() {
      for (let quiet = 0, before = chunks; open.size > 0 && quiet < QUIET_TURNS; before = chunks) {
        await turn();
        quiet = chunks === before ? quiet + 1 : 0;
      }
      return open.size === 0;
    },
    close() {
      for (const reader of open) reader.destroy();
    },
  };
}
