import { readFileSync, type Stats, statSync } from 'node:fs';
import { LockstepError } from './error.ts';

/**
 * The text of a file that people write for lockstep. Throws `unusable-file` for anything else than a file: a named pipe
 * would be waited for without end. `shown` is what messages call it.
 */
export function readText(path: string, shown: string): string {
  const stat = statSync(path);
  if (stat.isFile()) return readFileSync(path, 'utf8');
  throw new LockstepError('unusable-file', `${shown} is ${kindOf(stat)}, not a file`, {
    hint: 'move it away, then run the command again',
  });
}

function kindOf(stat: Stats): string {
  if (stat.isDirectory()) return 'a directory';
  if (stat.isFIFO()) return 'a named pipe';
  return stat.isSocket() ? 'a socket' : 'a device';
}
