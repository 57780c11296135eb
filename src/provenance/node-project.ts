import { existsSync, readFileSync } from 'node:fs';
import { dirname, join, relative, sep } from 'node:path';
import type { Digest } from '../base/brand.ts';
import { isErrno } from '../base/error.ts';
import { digestOf, isDigest } from '../base/hash.ts';
import { stampOf } from './find-executable.ts';
import type { EnvironmentCache } from './python.ts';

const LOCKFILES = ['package-lock.json', 'npm-shrinkwrap.json', 'yarn.lock', 'pnpm-lock.yaml', 'bun.lock'];

/**
 * The lockfiles that govern a stage of a Node project, by their path from the root: those of the nearest directory at
 * or above the stage that has any, for a workspace keeps one for all its packages. None where no package.json is above.
 */
export function nodeLockfiles(
  cwd: string,
  options: { readonly root: string; readonly cache: EnvironmentCache },
): Readonly<Record<string, Digest>> {
  const above = directoriesUpTo(cwd, options.root);
  if (!above.some((directory) => existsSync(join(directory, 'package.json')))) return {};
  const files = above.map((directory) => LOCKFILES.map((name) => join(directory, name)).filter(existsSync));
  const nearest = files.find((some) => some.length > 0) ?? [];
  return Object.fromEntries(
    nearest.flatMap((file) => {
      const digest = digestOfFile(file, options.cache);
      return digest === undefined ? [] : [[relative(options.root, file).split(sep).join('/'), digest]];
    }),
  );
}

function directoriesUpTo(cwd: string, root: string): readonly string[] {
  const directories = [cwd];
  for (let at = cwd; at !== root && at !== dirname(at); at = dirname(at)) directories.push(dirname(at));
  return directories;
}

function digestOfFile(file: string, cache: EnvironmentCache): Digest | undefined {
  const key = JSON.stringify(['lockfile/1', file, stampOf(file)]);
  const kept = cache.get(key);
  if (typeof kept === 'string' && isDigest(kept)) return kept;
  try {
    const digest = digestOf(readFileSync(file));
    cache.set(key, digest);
    return digest;
  } catch (error) {
    if (isErrno(error, 'ENOENT', 'EISDIR', 'EACCES')) return undefined;
    throw error;
  }
}
