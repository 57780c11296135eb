import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { isErrno } from '../base/error.ts';
import { PIPELINE_NAMES } from '../pipeline/file-names.ts';

/** Nearest directory upwards that holds one of these. */
function upwards(from: string, names: readonly string[]): string | undefined {
  for (let directory = from; ; directory = dirname(directory)) {
    if (names.some((name) => existsSync(join(directory, name)))) return directory;
    if (directory === dirname(directory)) return undefined;
  }
}

/** `.lockstep/` or `.dvc/` upwards, else the git top level, else the directory of the pipeline file. */
export function findRoot(cwd: string): string | undefined {
  return upwards(cwd, ['.lockstep', '.dvc']) ?? upwards(cwd, ['.git']) ?? upwards(cwd, PIPELINE_NAMES);
}

const GITIGNORE = '# Everything here is this machine’s own, but for the config.\n/*\n!/config.yaml\n';

/** Makes `.lockstep/` ready for use. Nobody has to ask for it, and git never sees more of it than its config. */
export function prepareStateDirectory(directory: string): void {
  mkdirSync(join(directory, 'tmp', 'index'), { recursive: true });
  try {
    writeFileSync(join(directory, '.gitignore'), GITIGNORE, { flag: 'wx' });
  } catch (error) {
    if (!isErrno(error, 'EEXIST')) throw error;
  }
}
