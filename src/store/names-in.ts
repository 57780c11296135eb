import { readdirSync } from 'node:fs';
import { isErrno } from '../base/error.ts';

/** What stands in a directory; nothing where there is none. */
export function namesIn(directory: string): readonly string[] {
  try {
    return readdirSync(directory);
  } catch (error) {
    if (isErrno(error, 'ENOENT', 'ENOTDIR')) return [];
    throw error;
  }
}
