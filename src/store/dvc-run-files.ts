import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { writeFileAtomic } from '../base/atomic-file.ts';
import { isErrno } from '../base/error.ts';

/** DVC's run cache as files: below a key of what went in, one for each result that came out. */
export interface DvcRunFiles {
  /** The newest first, which is the one that DVC would take. */
  read(key: string): readonly string[];
  /** A result that is there already stays as it is. */
  write(run: { readonly key: string; readonly value: string; readonly text: string }): void;
}

export function openDvcRunFiles(cacheDir: string): DvcRunFiles {
  const directoryOf = (key: string) => join(cacheDir, 'runs', key.slice(0, 2), key);
  return {
    read(key) {
      const directory = directoryOf(key);
      const dated = namesIn(directory).map((name) => {
        const path = join(directory, name);
        return { path, time: statSync(path, { throwIfNoEntry: false })?.mtimeMs ?? 0 };
      });
      return dated.sort((a, b) => b.time - a.time).map(({ path }) => readFileSync(path, 'utf8'));
    },
    write({ key, value, text }) {
      const path = join(directoryOf(key), value);
      if (!existsSync(path)) writeFileAtomic(path, text, { durable: false });
    },
  };
}

/** Names of hashes only: what is being written has another. */
function namesIn(directory: string): readonly string[] {
  try {
    return readdirSync(directory).filter((name) => /^[0-9a-f]{64}$/.test(name));
  } catch (error) {
    if (isErrno(error, 'ENOENT', 'ENOTDIR')) return [];
    throw error;
  }
}
