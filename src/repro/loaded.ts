import type { ProjectPath, StageId } from '../base/brand.ts';
import type { Graph } from '../pipeline/graph.ts';
import type { ReadLockEntry } from '../pipeline/lock-entry.ts';
import { lockfileOf, type StandingLock } from '../pipeline/lock-format.ts';
import type { Pipeline, Stage } from '../pipeline/stage.ts';

/** All pipeline files and lockfiles of a project, read and found free of mistakes. */
export interface Loaded {
  readonly pipelines: readonly Pipeline[];
  readonly stages: ReadonlyMap<StageId, Stage>;
  readonly graph: Graph;
  /** Pipeline file → its lockfile; a missing lockfile is an empty one. */
  readonly locks: ReadonlyMap<ProjectPath, StandingLock>;
  /** How a stage is called towards the user: its bare name where that is unique in the project, else its id. */
  readonly labels: ReadonlyMap<StageId, string>;
  /** Every file and directory that all this was read from, also files that are not there. */
  readonly sources: readonly ProjectPath[];
}

export function lockedEntry(loaded: Loaded, stage: Stage): ReadLockEntry | undefined {
  return loaded.locks.get(stage.file)?.lockfile.entries.get(stage.name);
}

export function labelOf(loaded: Loaded, id: StageId): string {
  return loaded.labels.get(id) ?? id;
}

/** The lockfiles in which entries have digests of DVC before 3.0. */
export function locksBeforeDvc3({ locks }: Pick<Loaded, 'locks'>): readonly ProjectPath[] {
  const isOld = ({ lockfile }: StandingLock) =>
    [...lockfile.entries.values()].some(({ legacy }) => legacy !== undefined);
  return [...locks].filter(([, lock]) => isOld(lock)).map(([pipelineFile]) => lockfileOf(pipelineFile, 'dvc'));
}
