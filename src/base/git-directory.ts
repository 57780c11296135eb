import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';

/** The nearest `.git` at or above a directory: a directory, or in a linked work tree a file; undefined outside git. */
export function gitEntryAbove(directory: string): string | undefined {
  const entry = join(directory, '.git');
  if (existsSync(entry)) return entry;
  const above = dirname(directory);
  return above === directory ? undefined : gitEntryAbove(above);
}
