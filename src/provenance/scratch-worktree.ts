import { mkdirSync, rmSync } from 'node:fs';
import { dirname } from 'node:path';
import { LockstepError } from '../base/error.ts';
import type { GitPlace } from './git-files.ts';
import { type GitCall, git } from './git-process.ts';

/**
 * The work tree as it is now, uncommitted and untracked files included, as a tree of the repository. Git's own index is
 * only copied: the user's staging area stays as it is. Throws `git` outside a repository and before its first commit.
 */
export async function snapshotTree(place: GitPlace, scratchIndex: string): Promise<string> {
  await readGit(['rev-parse', '--verify', 'HEAD^{commit}'], place, 'a commit to begin from');
  mkdirSync(dirname(scratchIndex), { recursive: true });
  const call = { ...place, scratch: { GIT_INDEX_FILE: scratchIndex } };
  await readGit(['read-tree', 'HEAD'], call, 'the commit’s files');
  await readGit(['add', '--all', '--', '.'], call, 'the changed files');
  try {
    return await readGit(['write-tree'], call, 'a tree of the work tree');
  } finally {
    rmSync(scratchIndex, { force: true });
  }
}

/** Whether a tree of an earlier time is still in the repository. */
export async function hasTree(place: GitPlace, tree: string): Promise<boolean> {
  return (await git(['cat-file', '-e', `${tree}^{tree}`], place)).kind === 'done';
}

/**
 * A second work tree at HEAD that holds the files of `tree`: what differs from HEAD is uncommitted there, too, so that
 * code is recorded there just as it would be here.
 */
export async function addWorktree(place: GitPlace, directory: string, tree: string): Promise<void> {
  const there = { ...place, cwd: directory };
  await readGit(
    ['worktree', 'add', '--force', '--detach', '--no-checkout', directory, 'HEAD'],
    place,
    'a second work tree',
  );
  await readGit(['read-tree', '--reset', '-u', tree], there, 'the files of the second work tree');
  await readGit(['read-tree', 'HEAD'], there, 'the index of the second work tree');
  // Exits with 1 where files differ from HEAD, which is no failure.
  await git(['update-index', '-q', '--refresh'], there);
}

/** Puts a recorded patch on the files of a second work tree; the index there stays at HEAD. */
export async function applyPatch(place: GitPlace, directory: string, patch: Uint8Array): Promise<void> {
  const call = { ...place, cwd: directory, input: patch };
  await readGit(['apply', '--whitespace=nowarn', '-'], call, 'the uncommitted changes of that time');
}

/** Forgets a second work tree and removes its files; none is fine, too. */
export async function removeWorktree(place: GitPlace, directory: string): Promise<void> {
  await git(['worktree', 'remove', '--force', '--force', directory], place);
  await git(['worktree', 'prune'], place);
}

/** From the top of the work tree to the current directory; empty at the top. */
export async function prefixOf(place: GitPlace): Promise<string> {
  return await readGit(['rev-parse', '--show-prefix'], place, 'the top of the repository');
}

async function readGit(args: readonly string[], call: GitCall, what: string): Promise<string> {
  const result = await git(args, call);
  if (result.kind === 'done') return new TextDecoder().decode(result.stdout).trim();
  const why = result.kind === 'failed' ? result.stderr : 'git is not installed';
  throw new LockstepError('git', `git could not give ${what}: ${why}`, {
    hint: 'this needs a git repository with a commit: git init, git add, git commit',
  });
}
