import type { ProjectPath } from '../base/brand.ts';
import { comparePaths, directoryOf, isOutside, ROOT } from '../base/project-path.ts';

/** Values by path, to be found by the paths around them and the paths in them. */
export interface PathIndex<T> {
  /** Values of that path and of the directories around it, outermost first. */
  around(path: ProjectPath): readonly T[];
  /** Values of that path, of the directories around it, and of everything below it. */
  touching(path: ProjectPath): readonly T[];
}

export function indexPaths<T>(entries: Iterable<readonly [ProjectPath, T]>): PathIndex<T> {
  const values = new Map<ProjectPath, T[]>();
  for (const [path, value] of entries) {
    const known = values.get(path);
    if (known === undefined) values.set(path, [value]);
    else known.push(value);
  }
  // Everything below a path stands together in this order: a search and a scan find it, however many paths there are.
  const sorted = [...values.keys()].sort(comparePaths);
  const around = (path: ProjectPath): T[] => lineageOf(path).flatMap((directory) => values.get(directory) ?? []);
  return {
    around,
    touching: (path) => [...around(path), ...below(sorted, path).flatMap((inner) => values.get(inner) ?? [])],
  };
}

/** The path and the directories around it, the project root first; of one outside, those that are outside. */
function lineageOf(path: ProjectPath): ProjectPath[] {
  const lineage = [path];
  const outside = isOutside(path);
  for (let outer = path; outer !== ROOT && outer !== '/'; ) {
    outer = directoryOf(outer);
    if (outside && !isOutside(outer)) break;
    lineage.push(outer);
  }
  return lineage.reverse();
}

function below(sorted: readonly ProjectPath[], path: ProjectPath): ProjectPath[] {
  if (path === ROOT) return sorted.filter((inner) => inner !== ROOT && !isOutside(inner));
  const prefix = path === '/' ? path : `${path}/`;
  const found: ProjectPath[] = [];
  for (let at = firstNotBefore(sorted, prefix); sorted[at]?.startsWith(prefix); at += 1) {
    if (sorted[at] !== path) found.push(sorted[at] as ProjectPath);
  }
  return found;
}

function firstNotBefore(sorted: readonly string[], text: string): number {
  let low = 0;
  let high = sorted.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((sorted[middle] ?? '') < text) low = middle + 1;
    else high = middle;
  }
  return low;
}
