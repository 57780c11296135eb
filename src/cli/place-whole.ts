import { mkdirSync, mkdtempSync, renameSync, rmSync } from 'node:fs';
import { dirname, join } from 'node:path';

interface Filling {
  /** Makes what is to come at this path. */
  readonly fill: (making: string) => Promise<void>;
  /** Makes the target free, once everything is ready to go there. */
  readonly free: () => Promise<void>;
}

/** Made ready beside its place, so that it comes whole or not at all. */
export async function placeWhole(target: string, { fill, free }: Filling): Promise<void> {
  mkdirSync(dirname(target), { recursive: true });
  const directory = mkdtempSync(join(dirname(target), '.lockstep-get-'));
  try {
    const making = join(directory, 'whole');
    await fill(making);
    await free();
    renameSync(making, target);
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}
