import { readFileSync, rmSync } from 'node:fs';
import { join, posix } from 'node:path';
import { writeFileAtomic } from '../base/atomic-file.ts';
import type { ProjectPath } from '../base/brand.ts';
import { isErrno } from '../base/error.ts';
import { gitEntryAbove } from '../base/git-directory.ts';
import { baseName, directoryOf } from '../base/project-path.ts';

/** Adds each path to the .gitignore of its directory, if git is in use here; returns the files that changed. */
export function ignorePaths(root: string, paths: readonly ProjectPath[]): readonly ProjectPath[] {
  if (gitEntryAbove(root) === undefined) return [];
  const byDirectory = new Map<ProjectPath, string[]>();
  for (const path of paths) {
    const directory = directoryOf(path);
    byDirectory.set(directory, [...(byDirectory.get(directory) ?? []), patternFor(baseName(path))]);
  }
  const changed: ProjectPath[] = [];
  for (const [directory, patterns] of byDirectory) {
    const file = posix.join(directory, '.gitignore') as ProjectPath;
    if (addLines(join(root, file), patterns)) changed.push(file);
  }
  return changed;
}

/** Takes each path out of the .gitignore of its directory again; one that says nothing more goes away. */
export function unignorePaths(root: string, paths: readonly ProjectPath[]): readonly ProjectPath[] {
  const changed = new Set<ProjectPath>();
  for (const path of paths) {
    const file = posix.join(directoryOf(path), '.gitignore') as ProjectPath;
    const pattern = patternFor(baseName(path));
    const text = readIfThere(join(root, file));
    const kept = text.split(/(?<=\n)/).filter((line) => line.replace(/\/?\r?\n?$/, '') !== pattern);
    const left = kept.join('');
    if (left === text) continue;
    if (left.trim() === '') rmSync(join(root, file));
    else writeFileAtomic(join(root, file), left, { durable: true });
    changed.add(file);
  }
  return [...changed];
}

/**
 * A pattern that matches one name and no other, save that a line end, which no line can hold, is matched by `?`.
 * The slash in front keeps it to this directory and makes a leading `#` or `!` harmless.
 */
function patternFor(name: string): string {
  const escaped = name.replace(/[\\*?[\]]/g, '\\$&').replace(/[\r\n]/g, '?');
  return `/${escaped.replace(/ +$/, (spaces) => spaces.replaceAll(' ', '\\ '))}`;
}

function addLines(file: string, patterns: readonly string[]): boolean {
  const text = readIfThere(file);
  const lines = new Set(text.split(/\r?\n/));
  const missing = [...new Set(patterns)].filter((pattern) => !lines.has(pattern) && !lines.has(`${pattern}/`));
  if (missing.length === 0) return false;
  const gap = text === '' || text.endsWith('\n') ? '' : '\n';
  writeFileAtomic(file, `${text}${gap}${missing.join('\n')}\n`, { durable: true });
  return true;
}

function readIfThere(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    if (isErrno(error, 'ENOENT')) return '';
    throw error;
  }
}
