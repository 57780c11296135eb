import { closeSync, openSync, readSync, realpathSync, statSync } from 'node:fs';
import { delimiter, resolve } from 'node:path';

// Synchronous throughout: a look at a file that is in the page cache takes 2 µs, a promise for one takes 100.

export interface Place {
  /** Absolute. */
  readonly cwd: string;
  readonly env: Readonly<Record<string, string | undefined>>;
}

/** The absolute path of what a shell would run for a word; undefined when it would find nothing. */
export function findExecutable(word: string, place: Place): string | undefined {
  if (word === '') return undefined;
  const directories = word.includes('/') ? ['.'] : (place.env.PATH ?? '').split(delimiter);
  return directories.map((directory) => resolve(place.cwd, directory, word)).find(isExecutable);
}

const EXECUTE_BITS = 0o111;

function isExecutable(file: string): boolean {
  const stat = unlessUnreadable(() => statSync(file, { throwIfNoEntry: false }));
  return stat?.isFile() === true && (stat.mode & EXECUTE_BITS) !== 0;
}

/** The line after `#!`; undefined for a program that is no script or cannot be read. */
export function readShebang(file: string): string | undefined {
  return unlessUnreadable(() => {
    const descriptor = openSync(file, 'r');
    try {
      const bytes = Buffer.alloc(256);
      const start = bytes.toString('utf8', 0, readSync(descriptor, bytes));
      return start.startsWith('#!') ? (start.slice(2).split('\n')[0] ?? '').trim() : undefined;
    } finally {
      closeSync(descriptor);
    }
  });
}

/** A text that changes when the file does, also when a link in its path points elsewhere; null when it is not there. */
export function stampOf(file: string): string | null {
  const stamp = unlessUnreadable(() => {
    const real = realpathSync(file);
    const { size, mtimeNs, ino } = statSync(real, { bigint: true });
    return `${real} ${size} ${mtimeNs} ${ino}`;
  });
  return stamp ?? null;
}

function unlessUnreadable<T>(read: () => T): T | undefined {
  try {
    return read();
  } catch (error) {
    if (error instanceof Error && 'errno' in error) return undefined;
    throw error;
  }
}
