import type { Digest, RunId } from '../base/brand.ts';
import type { LockEntry } from '../pipeline/lock-entry.ts';
import { lockfileFromJson, lockfileToJson } from '../pipeline/lockfile.ts';
import type { RunCache } from '../store/run-cache.ts';

/** A result that is known for some inputs, and the run that gave it (null: known from the lockfile only). */
export interface Remembered {
  readonly entry: LockEntry;
  readonly run: RunId | null;
}

/** The run cache's text of one result. */
export function encodeRemembered(entry: LockEntry, run: RunId): string {
  const lockfile = lockfileToJson({ entries: new Map([['stage', { entry, edited: false }]]) });
  return `${JSON.stringify({ format: 1, run, lockfile })}\n`;
}

/** What an earlier run gave for these inputs; a damaged record is as good as none. */
export function recallRun(runCache: RunCache, fingerprint: Digest): Remembered | undefined {
  const text = runCache.read(fingerprint);
  return text === undefined ? undefined : decodeRemembered(text);
}

/** Undefined for a text that is no record. */
export function decodeRemembered(text: string): Remembered | undefined {
  try {
    const data = JSON.parse(text) as { format: number; run: RunId; lockfile: unknown };
    if (data.format !== 1) return undefined;
    const entry = lockfileFromJson(data.lockfile).entries.get('stage')?.entry;
    return entry === undefined ? undefined : { entry, run: data.run };
  } catch (error) {
    if (error instanceof SyntaxError || error instanceof TypeError) return undefined;
    throw error;
  }
}
