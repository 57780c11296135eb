import { gitEntryAbove } from '../base/git-directory.ts';
import { type GitResult, git } from './git-process.ts';
import { type GitStatus, parseStatus, STATUS_ARGS } from './git-status.ts';
import { makePatch } from './patch.ts';
import { remoteUrlOf } from './remote-url.ts';
import { findUntracked, type Untracked } from './untracked.ts';

/** The state of the code at one moment, for all runs that begin then. */
export interface CodeState {
  /** Null outside git and before the first commit. */
  readonly gitSha: string | null;
  readonly branch: string | null;
  /** Without credentials. */
  readonly remoteUrl: string | null;
  readonly dirty: boolean;
  /** The uncommitted changes; for `git apply` at the top of a clean checkout of `gitSha`. */
  readonly patch: Uint8Array | null;
  /** What is uncommitted and not in the patch, by path. */
  readonly omitted: readonly string[];
  /** Why less is known than git could tell, as a sentence for the user. */
  readonly warning?: string;
}

export interface CodeRequest {
  /** Paths relative to the root; of these, what git neither knows nor ignores is put into the patch. */
  readonly untracked: readonly string[];
  readonly env: Readonly<Record<string, string | undefined>>;
}

const NO_CODE: CodeState = { gitSha: null, branch: null, remoteUrl: null, dirty: false, patch: null, omitted: [] };

/** Never fails: what cannot be found out is left out, with a warning where that would be a surprise. */
export async function captureCode(root: string, request: CodeRequest): Promise<CodeState> {
  if (request.env.GIT_DIR === undefined && gitEntryAbove(root) === undefined) return NO_CODE;
  const call = { cwd: root, env: request.env };
  const [status, remotes, untracked] = await Promise.all([
    git(STATUS_ARGS, call),
    git(['config', '-z', '--get-regexp', '^remote\\..*\\.url$'], call),
    findUntracked(request.untracked, call),
  ]);
  if (status.kind !== 'done') return withoutGit(status);
  const state = parseStatus(textOf(status.stdout));
  const known = {
    gitSha: state.sha,
    branch: state.branch,
    remoteUrl: remotes.kind === 'done' ? remoteUrlOf(textOf(remotes.stdout)) : null,
  };
  return { ...known, ...(await captureChanges({ root, request, state, untracked })) };
}

interface Changes {
  readonly root: string;
  readonly request: CodeRequest;
  readonly state: GitStatus;
  readonly untracked: Untracked;
}

async function captureChanges(changes: Changes): Promise<Pick<CodeState, 'dirty' | 'patch' | 'omitted' | 'warning'>> {
  const { state, untracked } = changes;
  const omitted = [...untracked.omitted, ...state.dirtySubmodules];
  if (!state.changed && untracked.files.length === 0) return { dirty: omitted.length > 0, patch: null, omitted };
  const made = await patchOf(changes);
  if (made.kind === 'done') return { dirty: true, patch: made.stdout.length > 0 ? made.stdout : null, omitted };
  return { dirty: true, patch: null, omitted, warning: `the uncommitted changes are not recorded: ${reasonOf(made)}` };
}

async function patchOf({ root, request, state, untracked }: Changes): Promise<GitResult> {
  const base = state.sha ?? (await emptyTree(root, request.env));
  try {
    return await makePatch({ root, env: request.env, base, untracked: untracked.files });
  } catch (error) {
    if (error instanceof Error && 'errno' in error) return { kind: 'failed', code: -1, stderr: error.message };
    throw error;
  }
}

/** What a patch applies to before the first commit: the tree that holds nothing. Its name depends on git's hash. */
async function emptyTree(root: string, env: CodeRequest['env']): Promise<string> {
  const made = await git(['hash-object', '-t', 'tree', '--stdin'], { cwd: root, env, input: new Uint8Array() });
  return made.kind === 'done' ? textOf(made.stdout).trim() : 'HEAD';
}

function withoutGit(result: GitResult): CodeState {
  // 128 and these words are what being outside of git looks like; that is a way to work, not a surprise.
  if (result.kind === 'failed' && result.stderr.includes('not a git repository')) return NO_CODE;
  return { ...NO_CODE, warning: `the state of the code is not recorded: ${reasonOf(result)}` };
}

function reasonOf(result: GitResult): string {
  switch (result.kind) {
    case 'failed':
      return `git failed: ${result.stderr.split('\n')[0]}`;
    case 'too-long':
      return 'they are too large for a patch';
    case 'not-installed':
      return 'git is not installed';
    case 'done':
      return 'git told nothing';
  }
}

function textOf(bytes: Uint8Array): string {
  return new TextDecoder().decode(bytes);
}
