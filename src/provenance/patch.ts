import { copyFile, mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { isErrno } from '../base/error.ts';
import { type GitCall, type GitResult, git } from './git-process.ts';

export interface PatchRequest {
  /** Absolute; may be below the top of the repository. */
  readonly root: string;
  readonly env: GitCall['env'];
  /** The commit or tree that the patch applies to. */
  readonly base: string;
  /** Paths relative to `root` of files that git does not know. */
  readonly untracked: readonly string[];
}

/** A patch beyond this is no longer something that a person reads or a database of runs should carry along. */
const PATCH_LIMIT = 64 * 2 ** 20;

/**
 * Everything that `git apply` needs, and nothing that the user's settings would put in its place: no external diff
 * programs, no colours, no other prefixes, context and rename rules. Line ends as they are in the working directory.
 */
const DIFF_ARGS = [
  '-c',
  'core.autocrlf=false',
  '-c',
  'core.safecrlf=false',
  'diff',
  '--binary',
  '--full-index',
  '--no-color',
  '--no-ext-diff',
  '--no-textconv',
  '--no-renames',
  '--no-relative',
  '--src-prefix=a/',
  '--dst-prefix=b/',
  '--unified=3',
  '--inter-hunk-context=0',
  '--submodule=short',
  '--ignore-submodules=dirty',
] as const;

/** The difference between a commit and the working directory, with these untracked files as new ones. */
export async function makePatch(request: PatchRequest): Promise<GitResult> {
  const { root, env, base, untracked } = request;
  const call = { cwd: root, env, limit: PATCH_LIMIT };
  if (untracked.length === 0) return await git([...DIFF_ARGS, base, '--'], call);
  const places = await git(['rev-parse', '--git-path', 'index', '--git-path', 'objects'], { cwd: root, env });
  if (places.kind !== 'done') return places;
  // Relative to `root`, or absolute.
  const [index = '', objects = '', ...rest] = new TextDecoder().decode(places.stdout).split('\n');
  if (rest.join() !== '') return { kind: 'failed', code: -1, stderr: 'the path of the repository has a line break' };
  const scratch = await mkdtemp(join(tmpdir(), 'lockstep-patch-'));
  try {
    const copy = await scratchIndex({ index: resolve(root, index), objects: resolve(root, objects) }, scratch);
    const input = new TextEncoder().encode(untracked.map((path) => `${path}\0`).join(''));
    const addArgs = ['add', '--intent-to-add', '--pathspec-from-file=-', '--pathspec-file-nul'];
    const added = await git(addArgs, { cwd: root, env, scratch: copy, input });
    if (added.kind !== 'done') return added;
    return await git([...DIFF_ARGS, base, '--'], { ...call, scratch: copy });
  } finally {
    await rm(scratch, { recursive: true, force: true });
  }
}

/**
 * A copy of the index in which files may be announced without touching the user's; with an object directory of its
 * own, since announcing a file writes the empty blob.
 */
async function scratchIndex(
  from: { readonly index: string; readonly objects: string },
  scratch: string,
): Promise<Readonly<Record<string, string>>> {
  const index = join(scratch, 'index');
  const objects = join(scratch, 'objects');
  await mkdir(objects);
  try {
    await copyFile(from.index, index);
  } catch (error) {
    // A repository in which nothing was ever added has no index.
    if (!isErrno(error, 'ENOENT')) throw error;
  }
  return {
    GIT_INDEX_FILE: index,
    GIT_OBJECT_DIRECTORY: objects,
    // Quoted, for the list is separated by colons.
    GIT_ALTERNATE_OBJECT_DIRECTORIES: JSON.stringify(from.objects),
  };
}
