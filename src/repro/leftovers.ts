import { readFileSync } from 'node:fs';
import { writeFileAtomic } from '../base/atomic-file.ts';
import type { ProjectPath } from '../base/brand.ts';
import { isErrno } from '../base/error.ts';

/** Outs that a failed run left on disk: nobody's work, so the next run may delete them as long as nobody touched them. */
export interface Leftovers {
  /** The stamp it was left with. */
  stampOf(path: ProjectPath): string | undefined;
  note(path: ProjectPath, stamp: string): void;
  forget(path: ProjectPath): void;
}

export function openLeftovers(file: string): Leftovers {
  const stamps = new Map(Object.entries(readStamps(file)));
  const save = () => writeFileAtomic(file, JSON.stringify(Object.fromEntries(stamps)), { durable: false });
  return {
    stampOf: (path) => stamps.get(path),
    note(path, stamp) {
      stamps.set(path, stamp);
      save();
    },
    forget(path) {
      if (stamps.delete(path)) save();
    },
  };
}

function readStamps(file: string): Record<string, string> {
  try {
    return JSON.parse(readFileSync(file, 'utf8')) as Record<string, string>;
  } catch (error) {
    if (isErrno(error, 'ENOENT') || error instanceof SyntaxError) return {};
    throw error;
  }
}
