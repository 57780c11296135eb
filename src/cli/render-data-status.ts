import type { Output } from './context.ts';
import type { DataChanges } from './data-changes.ts';
import { oneLine } from './fit-text.ts';
import { stylesOf } from './style.ts';

/** The data of a project over its three states: committed, locked, and in the workspace. */
export interface DataStatus {
  readonly notInCache: readonly string[];
  /** From the last commit to the lockfiles. */
  readonly committed: DataChanges;
  /** From the lockfiles to the workspace. */
  readonly uncommitted: DataChanges;
  readonly untracked: readonly string[];
  readonly unchanged: readonly string[];
}

interface Section {
  readonly title: string;
  readonly hints: readonly string[];
  readonly items: readonly string[];
  readonly paint: 'red' | 'green' | 'yellow' | 'cyan' | undefined;
}

export function renderDataStatus(status: DataStatus, output: Output, isDirty: boolean): string {
  const style = stylesOf(output);
  const sections = sectionsOf(status).filter(({ items }) => items.length > 0);
  const texts = sections.map(({ title, hints, items, paint }) => {
    const lines = items.map((item) => `        ${oneLine(item)}`);
    const painted = paint === undefined ? lines : lines.map((line) => style[paint](line));
    return [`${title}:`, ...hints.map((hint) => `  (${hint})`), ...painted, ''].join('\n');
  });
  const nothing = sections.length === 0 ? 'No changes.\n' : '';
  const others = sections.length === 0 ? '' : 'other ';
  const dirty = isDirty ? `(there are ${others}changes that only git tracks: git status shows them)\n` : '';
  return nothing + texts.join('\n') + dirty;
}

function sectionsOf({ notInCache, committed, uncommitted, untracked, unchanged }: DataStatus): readonly Section[] {
  return [
    { title: 'Not in cache', hints: [], items: notInCache, paint: 'red' },
    {
      title: 'Committed changes',
      hints: ['git commit the lockfiles and .dvc files to keep them'],
      items: itemsOf(committed),
      paint: 'green',
    },
    {
      title: 'Uncommitted changes',
      hints: ['lockstep commit <stage> takes them over', 'lockstep checkout <stage> takes them back'],
      items: itemsOf(uncommitted),
      paint: 'yellow',
    },
    {
      title: 'Untracked files',
      hints: ['git add or lockstep add takes them in'],
      items: untracked,
      paint: 'cyan',
    },
    { title: 'Unchanged files', hints: [], items: unchanged, paint: undefined },
  ];
}

function itemsOf({ modified, added, deleted, renamed, unknown }: DataChanges): readonly string[] {
  return [
    ...modified.map((path) => `modified: ${path}`),
    ...added.map((path) => `added: ${path}`),
    ...deleted.map((path) => `deleted: ${path}`),
    ...renamed.map((rename) => `renamed: ${rename.old} -> ${rename.new}`),
    ...unknown.map((path) => `unknown: ${path}`),
  ];
}
