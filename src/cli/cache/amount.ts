import { lstatSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { isErrno } from '../../base/error.ts';

/** How many, and of how many bytes. */
export interface Amount {
  readonly count: number;
  readonly bytes: number;
}

export interface Counted extends Amount {
  count: number;
  bytes: number;
}

export function none(): Counted {
  return { count: 0, bytes: 0 };
}

export function add(amount: Counted, bytes: number): void {
  amount.count += 1;
  amount.bytes += bytes;
}

/** A file, or all files below a directory; links count as such. */
export function sizeBelow(path: string): Amount {
  const sum = none();
  const open = [path];
  for (let at = open.pop(); at !== undefined; at = open.pop()) {
    const stat = lstatSync(at, { throwIfNoEntry: false });
    if (stat?.isDirectory() === true) open.push(...entriesOf(at));
    else if (stat !== undefined) add(sum, stat.size);
  }
  return sum;
}

/** Paths of what is in a directory; none where there is no directory. */
export function entriesOf(directory: string): readonly string[] {
  try {
    return readdirSync(directory).map((name) => join(directory, name));
  } catch (error) {
    if (isErrno(error, 'ENOENT', 'ENOTDIR')) return [];
    throw error;
  }
}
