import type { ProjectPath } from '../base/brand.ts';
import { baseName, directoryOf, joinPath } from '../base/project-path.ts';
import { isDataFile, lockfileOf, type Scheme } from './lock-format.ts';

/** Where a pipeline file stands, and its lockfile, once the project is kept by another scheme. */
export function filesIn(scheme: Scheme, file: ProjectPath): { readonly file: ProjectPath; readonly lock: ProjectPath } {
  if (isDataFile(file)) return { file, lock: file };
  const name = scheme === 'dvc' ? 'dvc.yaml' : 'pipeline.yaml';
  const now = baseName(file) === name ? file : joinPath(directoryOf(file), name);
  return { file: now, lock: lockfileOf(now, scheme) };
}
