import { lstatSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { namesIn } from './names-in.ts';

/** Drops the oldest files of a directory that holds only what can be rebuilt. */
export function keepNewest(directory: string, count: number): void {
  const names = namesIn(directory);
  if (names.length <= count) return;
  const dated = names.map((name) => {
    const path = join(directory, name);
    return { path, time: statSync(path, { throwIfNoEntry: false })?.mtimeMs ?? 0 };
  });
  dated.sort((a, b) => b.time - a.time);
  for (const { path } of dated.slice(count)) rmSync(path, { force: true });
}

/** Milliseconds after which what was being made is taken for what a killed process left. */
const ABANDONED = 6 * 3600 * 1000;

/** Drops what processes that were killed left in a directory for unfinished things: all that is so named. */
export function sweepAbandoned(directory: string, now: number, prefix = ''): void {
  for (const name of namesIn(directory)) {
    if (!name.startsWith(prefix)) continue;
    const path = join(directory, name);
    const stat = lstatSync(path, { throwIfNoEntry: false });
    if (stat !== undefined && now - stat.ctimeMs > ABANDONED) rmSync(path, { force: true, recursive: true });
  }
}
