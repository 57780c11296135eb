import picomatch from 'picomatch';
import type { ProjectPath, StageId } from '../base/brand.ts';
import { LockstepError } from '../base/error.ts';
import { nearest } from '../base/nearest.ts';
import { contains, directoryOf, resolveInProject } from '../base/project-path.ts';
import { partsOfId } from '../pipeline/file-names.ts';
import type { Graph } from '../pipeline/graph.ts';
import { ancestors, descendants } from '../pipeline/lineage.ts';
import { isDataFile } from '../pipeline/lock-format.ts';
import type { Loaded } from './loaded.ts';

export interface Selection {
  readonly targets: readonly string[];
  /** Targets are patterns. */
  readonly glob?: boolean;
  readonly allPipelines?: boolean;
  /** Only the targets themselves. */
  readonly singleItem?: boolean;
  /** The targets and what depends on them, instead of what they depend on. */
  readonly downstream?: boolean;
}

/** The stages that a request is about. `named` are the targets, `wanted` adds what they need (or lead to). */
export function select(
  loaded: Loaded,
  here: ProjectPath,
  selection: Selection,
): { readonly named: ReadonlySet<StageId>; readonly wanted: ReadonlySet<StageId> } {
  const named = new Set(
    selection.targets.length === 0 || selection.allPipelines === true
      ? defaultStages(loaded, here, selection)
      : selection.targets.flatMap((target) => resolveTarget(loaded, here, { target, glob: selection.glob === true })),
  );
  if (selection.singleItem === true) return { named, wanted: named };
  const { graph } = loaded;
  if (selection.downstream === true) return { named, wanted: new Set([...named, ...descendants(graph, named)]) };
  return { named, wanted: new Set([...named, ...ancestors(withoutFrozen(loaded), named)]) };
}

/** The stages of the nearest pipeline file upwards; those of the whole project where there is none. */
function defaultStages(loaded: Loaded, here: ProjectPath, selection: Selection): readonly StageId[] {
  if (selection.allPipelines !== true) {
    for (let directory = here; ; directory = directoryOf(directory)) {
      const pipeline = loaded.pipelines.find(({ file }) => directoryOf(file) === directory && !isDataFile(file));
      if (pipeline !== undefined) return pipeline.stages.map((stage) => stage.id);
      if (directory === '.') break;
    }
  }
  return loaded.graph.order;
}

interface Target {
  readonly target: string;
  readonly glob: boolean;
}

/** Stage, `file:stage`, pipeline file, group (`name` for `name@…`), pattern, or the path of an out. */
function resolveTarget(loaded: Loaded, here: ProjectPath, { target, glob }: Target): readonly StageId[] {
  const matched = glob ? matchGlob(loaded, target) : [];
  // A group, a file or an out beside patterns is what it is without them.
  const found = matched.length > 0 ? matched : matchExactly(loaded, here, target);
  if (found.length > 0) return found;
  const known = [...loaded.labels.values()];
  const groups = new Set(known.map((label) => /^[^@]+(?=@)/.exec(label)?.[0] ?? label));
  const close = nearest(target, [...groups, ...known]);
  throw new LockstepError('no-such-stage', `no stage, pipeline file or out is called '${target}'`, {
    hint: close === undefined ? `lockstep stage list shows the ${known.length} stages` : `did you mean '${close}'?`,
  });
}

function matchGlob(loaded: Loaded, pattern: string): readonly StageId[] {
  const matches = picomatch(pattern, { bash: true });
  return [...loaded.stages.values()]
    .filter((stage) => matches(stage.name) || matches(stage.id) || stage.outs.some((out) => matches(out.path)))
    .map((stage) => stage.id);
}

function matchExactly(loaded: Loaded, here: ProjectPath, target: string): readonly StageId[] {
  const path = resolveInProject(here, target);
  const pipeline = loaded.pipelines.find((candidate) => candidate.file === path);
  if (pipeline !== undefined) return pipeline.stages.map((stage) => stage.id);
  const parts = partsOfId(target);
  const file = parts === undefined ? undefined : resolveInProject(here, parts.file);
  const name = file === undefined ? target : (parts?.name ?? target);
  const named = [...loaded.stages.values()].filter(
    (stage) =>
      (file === undefined || stage.file === file) && (stage.name === name || stage.name.startsWith(`${name}@`)),
  );
  if (named.length > 0) return preferHere(named, here).map((stage) => stage.id);
  if (path === undefined) return [];
  const writers = [...loaded.stages.values()].filter((stage) =>
    stage.outs.some((out) => contains(out.path, path) || contains(path, out.path)),
  );
  return writers.map((stage) => stage.id);
}

/** A bare name means the pipeline file at hand when several files have a stage of that name. */
function preferHere<S extends { readonly file: ProjectPath }>(stages: readonly S[], here: ProjectPath): readonly S[] {
  const local = stages.filter((stage) => directoryOf(stage.file) === here);
  return local.length > 0 ? local : stages;
}

/** A frozen stage is taken as it is, so nothing needs what it would read. */
function withoutFrozen(loaded: Loaded): Graph {
  const upstream = new Map(loaded.graph.upstream);
  for (const stage of loaded.stages.values()) if (stage.frozen) upstream.set(stage.id, []);
  return { ...loaded.graph, upstream };
}
