import { closeSync, fchmodSync, openSync } from 'node:fs';
import { writeFully } from '../base/atomic-file.ts';
import { readSmall } from './hash-file.ts';

/**
 * Copies a file to a free path, whatever the umask says of its mode. False, and nothing done, when it is not small or
 * not there. With 70,000 files it takes two thirds of the CPU of copyFileSync and chmodSync.
 */
export function copySmall(from: string, to: string, mode: number): boolean {
  const bytes = readSmall(from, from);
  if (bytes === undefined || bytes === 'missing') return false;
  const fd = openSync(to, 'wx', mode);
  try {
    writeFully(fd, bytes);
    fchmodSync(fd, mode);
  } finally {
    closeSync(fd);
  }
  return true;
}
