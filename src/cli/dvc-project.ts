import { existsSync, readFileSync } from 'node:fs';
import { homedir, platform } from 'node:os';
import { join, relative } from 'node:path';
import { isErrno, LockstepError } from '../base/error.ts';
import type { ParsingOptions } from '../pipeline/command-options.ts';
import { createDvcIgnore, type DvcIgnore } from '../store/dvc-ignore.ts';
import type { ParseCache } from '../store/parse-cache.ts';
import type { Config } from './config.ts';
import { dvcConfigFiles, parseDvcConfig } from './dvc-config.ts';

/** What a DVC project's own files say of how it is kept. */
export interface DvcProject {
  /** Absolute. */
  readonly cacheDir: string;
  readonly link: Config['cache']['link'];
  readonly parsing: ParsingOptions;
  /** All users of a group may write to the cache. */
  readonly shared?: 'group' | undefined;
  readonly ignore: DvcIgnore;
  /** Absolute; what all this was read from. */
  readonly sources: readonly string[];
}

type Kept = Pick<DvcProject, 'cacheDir' | 'link' | 'shared' | 'parsing'>;

export function openDvcProject(
  root: string,
  { env, parseCache }: { readonly env: Readonly<Record<string, string | undefined>>; readonly parseCache: ParseCache },
): DvcProject {
  const directory = join(root, '.dvc');
  const home = env.HOME ?? homedir();
  const files = dvcConfigFiles(directory, { env, platform: platform(), home });
  const levels = files.map((file) => ({ file, shown: shownAs(root, file), text: textOf(file) ?? '' }));
  const key = JSON.stringify([root, ...levels.map(({ text }) => text)]);
  let kept = parseCache.get('dvc-config', key) as Kept | undefined;
  if (kept === undefined) {
    const { config, diagnostics } = parseDvcConfig(
      levels.filter(({ text }) => text !== ''),
      home,
    );
    if (diagnostics.length > 0) {
      throw new LockstepError('bad-config', "DVC's configuration cannot be used", { diagnostics });
    }
    const { cache, parsing } = config;
    kept = {
      cacheDir: cache.dir ?? join(directory, 'cache'),
      link: cache.type ?? ['reflink', 'copy'],
      shared: cache.shared,
      parsing,
    };
    parseCache.set('dvc-config', key, kept);
  }
  return { ...kept, ignore: dvcIgnoreOf(root), sources: [...files, join(root, '.dvcignore')] };
}

/** Undefined where the file of the project's root names nothing, as the one that DVC makes. */
export function ignoreOf(root: string): DvcIgnore | undefined {
  const isSaying = (textOf(join(root, '.dvcignore')) ?? '').split(/\r?\n/).some((line) => !/^\s*(#|$)/.test(line));
  return isSaying ? dvcIgnoreOf(root) : undefined;
}

/** What the `.dvcignore` files below a root say. */
export function dvcIgnoreOf(root: string): DvcIgnore {
  return createDvcIgnore({
    read: (directory) => textOf(join(root, directory, '.dvcignore')),
    isProject: (directory) => existsSync(join(root, directory, '.dvc')),
  });
}

function shownAs(root: string, file: string): string {
  return file.startsWith(`${root}/`) ? relative(root, file) : file;
}

function textOf(file: string): string | undefined {
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    if (isErrno(error, 'ENOENT', 'ENOTDIR', 'EACCES')) return undefined;
    throw error;
  }
}
