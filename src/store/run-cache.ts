import { join } from 'node:path';
import type { Digest } from '../base/brand.ts';
import { Breath } from './breath.ts';
import { runFileKey } from './run-files.ts';
import { readSealed, writeSealed } from './sealed.ts';

/**
 * Texts by fingerprint: what a stage with these inputs gave. Shared by all workspaces that use the cache.
 *
 * A text names objects, so it is written only after the flush that gave them their names. It is checksummed instead
 * of synced: a text that a power cut damaged is none, and the stage runs again.
 */
export interface RunCache {
  read(fingerprint: Digest): string | undefined;
  write(fingerprint: Digest, text: string): void;
  writeAll(entries: Iterable<readonly [Digest, string]>): Promise<void>;
}

export function openRunCache(cacheDir: string): RunCache {
  const fileOf = (fingerprint: Digest): string => join(cacheDir, runFileKey(fingerprint));
  const write = (fingerprint: Digest, text: string): void =>
    writeSealed(fileOf(fingerprint), Buffer.from(text), `cannot write to the cache ${cacheDir}`);
  return {
    read: (fingerprint) => readSealed(fileOf(fingerprint))?.toString(),
    write,
    writeAll: async (entries) => {
      const breath = new Breath();
      for (const [fingerprint, text] of entries) {
        write(fingerprint, text);
        if (breath.due) await breath.take();
      }
    },
  };
}
