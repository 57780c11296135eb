import { posix } from 'node:path';
import type { ProjectPath } from './brand.ts';

export const ROOT = '.' as ProjectPath;

/** A path written in a file, resolved against a directory of the project; undefined when it leaves the project. */
export function resolveInProject(directory: ProjectPath, written: string): ProjectPath | undefined {
  if (posix.isAbsolute(written)) return undefined;
  const joined = posix.normalize(posix.join(directory, written));
  if (joined === '..' || joined.startsWith('../')) return undefined;
  return (joined.length > 1 && joined.endsWith('/') ? joined.slice(0, -1) : joined) as ProjectPath;
}

/** The same for one that may leave the project, by `../` or by being absolute. */
export function resolveAnywhere(directory: ProjectPath, written: string): ProjectPath {
  const path = posix.isAbsolute(written) ? posix.normalize(written) : posix.normalize(posix.join(directory, written));
  return (path.length > 1 && path.endsWith('/') ? path.slice(0, -1) : path) as ProjectPath;
}

export function isOutside(path: ProjectPath): boolean {
  return path.startsWith('/') || path === '..' || path.startsWith('../');
}

/** A name in a directory of the project. */
export function joinPath(directory: ProjectPath, name: string): ProjectPath {
  return (directory === ROOT ? name : `${directory}/${name}`) as ProjectPath;
}

/** The path as it would be written in a file of that directory; may begin with `../`. */
export function relativeTo(directory: ProjectPath, path: ProjectPath): string {
  // Nearly every path is below; node's way to the answer takes longer than all else in writing a lockfile.
  if (directory === ROOT || path.startsWith('/')) return path;
  if (path.startsWith(`${directory}/`)) return path.slice(directory.length + 1);
  return posix.relative(directory, path) || '.';
}

export function directoryOf(path: ProjectPath): ProjectPath {
  return posix.dirname(path) as ProjectPath;
}

export function baseName(path: ProjectPath): string {
  return posix.basename(path);
}

/** Whether `inner` is `outer` itself or lies below it. */
export function contains(outer: ProjectPath, inner: ProjectPath): boolean {
  return (outer === ROOT && !isOutside(inner)) || inner === outer || inner.startsWith(`${outer}/`);
}

/** Order by bytes of the path's text, the same on every machine and in every locale. */
export function comparePaths(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
