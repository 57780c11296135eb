import type { Line } from '../../remotes/line.ts';
import { planRemoteSweep, type RemoteSweepPlan, sweepRemote } from '../../remotes/sweep-remote.ts';
import { holdCacheAlone } from '../../store/cache-users.ts';
import type { Context } from '../context.ts';
import { cacheUseOf, type Project } from '../project.ts';
import { overRemote } from '../remotes/open-line.ts';
import { remotesOf } from '../remotes/remote-config.ts';
import { readRecord, runFilesOf } from '../remotes/run-records.ts';
import { type Amount, none } from './amount.ts';
import type { Closure } from './closure.ts';
import { type CollectedRoots, collectRoots, type RootsWish, refuseUnlisted } from './collect-roots.ts';
import { planSweep, type SweepPlan, sweep, sweepTrash } from './sweep.ts';

export interface GarbageWish extends RootsWish {
  /** Milliseconds since the epoch; what was made or touched since then stays. */
  readonly before: number;
  /** Whether listings that are not here are of no account. */
  readonly skipsMissing: boolean;
  readonly trash: boolean;
  /** The remote that is cleaned, too. */
  readonly remote: { readonly name: string | undefined; readonly jobs: string | undefined } | undefined;
}

/** What goes, or went. */
export interface Garbage {
  readonly isDry: boolean;
  readonly amounts: SweepPlan['amounts'] & { readonly unfinished: Amount; readonly trash: Amount };
  /** Objects that stay. */
  readonly kept: number;
  readonly workspaces: readonly string[];
  readonly remote: RemoteSweepPlan | undefined;
}

interface Place {
  readonly project: Project;
  readonly context: Context;
}

/** What would go. */
export async function findGarbage(place: Place, wish: GarbageWish): Promise<Garbage> {
  const { plan, collected } = await planAll(place, wish);
  const trash = wish.trash ? sweepTrash(place.project, { before: wish.before, dry: true }) : none();
  const remote = await overTheRemote(place, wish, (line) => planRemote(place.project, line, plan.needs));
  return garbageOf({ plan, collected, remote }, { isDry: true, unfinished: none(), trash });
}

/** Removes it, while nobody else uses the cache. */
export async function removeGarbage(place: Place, wish: GarbageWish): Promise<Garbage> {
  const { project, context } = place;
  const [stock] = project.store().stocks();
  const held = await holdCacheAlone(stock.layout, cacheUseOf(context, project.root));
  try {
    const { plan, collected } = await planAll(place, wish);
    const unfinished = await sweep(project, plan, context.signal);
    for (const workspace of collected.gone) workspace.forget();
    const trash = wish.trash ? sweepTrash(project, { before: wish.before, dry: false }) : none();
    const remote = await overTheRemote(place, wish, async (line) => {
      const planned = await planRemote(project, line, plan.needs);
      await sweepRemote(line, planned);
      return planned;
    });
    return garbageOf({ plan, collected, remote }, { isDry: false, unfinished, trash });
  } finally {
    held.release();
  }
}

async function planAll({ project, context }: Place, wish: GarbageWish) {
  const collected = await collectRoots(project, context, wish);
  const plan = await planSweep(project, { roots: collected.roots, before: wish.before });
  if (!wish.skipsMissing) refuseUnlisted(plan.needs);
  return { plan, collected };
}

async function overTheRemote<Result>(
  { project, context }: Place,
  { remote }: GarbageWish,
  work: (line: Line) => Promise<Result>,
): Promise<Result | undefined> {
  if (remote === undefined) return undefined;
  const line = { remotes: remotesOf(project), ...remote, verb: 'cleaning' };
  return await overRemote({ project, context }, line, work);
}

async function planRemote(project: Project, line: Line, needs: Closure): Promise<RemoteSweepPlan> {
  const of = { scheme: project.tools.scheme, files: runFilesOf(project) };
  return await planRemoteSweep(line, {
    needs: needs.has,
    outsOf: async (bytes) => (await readRecord(of, bytes))?.outs,
  });
}

interface Planned {
  readonly plan: SweepPlan;
  readonly collected: CollectedRoots;
  readonly remote: RemoteSweepPlan | undefined;
}

function garbageOf(
  { plan, collected, remote }: Planned,
  { isDry, unfinished, trash }: { readonly isDry: boolean; readonly unfinished: Amount; readonly trash: Amount },
): Garbage {
  const { amounts, kept } = plan;
  return { isDry, amounts: { ...amounts, unfinished, trash }, kept, workspaces: collected.workspaces, remote };
}
