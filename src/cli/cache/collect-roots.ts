import { LockstepError } from '../../base/error.ts';
import type { RegisteredWorkspace } from '../../store/cache-users.ts';
import type { Context } from '../context.ts';
import type { Project } from '../project.ts';
import type { WhichRevisions } from '../remotes/asked-data.ts';
import type { Closure } from './closure.ts';
import { neederText, type Root, revisionRoots, workspaceRoots } from './roots.ts';
import { type KeptRuns, runRoots } from './run-roots.ts';
import { otherWorkspaces } from './workspaces.ts';

export interface RootsWish extends KeptRuns {
  readonly revisions: WhichRevisions;
  readonly forgetsAbsent: boolean;
  /** Whether the database of runs cannot be asked. */
  readonly withoutRuns?: boolean;
}

export interface CollectedRoots {
  readonly roots: readonly Root[];
  /** Other workspaces that were taken into account. */
  readonly workspaces: readonly string[];
  /** Those that use the cache no more. */
  readonly gone: readonly RegisteredWorkspace[];
}

/** Everything that needs objects of the project's cache. Throws where some of it cannot be read. */
export async function collectRoots(project: Project, context: Context, wish: RootsWish): Promise<CollectedRoots> {
  const [stock] = project.store().stocks();
  const { outsSince, forgetsAbsent } = wish;
  const sharing = { project, layout: stock.layout, kept: { outsSince }, forgetsAbsent };
  const own = [
    ...(await workspaceRoots(project)),
    ...(await revisionRoots(project, wish.revisions)),
    ...(wish.withoutRuns === true ? [] : await runRoots(project, { outsSince })),
  ];
  const { roots, seen, gone } = await otherWorkspaces(context, sharing);
  return { roots: [...own, ...roots], workspaces: seen, gone };
}

const MOST_NAMED = 5;

/** Without a listing nobody can tell its files from those that are not needed. */
export function refuseUnlisted({ unlisted }: Closure): void {
  const [first] = unlisted;
  if (first === undefined) return;
  const named = [...new Set(unlisted.map(({ path, by }) => `${path} (${neederText(by)})`))];
  const shown = named.slice(0, MOST_NAMED).join(', ') + (named.length > MOST_NAMED ? ', …' : '');
  throw new LockstepError('usage', `the cache lacks the listings of directories that are needed: ${shown}`, {
    hint:
      'which files they consist of cannot be told, so nothing was removed; lockstep fetch brings listings, ' +
      '--skip-missing goes on without them',
  });
}
