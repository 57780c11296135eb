import type { Literal, ProjectPath } from '../base/brand.ts';
import type { Content } from '../base/content.ts';
import type { Inputs } from '../pipeline/fingerprint.ts';
import type { LockEntry } from '../pipeline/lock-entry.ts';
import type { Stage } from '../pipeline/stage.ts';

/** What is on disk for one stage at one moment. */
export interface Observation {
  readonly deps: ReadonlyMap<ProjectPath, Content | 'missing' | 'unknown'>;
  readonly params: ReadonlyMap<ProjectPath, ReadonlyMap<string, Literal>>;
  /** Requested params that are not there; `key: null` when the whole file is not. */
  readonly missingParams: readonly MissingParam[];
  readonly outs: ReadonlyMap<ProjectPath, Content | 'missing'>;
  /** Paths that hold what the lock entry says, though it has another name for it. */
  readonly sameAsLocked?: ReadonlySet<ProjectPath>;
}

export interface MissingParam {
  readonly file: ProjectPath;
  readonly key: string | null;
}

/** The inputs of a fingerprint, or undefined while some of them are missing or not yet made. */
export function inputsOf(stage: Stage, observation: Observation): Inputs | undefined {
  if (observation.missingParams.length > 0) return undefined;
  const deps = new Map<ProjectPath, Content>();
  for (const [path, content] of observation.deps) {
    if (content === 'missing' || content === 'unknown') return undefined;
    deps.set(path, content);
  }
  return {
    cmd: stage.cmd,
    wdir: stage.wdir,
    env: stage.env,
    params: observation.params,
    deps,
    outs: new Map(stage.outs.map((out) => [out.path, out.persist])),
  };
}

export function entryOf(stage: Stage, inputs: Inputs, outs: ReadonlyMap<ProjectPath, Content>): LockEntry {
  const locked = new Map<ProjectPath, { content: Content; persist: boolean }>();
  for (const out of stage.outs) {
    const content = outs.get(out.path);
    if (content !== undefined) locked.set(out.path, { content, persist: out.persist });
  }
  return {
    cmd: inputs.cmd,
    wdir: inputs.wdir,
    env: inputs.env,
    params: inputs.params,
    deps: inputs.deps,
    outs: locked,
  };
}

/** The inputs that a lock entry was proven with. */
export function inputsOfEntry(entry: LockEntry): Inputs {
  return {
    cmd: entry.cmd,
    wdir: entry.wdir,
    env: entry.env,
    params: entry.params,
    deps: entry.deps,
    outs: new Map([...entry.outs].map(([path, out]) => [path, out.persist])),
  };
}
