import { join } from 'node:path';
import type { ProjectPath } from '../base/brand.ts';
import { type Diagnostic, LockstepError } from '../base/error.ts';
import { comparePaths } from '../base/project-path.ts';
import { readText } from '../base/read-text.ts';
import type { Mistake } from '../pipeline/mistake.ts';

/** All that is wrong, in the order of files and lines. */
export function mistaken(diagnostics: readonly Diagnostic[]): LockstepError {
  const lockOnly = diagnostics.every((diagnostic) => diagnostic.place?.file.endsWith('.lock') === true);
  const sorted = [...diagnostics].sort(byPlace);
  const count = diagnostics.length === 1 ? 'a mistake' : `${diagnostics.length} mistakes`;
  return lockOnly
    ? new LockstepError('bad-lockfile', `${count} in the lockfile`, { diagnostics: sorted })
    : new LockstepError('bad-pipeline', `${count} in the pipeline`, { diagnostics: sorted });
}

function byPlace({ place: a }: Diagnostic, { place: b }: Diagnostic): number {
  if (a === undefined || b === undefined) return Number(a !== undefined) - Number(b !== undefined);
  return comparePaths(a.file, b.file) || a.line - b.line || a.column - b.column;
}

/** The diagnostics of mistakes that were found after reading; the texts are read again for their places. */
export async function locateMistakes(root: string, mistakes: readonly Mistake[]): Promise<readonly Diagnostic[]> {
  const files = new Set(mistakes.flatMap((m) => (m.related === undefined ? [m.file] : [m.file, m.related.file])));
  return await locateIn(mistakes, new Map([...files].map((file) => [file, readText(join(root, file), file)])));
}

/** The diagnostics of mistakes in texts that are at hand. */
export async function locateIn(
  mistakes: readonly Mistake[],
  texts: ReadonlyMap<ProjectPath, string>,
): Promise<readonly Diagnostic[]> {
  const { locate } = await import('../pipeline/locate.ts');
  return locate(mistakes, texts);
}
