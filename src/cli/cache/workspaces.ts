import { existsSync, realpathSync } from 'node:fs';
import { hostname } from 'node:os';
import { LockstepError } from '../../base/error.ts';
import { type RegisteredWorkspace, registeredWorkspaces } from '../../store/cache-users.ts';
import type { Layout } from '../../store/layout.ts';
import type { Context } from '../context.ts';
import { openProject, type Project } from '../project.ts';
import { type Root, workspaceRoots } from './roots.ts';
import { type KeptRuns, runRoots } from './run-roots.ts';

export interface OtherWorkspaces {
  readonly roots: readonly Root[];
  /** Those that the roots are of. */
  readonly seen: readonly string[];
  /** On the list, and users of the cache no more. */
  readonly gone: readonly RegisteredWorkspace[];
}

interface Sharing {
  readonly project: Project;
  readonly layout: Layout;
  readonly kept: KeptRuns;
  /** Whether those that are not to be seen from here are left out of account. */
  readonly forgetsAbsent: boolean;
}

/** What other workspaces on the same cache need: their lockfiles, runs and models. Refuses where that cannot be told. */
export async function otherWorkspaces(context: Context, sharing: Sharing): Promise<OtherWorkspaces> {
  const { project, layout, kept, forgetsAbsent } = sharing;
  const roots: Root[] = [];
  const seen: string[] = [];
  const gone: RegisteredWorkspace[] = [];
  for (const one of registeredWorkspaces(layout)) {
    if (one.root === project.root || (isScratch(one) && existsSync(one.root))) continue;
    if (!existsSync(one.root)) {
      if (!isGone(one) && !forgetsAbsent) throw absent(one);
      gone.push(one);
      continue;
    }
    const found = await rootsIn(context, one, { layout, kept });
    if (found === undefined) gone.push(one);
    else {
      seen.push(one.root);
      roots.push(...found);
    }
  }
  return { roots, seen, gone };
}

/** Made for one configuration of a sweep, whose results are those of runs. */
function isScratch({ root }: RegisteredWorkspace): boolean {
  return root.includes('/.lockstep/tmp/');
}

/** Where the cache was within it, and we see the cache at another place, the workspace has moved and is not just out of sight. */
function isGone(one: RegisteredWorkspace): boolean {
  return isScratch(one) || one.cacheDir.startsWith(`${one.root}/`);
}

function absent({ root, host }: RegisteredWorkspace): LockstepError {
  const where = host === hostname() ? root : `${root} on ${host}`;
  return new LockstepError('usage', `the workspace ${where} uses this cache, and is not to be seen from here`, {
    hint: 'nothing was removed; if it is gone for good, --forget-absent takes it off the list',
  });
}

/** Undefined where it has another cache by now. */
async function rootsIn(
  context: Context,
  { root }: RegisteredWorkspace,
  { layout, kept }: Pick<Sharing, 'layout' | 'kept'>,
): Promise<readonly Root[] | undefined> {
  try {
    const other = await openProject({ ...context, cwd: root, quiet: true });
    try {
      const isHere = other.root === root && existsSync(other.cacheDir);
      if (!isHere || realpathSync(other.cacheDir) !== realpathSync(layout.cacheDir)) return undefined;
      return [...(await workspaceRoots(other, root)), ...(await runRoots(other, kept))];
    } finally {
      await other.close();
    }
  } catch (error) {
    if (!(error instanceof LockstepError)) throw error;
    throw new LockstepError(error.code, `the workspace ${root} uses this cache, and cannot be read: ${error.message}`, {
      hint: error.hint ?? 'nothing was removed; mend it first',
      diagnostics: error.diagnostics,
      cause: error,
    });
  }
}
