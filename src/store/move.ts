import { mkdirSync, renameSync } from 'node:fs';
import { cp, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { diskError, temporaryName } from '../base/atomic-file.ts';
import { isErrno } from '../base/error.ts';

/** Moves a file or directory whole: where the two places are on different file systems, a complete copy appears at once. */
export async function move(from: string, to: string): Promise<void> {
  try {
    mkdirSync(dirname(to), { recursive: true });
    renameSync(from, to);
    return;
  } catch (error) {
    if (!isErrno(error, 'EXDEV')) throw diskError(error, `cannot move ${from} to ${to}`);
  }
  const beside = join(dirname(to), temporaryName());
  try {
    await cp(from, beside, { recursive: true, verbatimSymlinks: true, preserveTimestamps: true });
    renameSync(beside, to);
  } catch (error) {
    await rm(beside, { recursive: true, force: true });
    throw diskError(error, `cannot move ${from} to ${to}`);
  }
  await rm(from, { recursive: true, force: true });
}
