import { mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { LockstepError } from '../../base/error.ts';
import { addWorktree, hasTree, prefixOf, removeWorktree } from '../../provenance/scratch-worktree.ts';
import type { Loaded } from '../../repro/loaded.ts';
import type { Run } from '../../tracking/run.ts';
import type { Context } from '../context.ts';
import type { Project } from '../project.ts';
import { bestOf } from './best.ts';
import { type Configuration, type Ended, runConfiguration } from './configuration.ts';
import { type SweepPlan, sweepRun } from './plan.ts';
import { bringSources, furnish } from './scratch.ts';

export interface SweepRequest {
  readonly plan: SweepPlan;
  /** Configurations that ran before the sweep was interrupted. */
  readonly done: readonly Run[];
  /** Configurations at the same time. */
  readonly jobs: number;
  readonly onEnded: (ended: Ended) => void;
}

/** Every configuration that is not done yet, each in a work tree of its own; all runs, also those done before. */
export async function runSweep(
  context: Context,
  { project, loaded }: { readonly project: Project; readonly loaded: Loaded },
  { plan, done, jobs, onEnded }: SweepRequest,
): Promise<readonly Run[]> {
  const place = { cwd: project.root, env: context.env };
  if (!(await hasTree(place, plan.tree))) {
    throw new LockstepError('usage', 'git no longer has the files that this sweep began with', {
      hint: 'begin it again; what it already made comes from the cache',
    });
  }
  const tracking = await project.tracking();
  const names = new Set(done.map((run) => run.tags['mlflow.runName']));
  const queue = plan.configurations.filter(({ name }) => !names.has(name));
  const runs = [...done];
  await tracking.record([sweepRun(plan, { status: 'RUNNING', endTime: null, best: undefined })]);
  const base = join(project.tools.tmp, 'sweeps', plan.id);
  const prefix = await prefixOf(place);
  const worktrees = turnstile();

  async function runOne(configuration: Configuration): Promise<void> {
    const directory = join(base, configuration.name);
    // Git locks its list of work trees; two at once would fail, not wait.
    await worktrees(async () => {
      await clear(directory);
      await addWorktree(place, directory, plan.tree);
    });
    try {
      const root = join(directory, prefix);
      mkdirSync(root, { recursive: true });
      furnish(project, root);
      bringSources(project, loaded, root);
      const task = { configuration, root, jobs: jobs > 1 ? 1 : (project.config.jobs ?? 1), targets: plan.targets };
      const ended = await runConfiguration(context, { ...task, sweep: plan.id, records: project });
      if (context.signal.aborted) return;
      await tracking.record([ended.run]);
      runs.push(ended.run);
      onEnded(ended);
    } finally {
      await worktrees(() => clear(directory));
    }
  }

  async function clear(directory: string): Promise<void> {
    await removeWorktree(place, directory);
    rmSync(directory, { recursive: true, force: true });
  }

  async function work(): Promise<void> {
    for (let next = queue.shift(); next !== undefined && !context.signal.aborted; next = queue.shift()) {
      await runOne(next);
    }
  }

  try {
    await Promise.all(Array.from({ length: Math.min(jobs, queue.length) }, work));
  } finally {
    const complete = runs.length === plan.configurations.length;
    const best = plan.goal === undefined ? undefined : bestOf(runs, plan.goal);
    const status = complete ? 'FINISHED' : 'KILLED';
    await tracking.record([sweepRun(plan, { status, endTime: context.now(), best })]);
    if (complete) rmSync(base, { recursive: true, force: true });
  }
  return runs.sort((a, b) => ((a.tags['mlflow.runName'] ?? '') < (b.tags['mlflow.runName'] ?? '') ? -1 : 1));
}

/** Lets one piece of work through at a time. */
function turnstile(): <T>(work: () => Promise<T>) => Promise<T> {
  let last: Promise<unknown> = Promise.resolve();
  return (work) => {
    const turn = last.then(work, work);
    last = turn.catch(() => undefined);
    return turn;
  };
}
