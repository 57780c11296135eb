import { realpathSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { ProjectPath } from '../base/brand.ts';
import { isErrno, LockstepError } from '../base/error.ts';
import { quote, unusable } from './file-stat.ts';

/**
 * The absolute path of something that is about to be replaced or removed. A directory above it that is a link out of
 * the project would turn that loose on files which are not the project's.
 */
export function pathInside(root: string, path: ProjectPath): string {
  const absolute = join(root, path);
  const parent = nearestReal(dirname(absolute), path);
  const realRoot = realRootOf(root);
  if (parent !== realRoot && !parent.startsWith(join(realRoot, '/')) && path !== '.') {
    throw new LockstepError(
      'unusable-file',
      `${quote(path)} lies outside the project: a link above it leads to ${parent}`,
      {
        hint: 'replace the link by a directory, or track the path where it really is',
      },
    );
  }
  return absolute;
}

const realRoots = new Map<string, string>();

function realRootOf(root: string): string {
  const known = realRoots.get(root) ?? realpathSync(root);
  realRoots.set(root, known);
  return known;
}

function nearestReal(directory: string, shown: string): string {
  try {
    return realpathSync(directory);
  } catch (error) {
    const above = dirname(directory);
    if (isErrno(error, 'ENOENT') && above !== directory) return nearestReal(above, shown);
    throw unusable(error, shown);
  }
}
