import type { ProjectPath } from '../base/brand.ts';
import type { GitPlace } from './git-files.ts';
import { git } from './git-process.ts';

/** Those of some files that git could not bring back as they are now. All of them where there is no git. */
export async function findUnsafe(place: GitPlace, files: readonly ProjectPath[]): Promise<readonly ProjectPath[]> {
  if (files.length === 0) return [];
  const [tracked, changed] = await Promise.all([
    git(['ls-files', '-z', '--', ...files], place),
    git(['diff', '--name-only', '--relative', '--no-renames', '-z', 'HEAD', '--', ...files], place),
  ]);
  if (tracked.kind !== 'done' || changed.kind !== 'done') return files;
  const known = namesIn(tracked.stdout);
  const edited = namesIn(changed.stdout);
  return files.filter((file) => !known.has(file) || edited.has(file));
}

function namesIn(bytes: Uint8Array): ReadonlySet<string> {
  return new Set(new TextDecoder().decode(bytes).split('\0'));
}
