import { DirectedGraph } from 'graphology';
import { hasCycle } from 'graphology-dag';
import type { ProjectPath, StageId } from '../base/brand.ts';
import { findCycles } from './cycles.ts';
import { labels } from './labels.ts';
import type { Mistake } from './mistake.ts';
import { outConflicts, type PlacedOut } from './out-conflicts.ts';
import { indexPaths } from './path-index.ts';
import type { Pipeline, Stage } from './stage.ts';
import { sectionOf } from './written-out.ts';

/** Which stage needs which, over all pipeline files of the project. Plain data, so that it can be kept. */
export interface Graph {
  /** Every stage, each after the ones it needs; otherwise in the order of the files. */
  readonly order: readonly StageId[];
  /** Stage → the stages that write what it reads, directly. */
  readonly upstream: ReadonlyMap<StageId, readonly StageId[]>;
  /** Stage → the stages that read what it writes, directly. */
  readonly downstream: ReadonlyMap<StageId, readonly StageId[]>;
}

/**
 * The graph of all pipelines, with every mistake that only shows across stages: cycles, and two files whose stages write
 * one path. Conflicts within one file are found when it is parsed.
 */
export function buildGraph(pipelines: readonly Pipeline[]): {
  readonly graph: Graph;
  readonly mistakes: readonly Mistake[];
} {
  const { stages, mistakes } = distinctStages(pipelines);
  const network = new DirectedGraph();
  for (const id of stages.keys()) network.addNode(id);
  for (const [writer, reader] of edgesOf([...stages.values()])) network.mergeDirectedEdge(writer, reader);
  const names = labels(pipelines);
  const conflicts = outConflicts(placedOuts(stages, names), (a, b) => a.file !== b.file);
  const cycles = hasCycle(network) ? findCycles(network).map((cycle) => cycleMistake(cycle, stages, names)) : [];
  return { graph: graphOf(network), mistakes: [...mistakes, ...conflicts, ...cycles] };
}

/** What a stage reads: deps, and files of params, which an earlier stage may write. */
export function readsOf(stage: Stage): readonly ProjectPath[] {
  return [...stage.deps, ...stage.params.map((request) => request.file)];
}

type Stages = ReadonlyMap<StageId, Stage>;

function distinctStages(pipelines: readonly Pipeline[]): { stages: Stages; mistakes: readonly Mistake[] } {
  const stages = new Map<StageId, Stage>();
  const mistakes: Mistake[] = [];
  for (const stage of pipelines.flatMap((pipeline) => pipeline.stages)) {
    if (!stages.has(stage.id)) stages.set(stage.id, stage);
    else mistakes.push({ ...placeOfName(stage), message: `the stage \`${stage.id}\` is defined twice` });
  }
  return { stages, mistakes };
}

/** Pairs of a stage that writes a path and another that reads it, or something in it, or something around it. */
function* edgesOf(stages: readonly Stage[]): Generator<readonly [StageId, StageId]> {
  const writers = indexPaths(stages.flatMap((stage) => stage.outs.map((out) => [out.path, stage.id] as const)));
  for (const stage of stages) {
    for (const path of readsOf(stage)) {
      for (const writer of writers.touching(path)) if (writer !== stage.id) yield [writer, stage.id];
    }
  }
}

function placedOuts(stages: Stages, names: ReadonlyMap<StageId, string>): readonly PlacedOut[] {
  return [...stages.values()].flatMap((stage) => {
    const counts = new Map<string, number>();
    return stage.outs.map((out): PlacedOut => {
      const section = sectionOf(out.kind);
      const index = counts.get(section) ?? 0;
      counts.set(section, index + 1);
      const { id, file, name } = stage;
      return { path: out.path, stage: id, label: names.get(id) ?? id, file, at: ['stages', name, section, index] };
    });
  });
}

function cycleMistake(cycle: readonly StageId[], stages: Stages, names: ReadonlyMap<StageId, string>): Mistake {
  const circle = [...cycle, cycle[0] as StageId];
  const links = circle.slice(1).map((reader, index) => {
    const writer = circle[index] as StageId;
    return `${names.get(reader)} reads \`${linkBetween(stages.get(writer), stages.get(reader))}\` of ${names.get(writer)}`;
  });
  const message = `these stages need each other in a circle: ${circle.map((id) => names.get(id)).join(' -> ')}`;
  return { ...placeOfName(stages.get(circle[0] as StageId) as Stage), message, hint: links.join('; ') };
}

/** The first path that one stage reads of another. */
function linkBetween(writer: Stage | undefined, reader: Stage | undefined): ProjectPath | undefined {
  const index = indexPaths((writer?.outs ?? []).map((out) => [out.path, out]));
  return (reader === undefined ? [] : readsOf(reader)).find((path) => index.touching(path).length > 0);
}

function placeOfName(stage: Stage): Pick<Mistake, 'file' | 'at' | 'key'> {
  return { file: stage.file, at: ['stages', stage.name], key: true };
}

function graphOf(network: DirectedGraph): Graph {
  const ids = network.nodes() as StageId[];
  const position = new Map(ids.map((id, index) => [id, index]));
  const inFileOrder = (neighbors: string[]): StageId[] =>
    (neighbors as StageId[]).sort((a, b) => (position.get(a) ?? 0) - (position.get(b) ?? 0));
  const upstream = new Map(ids.map((id) => [id, inFileOrder(network.inNeighbors(id))]));
  const downstream = new Map(ids.map((id) => [id, inFileOrder(network.outNeighbors(id))]));
  return { order: orderOf(ids, upstream), upstream, downstream };
}

/**
 * The order of the files, except that what a stage needs comes before it. The library's sort goes by distance from the
 * start instead, which tears apart what the author wrote together.
 */
function orderOf(ids: readonly StageId[], upstream: ReadonlyMap<StageId, readonly StageId[]>): readonly StageId[] {
  const ordered = new Set<StageId>();
  const begun = new Set<StageId>();
  // A stack of our own: a chain of thousands of stages is deeper than the engine's.
  const open: StageId[] = [];
  for (const id of ids) {
    open.push(id);
    for (let next = open.at(-1); next !== undefined; next = open.at(-1)) {
      const first = begun.has(next) ? [] : (upstream.get(next) ?? []).filter((needed) => !begun.has(needed));
      begun.add(next);
      if (first.length > 0) open.push(...first.reverse());
      else ordered.add(open.pop() as StageId);
    }
  }
  return [...ordered];
}
