import { z } from 'zod';
import type { ProjectPath, RunId } from '../../base/brand.ts';
import { LockstepError } from '../../base/error.ts';
import type { Run } from '../../tracking/run.ts';
import type { TrackingStore } from '../../tracking/tracking-store.ts';
import type { Goal } from './best.ts';
import type { Configuration } from './configuration.ts';

/** All of a sweep that must outlive the process: what is to run, on which files, and what to look for. */
export interface SweepPlan {
  readonly id: RunId;
  readonly startTime: number;
  /** A tree in git: the work tree as it was when the sweep began. */
  readonly tree: string;
  readonly targets: readonly string[];
  readonly goal: Goal | undefined;
  readonly configurations: readonly Configuration[];
}

const TAG = 'lockstep.sweep';

const stored = z.object({
  tree: z.string(),
  targets: z.array(z.string()),
  goal: z.object({ metric: z.string(), direction: z.enum(['maximize', 'minimize']) }).optional(),
  configurations: z.array(
    z.object({
      name: z.string(),
      assignments: z.array(z.object({ file: z.string(), key: z.string(), value: z.string() })),
    }),
  ),
});

export interface Progress {
  readonly status: Run['status'];
  readonly endTime: number | null;
  readonly best: Run | undefined;
}

/** The run that stands for the whole sweep; its plan is in a tag, so that nothing else is needed to go on with it. */
export function sweepRun({ id, startTime, ...plan }: SweepPlan, { status, endTime, best }: Progress): Run {
  const score = best?.metrics.find(({ key }) => key === plan.goal?.metric);
  return {
    id,
    parent: null,
    stage: null,
    file: null,
    status,
    startTime,
    endTime,
    code: null,
    data: [],
    params: best?.params ?? [],
    metrics: score === undefined ? [] : [score],
    artifacts: [],
    environment: null,
    tags: {
      'mlflow.runName': 'sweep',
      'lockstep.command': 'sweep',
      'lockstep.sweep.configurations': String(plan.configurations.length),
      ...(best !== undefined && { 'lockstep.sweep.best': best.id }),
      [TAG]: JSON.stringify(plan),
    },
  };
}

/** The newest sweep that did not end, and the runs of its configurations that did. Throws `usage` when there is none. */
export async function unfinishedSweep(
  tracking: TrackingStore,
): Promise<{ readonly plan: SweepPlan; readonly done: readonly Run[] }> {
  const runs = await tracking.list({ parents: true });
  const sweep = runs.find((run) => run.tags[TAG] !== undefined && run.status !== 'FINISHED');
  const text = sweep?.tags[TAG];
  if (sweep === undefined || text === undefined) {
    throw new LockstepError('usage', 'there is no sweep that was interrupted', {
      hint: 'lockstep sweep -S KEY=VALUE,VALUE begins one',
    });
  }
  const read = stored.parse(JSON.parse(text));
  const configurations = read.configurations.map(({ name, assignments }) => ({
    name,
    assignments: assignments.map(({ file, key, value }) => ({ file: file as ProjectPath, key, value })),
  }));
  const plan = { ...read, id: sweep.id, startTime: sweep.startTime, goal: read.goal, configurations };
  return { plan, done: runs.filter((run) => run.parent === sweep.id && run.status === 'FINISHED') };
}
