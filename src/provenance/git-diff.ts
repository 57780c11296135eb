import { git } from './git-process.ts';

export type CommitDiff =
  | { readonly kind: 'text'; readonly text: string }
  /** A commit is not in this clone, or there is no git: the reason in a few words. */
  | { readonly kind: 'unknown'; readonly why: string };

/** Beyond this nobody reads it. */
const LIMIT = 16 * 2 ** 20;

/** What changed between two commits, in the whole repository that the directory lies in. */
export async function diffCommits(
  directory: string,
  commits: { readonly from: string; readonly to: string; readonly env: Readonly<Record<string, string | undefined>> },
): Promise<CommitDiff> {
  const { from, to, env } = commits;
  const args = ['diff', '--no-color', '--no-ext-diff', '--no-textconv', '--no-relative', '--submodule=short'];
  const result = await git([...args, `${from}^{commit}`, `${to}^{commit}`, '--'], {
    cwd: directory,
    env,
    limit: LIMIT,
  });
  switch (result.kind) {
    case 'done':
      return { kind: 'text', text: new TextDecoder().decode(result.stdout) };
    case 'too-long':
      return { kind: 'unknown', why: 'it is too long to show' };
    case 'not-installed':
      return { kind: 'unknown', why: 'git is not installed' };
    case 'failed':
      return { kind: 'unknown', why: 'one of the commits is not in this clone' };
  }
}
