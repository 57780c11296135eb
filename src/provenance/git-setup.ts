import { LockstepError } from '../base/error.ts';
import type { GitPlace } from './git-files.ts';
import { git } from './git-process.ts';

/** The top directory of the work tree around a directory, absolute; undefined outside git. */
export async function gitTopLevel(place: GitPlace): Promise<string | undefined> {
  const result = await git(['rev-parse', '--show-toplevel'], place);
  return result.kind === 'done' ? textOf(result.stdout) : undefined;
}

/** A value of the repository's own config. */
export async function readGitConfig(place: GitPlace, key: string): Promise<string | undefined> {
  const result = await git(['config', '--local', '--get', key], place);
  return result.kind === 'done' ? textOf(result.stdout) : undefined;
}

export async function writeGitConfig(place: GitPlace, key: string, value: string): Promise<void> {
  await change(place, ['config', '--local', '--replace-all', key, value]);
}

export async function removeGitConfigSection(place: GitPlace, section: string): Promise<void> {
  await change(place, ['config', '--local', '--remove-section', section]);
}

async function change(place: GitPlace, args: readonly string[]): Promise<void> {
  const result = await git(args, place);
  if (result.kind === 'done') return;
  throw new LockstepError('git', `git config failed: ${result.kind === 'failed' ? result.stderr : result.kind}`);
}

function textOf(bytes: Uint8Array): string {
  return new TextDecoder().decode(bytes).replace(/\n$/, '');
}
