import { graphlib } from '@dagrejs/dagre';
import type { StageId } from '../../base/brand.ts';
import { contains } from '../../base/project-path.ts';
import type { Stage } from '../../pipeline/stage.ts';
import type { Decision } from '../../repro/decision.ts';
import type { Loaded } from '../../repro/loaded.ts';

/** What is drawn: boxes and arrows, as plain data. */
export interface DagGraph {
  readonly nodes: readonly DagNode[];
  /** From and to, by node id; no duplicates. */
  readonly edges: readonly (readonly [string, string])[];
}

export interface DagNode {
  readonly id: string;
  readonly label: string;
  readonly kind: 'stage' | 'file' | 'group';
  /** What would be done with it. */
  readonly mark?: Decision['do'];
}

export type Decisions = ReadonlyMap<StageId, Decision>;

/** The wanted stages as nodes, an arrow from each stage to the ones that read what it writes. */
export function stageGraph(loaded: Loaded, wanted: ReadonlySet<StageId>, decisions?: Decisions): DagGraph {
  const order = loaded.graph.order.filter((id) => wanted.has(id));
  const nodes = order.map((id): DagNode => {
    const decision = decisions?.get(id);
    const mark = decision === undefined ? {} : { mark: decision.do };
    return { id, label: loaded.labels.get(id) ?? id, kind: 'stage', ...mark };
  });
  const edges = order.flatMap((id) =>
    (loaded.graph.upstream.get(id) ?? []).filter((from) => wanted.has(from)).map((from) => [from, id] as const),
  );
  return { nodes, edges: edges.sort(([, a], [, b]) => order.indexOf(a as StageId) - order.indexOf(b as StageId)) };
}

/** Outs as nodes, an arrow from each file to the ones that are made of it. Source files would drown them: left out. */
export function fileGraph(stages: readonly Stage[]): DagGraph {
  const outs = stages.flatMap((stage) => stage.outs.map((out) => out.path));
  const edges = new Map<string, readonly [string, string]>();
  for (const stage of stages) {
    // A dep on a directory is a dep on the outs below it, one on a file inside an out a dep on that out.
    const sources = outs.filter((out) => stage.deps.some((dep) => contains(out, dep) || contains(dep, out)));
    for (const { path: to } of stage.outs) {
      for (const from of sources) edges.set(JSON.stringify([from, to]), [from, to]);
    }
  }
  const nodes = outs.map((path): DagNode => ({ id: path, label: path, kind: 'file' }));
  return { nodes, edges: [...edges.values()] };
}

/**
 * The graph with the nodes of each group as one. `groupOf` names a node's group, undefined for a node that stays. A
 * group that would stand before and after some other node keeps its nodes: the drawing must not invent a cycle.
 */
export function collapse(graph: DagGraph, groupOf: (node: DagNode) => string | undefined): DagGraph {
  const kept = new Set<string>();
  for (;;) {
    const merged = merge(graph, (node) => {
      const group = groupOf(node);
      return group === undefined || kept.has(group) ? undefined : group;
    });
    const cyclic = cyclicNodes(merged).filter((node) => node.kind === 'group');
    const sizeOf = (node: DagNode) => graph.nodes.filter((member) => `group ${groupOf(member)}` === node.id).length;
    const smallest = cyclic.sort((a, b) => sizeOf(a) - sizeOf(b))[0];
    if (smallest === undefined) return merged;
    kept.add(smallest.id.slice('group '.length));
  }
}

function merge(graph: DagGraph, groupOf: (node: DagNode) => string | undefined): DagGraph {
  const members = new Map<string, DagNode[]>();
  for (const node of graph.nodes) {
    const group = groupOf(node);
    if (group !== undefined) members.set(group, [...(members.get(group) ?? []), node]);
  }
  const nodes = new Map<string, DagNode>();
  const idOf = new Map<string, string>();
  for (const node of graph.nodes) {
    const group = groupOf(node);
    const of = group === undefined ? [] : (members.get(group) ?? []);
    const merged = group === undefined || of.length < 2 ? node : groupNode(group, of);
    nodes.set(merged.id, merged);
    idOf.set(node.id, merged.id);
  }
  const edges = new Map<string, readonly [string, string]>();
  for (const [from, to] of graph.edges) {
    const [a, b] = [idOf.get(from) ?? from, idOf.get(to) ?? to];
    if (a !== b) edges.set(JSON.stringify([a, b]), [a, b]);
  }
  return { nodes: [...nodes.values()], edges: [...edges.values()] };
}

/** The most that is to be done with one of them counts for all. */
const BY_URGENCY: readonly Decision['do'][] = ['blocked', 'run', 'restore', 'keep'];

function groupNode(group: string, members: readonly DagNode[]): DagNode {
  const mark = BY_URGENCY.find((candidate) => members.some((node) => node.mark === candidate));
  const label = `${group} (${members.length})`;
  return { id: `group ${group}`, label, kind: 'group', ...(mark === undefined ? {} : { mark }) };
}

function cyclicNodes(graph: DagGraph): DagNode[] {
  const directed = new graphlib.Graph();
  for (const node of graph.nodes) directed.setNode(node.id, {});
  for (const [from, to] of graph.edges) directed.setEdge(from, to);
  const cyclic = new Set(graphlib.alg.findCycles(directed as never).flat());
  return graph.nodes.filter((node) => cyclic.has(node.id));
}

/** The parts of a graph that no arrow joins, each in the order of the nodes. */
export function components(graph: DagGraph): DagGraph[] {
  const part = new Map(graph.nodes.map((node) => [node.id, [node.id]]));
  for (const [from, to] of graph.edges) {
    const [a, b] = [part.get(from) ?? [], part.get(to) ?? []];
    if (a === b) continue;
    const [large, small] = a.length >= b.length ? [a, b] : [b, a];
    for (const id of small) {
      large.push(id);
      part.set(id, large);
    }
  }
  const parts = new Set(graph.nodes.map((node) => part.get(node.id) ?? []));
  return [...parts].map((ids) => {
    const inside = new Set(ids);
    return {
      nodes: graph.nodes.filter((node) => inside.has(node.id)),
      edges: graph.edges.filter(([from]) => inside.has(from)),
    };
  });
}
