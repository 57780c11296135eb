/** What `git status --porcelain=v2 --branch -z` says. */
export interface GitStatus {
  /** Null before the first commit. */
  readonly sha: string | null;
  /** Null when HEAD is detached. */
  readonly branch: string | null;
  /** Whether anything that git knows differs from HEAD. */
  readonly changed: boolean;
  /** Submodules with uncommitted changes of their own, which no patch of this repository can hold. */
  readonly dirtySubmodules: readonly string[];
}

export const STATUS_ARGS = [
  'status',
  '--porcelain=v2',
  '--branch',
  '-z',
  '--untracked-files=no',
  '--no-renames',
  '--ignore-submodules=untracked',
] as const;

export function parseStatus(text: string): GitStatus {
  const records = text.split('\0').filter((record) => record !== '');
  const header = (name: string) =>
    records.find((r) => r.startsWith(`# branch.${name} `))?.slice(`# branch.${name} `.length);
  const entries = records.filter((record) => !record.startsWith('# '));
  const [sha, branch] = [header('oid'), header('head')];
  return {
    sha: sha === undefined || sha === '(initial)' ? null : sha,
    branch: branch === undefined || branch === '(detached)' ? null : branch,
    changed: entries.length > 0,
    dirtySubmodules: entries.filter(isDirtySubmodule).map(pathOf),
  };
}

/** The third field of an entry is `S<commit><modified><untracked>` for a submodule. */
function isDirtySubmodule(entry: string): boolean {
  return entry.split(' ', 3)[2]?.startsWith('S') === true && entry.split(' ', 3)[2]?.[2] === 'M';
}

/** The path is the last field and may hold blanks: nine fields for an ordinary entry, eleven for an unmerged one. */
function pathOf(entry: string): string {
  return entry
    .split(' ')
    .slice(entry.startsWith('u ') ? 10 : 8)
    .join(' ');
}
