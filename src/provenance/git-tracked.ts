import { readFileSync, statSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { isErrno } from '../base/error.ts';
import { gitEntryAbove } from '../base/git-directory.ts';

/** Somewhere to keep what was asked of git, keyed by the state of git's index. */
interface Memo {
  get(kind: string, text: string): unknown;
  set(kind: string, text: string, value: unknown): void;
}

/**
 * The files below a directory that git tracks, relative to it, and with a `/` behind them all directories that hold
 * some. Empty outside git. Git is asked only when its index changed.
 */
export async function trackedFiles(
  root: string,
  options: { readonly env: Readonly<Record<string, string | undefined>>; readonly memo: Memo },
): Promise<ReadonlySet<string>> {
  const index = gitIndexOf(root);
  if (index === undefined) return new Set();
  const stat = statSync(index, { bigint: true, throwIfNoEntry: false });
  if (stat === undefined) return new Set();
  const state = `${root}\n${stat.ino} ${stat.size} ${stat.mtimeNs} ${stat.ctimeNs}`;
  const kept = options.memo.get('git-tracked', state) as string[] | undefined;
  if (kept !== undefined) return new Set(kept);
  const { execa } = await import('execa');
  const { stdout } = await execa('git', ['ls-files', '-z'], { cwd: root, env: options.env, extendEnv: false });
  const files = stdout.split('\0').filter((file) => file !== '');
  const directories = new Set<string>();
  for (const file of files) {
    for (let at = dirname(file); at !== '.' && !directories.has(`${at}/`); at = dirname(at)) directories.add(`${at}/`);
  }
  const all = [...files, ...directories];
  options.memo.set('git-tracked', state, all);
  return new Set(all);
}

/** Those of the paths that git ignores. Empty outside git. */
export async function ignoredByGit(
  root: string,
  paths: readonly string[],
  env: Readonly<Record<string, string | undefined>>,
): Promise<readonly string[]> {
  if (paths.length === 0 || gitEntryAbove(root) === undefined) return [];
  const { execa } = await import('execa');
  const options = { cwd: root, env, extendEnv: false, input: paths.join('\0'), reject: false } as const;
  const { stdout } = await execa('git', ['check-ignore', '-z', '--stdin'], options);
  return (stdout ?? '').split('\0').filter((path) => path !== '');
}

/** Git's index for a work tree, also of a linked one, where `.git` is a file that names a directory. */
export function gitIndexOf(root: string): string | undefined {
  const git = gitEntryAbove(root);
  return git === undefined ? undefined : join(gitDirectory(git), 'index');
}

function gitDirectory(git: string): string {
  try {
    const pointer = /^gitdir: (.*)$/m.exec(readFileSync(git, 'utf8'))?.[1];
    return pointer === undefined ? git : join(dirname(git), pointer);
  } catch (error) {
    if (isErrno(error, 'EISDIR')) return git;
    throw error;
  }
}
