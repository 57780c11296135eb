import { readdirSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';

/** A day: longer than any single request lasts. */
const STALE_AFTER = 86_400_000;

/** Removes what requests left half done that nobody goes on with: their server was killed, or their client. */
export function removeStale(directory: string, now: number): void {
  for (const name of readdirSync(directory)) {
    const path = join(directory, name);
    const { mtimeMs } = statSync(path, { throwIfNoEntry: false }) ?? {};
    if (mtimeMs !== undefined && mtimeMs < now - STALE_AFTER) rmSync(path, { recursive: true, force: true });
  }
}
