import { LockstepError } from '../base/error.ts';
import { nearest } from '../base/nearest.ts';
import { partsOfId } from '../pipeline/file-names.ts';
import type { Run } from '../tracking/run.ts';
import type { RunQuery, TrackingStore } from '../tracking/tracking-store.ts';

/** The run that a user means: `latest`, `latest:STAGE`, `latest:sweep`, or a unique beginning of an id. Throws `usage` for none. */
export async function resolveRun(tracking: TrackingStore, reference: string): Promise<Run> {
  const run = reference.startsWith('latest') ? await latest(tracking, reference) : await tracking.find(reference);
  if (run !== undefined) return run;
  throw new LockstepError('usage', `no run '${reference}'`, { hint: await hintFor(tracking, reference) });
}

async function latest(tracking: TrackingStore, reference: string): Promise<Run | undefined> {
  const query = reference === 'latest' ? {} : /^latest:(.+)$/s.exec(reference)?.[1];
  if (query === undefined) return undefined;
  // Found among the latest points alone, and then read whole.
  const found = typeof query === 'string' ? await ofStage(tracking, query, { limit: 1 }) : await newest(tracking);
  if (found.length === 0 && query === 'sweep') return await newestSweep(tracking);
  return found[0] === undefined ? undefined : await tracking.find(found[0].id);
}

/** It stands for its best configuration, whose params it has. */
async function newestSweep(tracking: TrackingStore): Promise<Run | undefined> {
  const runs = await tracking.list({ parents: true, latestMetrics: true });
  return runs.find(({ tags }) => tags['lockstep.command'] === 'sweep');
}

async function newest(tracking: TrackingStore): Promise<readonly Run[]> {
  return await tracking.list({ limit: 1, latestMetrics: true });
}

/** Runs of a stage by its name, or by `<file>:<name>` where several files have one of that name; newest first. */
export async function ofStage(tracking: TrackingStore, stage: string, query: RunQuery): Promise<readonly Run[]> {
  const { limit, ...rest } = query;
  const parts = partsOfId(stage);
  const whole = await tracking.list({ latestMetrics: true, ...query, stage });
  if (parts === undefined || whole.length > 0) return whole;
  const runs = await tracking.list({ latestMetrics: true, ...rest, stage: parts.name });
  return runs.filter((run) => run.file === parts.file).slice(0, limit);
}

async function hintFor(tracking: TrackingStore, reference: string): Promise<string> {
  const runs = await tracking.list({ latestMetrics: true });
  if (runs.length === 0) return 'no runs are recorded yet; lockstep repro records one for each stage that it runs';
  const stages = new Set(runs.flatMap(({ stage }) => (stage === null ? [] : [stage])));
  if (stages.has(reference)) return `latest:${reference} is the newest run of that stage`;
  const near = nearest(reference.replace(/^latest:?/, ''), stages);
  if (reference.startsWith('latest') && near !== undefined) return `did you mean latest:${near}?`;
  return 'lockstep runs list shows the runs; latest and latest:STAGE stand for the newest one';
}

/** How a run's stage is called among these runs: by its bare name where only one file has a stage of that name. */
export function stageLabels(runs: readonly Run[]): (run: Run) => string | null {
  const files = new Map<string, Set<string>>();
  for (const { stage, file } of runs) {
    if (stage === null || file === null) continue;
    files.set(stage, (files.get(stage) ?? new Set()).add(file));
  }
  return ({ stage, file }) => (stage !== null && (files.get(stage)?.size ?? 0) > 1 ? `${file}:${stage}` : stage);
}
