import type { ProjectPath, StageId } from '../base/brand.ts';
import { comparePaths } from '../base/project-path.ts';
import { type InputChange, inputChanges, type OutChange, outChanges } from './entry-changes.ts';
import type { ReadLockEntry } from './lock-entry.ts';
import { indexPaths } from './path-index.ts';
import type { Stage } from './stage.ts';

/** All lockfiles and pipeline files of a project at one revision. */
export interface LockState {
  readonly locked: ReadonlyMap<StageId, ReadLockEntry>;
  readonly declared: ReadonlyMap<StageId, Stage>;
}

export interface LockDiff {
  /** What somebody changed: each once, with all the stages it touches directly. */
  readonly causes: readonly Cause[];
  /** What that led to: each changed stage after the ones it depends on. */
  readonly stages: readonly StageChange[];
}

export type RootChange = InputChange | { readonly reason: 'stage-added' } | { readonly reason: 'stage-removed' };

export interface Cause {
  readonly change: RootChange;
  readonly stages: readonly StageId[];
}

export interface StageChange {
  readonly stage: StageId;
  readonly kind: 'added' | 'removed' | 'changed';
  /** Indexes into the causes that touch it directly. */
  readonly causes: readonly number[];
  /** Inputs that changed because another stage's outs did. */
  readonly through: readonly Through[];
  readonly outs: readonly (OutChange & { readonly kind: 'out' | 'metric' | 'plot' })[];
}

interface Through {
  readonly path: ProjectPath;
  readonly stage: StageId;
}

/**
 * Explains how one state of the lockfiles became another. An input that a stage of the project wrote, and that changed
 * with that stage, is a consequence; every other change of an input is a root cause.
 */
export function explainChange(before: LockState, after: LockState): LockDiff {
  const raw = rawChanges(before, after);
  const made = indexPaths([...raw].flatMap(([stage, { outs }]) => outs.map((out) => [out.path, stage] as const)));
  const causes = new Map<string, { index: number; change: RootChange; stages: StageId[] }>();
  const causedBy = (change: RootChange, stage: StageId): number => {
    const key = JSON.stringify(change);
    const cause = causes.get(key) ?? { index: causes.size, change, stages: [] };
    causes.set(key, cause);
    cause.stages.push(stage);
    return cause.index;
  };
  const unordered = new Map<StageId, StageChange>();
  for (const [stage, { kind, inputs, outs }] of raw) {
    const through = new Map<string, Through>();
    const own: number[] = [];
    for (const change of inputs) {
      const path = changedBytes(change);
      const makers = path === undefined ? [] : made.touching(path).filter((maker) => maker !== stage);
      if (path === undefined || makers.length === 0) own.push(causedBy(change, stage));
      else for (const maker of makers) through.set(`${path}\n${maker}`, { path, stage: maker });
    }
    const kindOf = (path: ProjectPath) => outKind(after, stage, path) ?? outKind(before, stage, path) ?? 'out';
    const kinds = outs.map((out) => ({ ...out, kind: kindOf(out.path) }));
    unordered.set(stage, { stage, kind, causes: own, through: [...through.values()], outs: kinds });
  }
  const rootCauses = [...causes.values()].map(({ change, stages }) => ({ change, stages }));
  return { causes: rootCauses, stages: ordered(unordered) };
}

interface RawChange {
  readonly kind: StageChange['kind'];
  readonly inputs: readonly RootChange[];
  readonly outs: readonly OutChange[];
}

function rawChanges(before: LockState, after: LockState): ReadonlyMap<StageId, RawChange> {
  const changes = new Map<StageId, RawChange>();
  const ids = [...new Set([...before.locked.keys(), ...after.locked.keys()])].sort(comparePaths);
  for (const id of ids) {
    const was = before.locked.get(id)?.entry;
    const now = after.locked.get(id)?.entry;
    const outs = outChanges(was, now);
    if (was === undefined) changes.set(id, { kind: 'added', inputs: [{ reason: 'stage-added' }], outs });
    else if (now === undefined) changes.set(id, { kind: 'removed', inputs: [{ reason: 'stage-removed' }], outs });
    else {
      const inputs = inputChanges(was, now);
      if (inputs.length > 0 || outs.length > 0) changes.set(id, { kind: 'changed', inputs, outs });
    }
  }
  return changes;
}

/** The path whose bytes changed, and which another stage may have written. */
function changedBytes(change: RootChange): ProjectPath | undefined {
  switch (change.reason) {
    case 'dep-changed':
      return change.path;
    case 'param-changed':
    case 'param-added':
    case 'param-removed':
      return change.file;
    default:
      return undefined;
  }
}

function outKind(state: LockState, stage: StageId, path: ProjectPath): 'out' | 'metric' | 'plot' | undefined {
  return state.declared.get(stage)?.outs.find((out) => out.path === path)?.kind;
}

/** Each stage after those whose outs changed its inputs. */
function ordered(changes: ReadonlyMap<StageId, StageChange>): readonly StageChange[] {
  const seen = new Set<StageChange>();
  const order: StageChange[] = [];
  const visit = (change: StageChange | undefined): void => {
    if (change === undefined || seen.has(change)) return;
    seen.add(change);
    for (const { stage } of change.through) visit(changes.get(stage));
    order.push(change);
  };
  for (const change of changes.values()) visit(change);
  return order;
}
