import type { ProjectPath } from '../base/brand.ts';
import { LockstepError } from '../base/error.ts';
import { nearest } from '../base/nearest.ts';
import { type GitCall, type GitResult, git } from './git-process.ts';

/** A directory in a git work tree, and the environment git runs in. */
export type GitPlace = Pick<GitCall, 'cwd' | 'env'>;

/** The files below a directory as one commit has them. */
export interface Revision {
  readonly commit: string;
  /** Path from that directory → the blob's name. */
  readonly blobs: ReadonlyMap<ProjectPath, string>;
}

/** Lists the files of a revision without checking anything out; throws `git` when there is no such revision. */
export async function openRevision(place: GitPlace, name: string): Promise<Revision> {
  const commit = await resolveCommit(place, name);
  const listing = await textOf(place, ['ls-tree', '-r', '-z', commit]);
  const blobs = new Map<ProjectPath, string>();
  for (const row of listing.split('\0')) {
    const [, blob, path] = /^100\d+ blob (\S+)\t(.*)$/s.exec(row) ?? [];
    if (blob !== undefined && path !== undefined) blobs.set(path as ProjectPath, blob);
  }
  return { commit, blobs };
}

/** Names of revisions, as a user would write them; commits by seven digits or more, the newest first. */
export async function listRevisions(
  place: GitPlace,
  kind: 'branches' | 'tags' | 'commits',
): Promise<readonly string[]> {
  const args =
    kind === 'commits'
      ? ['log', '--all', '--format=%h']
      : ['for-each-ref', '--format=%(refname:short)', kind === 'tags' ? 'refs/tags' : 'refs/heads'];
  return (await textOf(place, args)).split('\n').filter((name) => name !== '');
}

/** The bytes of some blobs, in one call of git. */
export async function readBlobs(place: GitPlace, blobs: Iterable<string>): Promise<ReadonlyMap<string, Uint8Array>> {
  const wanted = [...new Set(blobs)];
  const found = new Map<string, Uint8Array>();
  if (wanted.length === 0) return found;
  const input = new TextEncoder().encode(`${wanted.join('\n')}\n`);
  const output = bytesOf(await git(['cat-file', '--batch'], { ...place, input }));
  const decoder = new TextDecoder();
  for (let at = 0; at < output.length; ) {
    const lineEnd = output.indexOf(0x0a, at);
    const [blob = '', type, size] = decoder.decode(output.subarray(at, lineEnd)).split(' ');
    at = lineEnd + 1;
    // `<name> missing`, in a clone that did not fetch every blob.
    if (type === 'missing' || size === undefined) continue;
    found.set(blob, output.subarray(at, at + Number(size)));
    at += Number(size) + 1;
  }
  return found;
}

async function resolveCommit(place: GitPlace, name: string): Promise<string> {
  const resolved = await git(['rev-parse', '--verify', '--quiet', '--end-of-options', `${name}^{commit}`], place);
  if (resolved.kind === 'done') return new TextDecoder().decode(resolved.stdout).trim();
  if (resolved.kind === 'not-installed') throw notInstalled();
  const inside = await git(['rev-parse', '--is-inside-work-tree'], place);
  if (inside.kind !== 'done') {
    throw new LockstepError('git', 'this project is not in a git repository', {
      hint: 'revisions are git’s: `git init`, then commit pipeline.yaml and pipeline.lock',
    });
  }
  const head = await git(['rev-parse', '--verify', '--quiet', 'HEAD^{commit}'], place);
  if (head.kind !== 'done') {
    throw new LockstepError('git', 'the repository has no commit yet, so there is no revision to compare with', {
      hint: 'commit pipeline.yaml and pipeline.lock first',
    });
  }
  const names = (await textOf(place, ['for-each-ref', '--format=%(refname:short)'])).split('\n');
  const close = nearest(name, names);
  const hint = close === undefined ? '`git branch -a` and `git tag` list what there is' : `did you mean ${close}?`;
  throw new LockstepError('git', `there is no revision '${name}'`, { hint });
}

async function textOf(place: GitPlace, args: readonly string[]): Promise<string> {
  return new TextDecoder().decode(bytesOf(await git(args, place)));
}

function bytesOf(result: GitResult): Uint8Array {
  if (result.kind === 'done') return result.stdout;
  if (result.kind === 'not-installed') throw notInstalled();
  throw new LockstepError('git', `git failed: ${result.kind === 'failed' ? result.stderr : result.kind}`);
}

function notInstalled(): LockstepError {
  return new LockstepError('git', 'git is not installed, and revisions are git’s');
}
