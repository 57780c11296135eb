import { LockstepError } from '../base/error.ts';
import { nearest } from '../base/nearest.ts';
import { partsOfId } from '../pipeline/file-names.ts';
import { fingerprintOf } from '../pipeline/fingerprint.ts';
import { labelOf, lockedEntry } from '../repro/loaded.ts';
import { inputsOfEntry } from '../repro/observation.ts';
import type { Run } from '../tracking/run.ts';
import type { RunQuery, TrackingStore } from '../tracking/tracking-store.ts';
import type { Project } from './project.ts';

/**
 * The run that a user means: `latest`, `latest:STAGE`, `latest:sweep`, `current:STAGE`, or a unique beginning of an id.
 * Throws `usage` for none.
 */
export async function resolveRun(project: Project, reference: string): Promise<Run> {
  const tracking = await project.tracking();
  const run = await found(project, tracking, reference);
  if (run !== undefined) return run;
  throw new LockstepError('usage', `no run '${reference}'`, { hint: await hintFor(tracking, reference) });
}

async function found(project: Project, tracking: TrackingStore, reference: string): Promise<Run | undefined> {
  const [, word, stage] = /^(latest|current)(?::(.+))?$/s.exec(reference) ?? [];
  if (word === 'current' && stage !== undefined) return await currentRun(project, tracking, stage);
  return reference.startsWith('latest') ? await latest(tracking, reference) : await tracking.find(reference);
}

/** The run that made what the lockfile says is in the workspace, whether it ran here or was restored. */
async function currentRun(project: Project, tracking: TrackingStore, name: string): Promise<Run | undefined> {
  const loaded = await project.load();
  const stage = [...loaded.stages.values()].find((one) => one.id === name || labelOf(loaded, one.id) === name);
  const entry = stage === undefined ? undefined : lockedEntry(loaded, stage)?.entry;
  if (stage === undefined || entry === undefined) return undefined;
  const fingerprint = fingerprintOf(inputsOfEntry(entry));
  const runs = await tracking.list({ stage: stage.name, latestMetrics: true });
  const maker = runs.find(
    (run) =>
      run.file === stage.file &&
      run.status === 'FINISHED' &&
      run.tags['lockstep.fingerprint'] === fingerprint &&
      [...entry.outs].every(([path, { content }]) =>
        run.artifacts.some((artifact) => artifact.path === `outs/${path}` && artifact.digest === content.digest),
      ),
  );
  return maker === undefined ? undefined : await tracking.find(maker.id);
}

async function latest(tracking: TrackingStore, reference: string): Promise<Run | undefined> {
  const query = reference === 'latest' ? {} : /^latest:(.+)$/s.exec(reference)?.[1];
  if (query === undefined) return undefined;
  // Found among the latest points alone, and then read whole.
  const runs = typeof query === 'string' ? await ofStage(tracking, query, { limit: 1 }) : await newest(tracking);
  if (runs.length === 0 && query === 'sweep') return await newestSweep(tracking);
  return runs[0] === undefined ? undefined : await tracking.find(runs[0].id);
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
  if (reference.startsWith('current:')) {
    return 'current:STAGE is the run that made what the lockfile has of a stage; another machine may have run it';
  }
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
