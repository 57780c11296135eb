import { graphlib, layout } from '@dagrejs/dagre';
import type { DagGraph, DagNode } from './dag-graph.ts';

/** A node, or (`node: null`) the place where an arrow passes a layer. Positions are whole cells across the layers. */
export interface Item {
  readonly node: DagNode | null;
  readonly size: number;
  /** Moves while the arrows are laid out. */
  center: number;
}

/** One step of an arrow, from a layer to the next. */
export interface Segment {
  readonly from: Item;
  readonly to: Item;
}

export interface Layers {
  /** Each in the order of positions. */
  readonly layers: readonly (readonly Item[])[];
  /** Between a layer and the next: one fewer than layers. */
  readonly channels: readonly (readonly Segment[])[];
}

export interface Spacing {
  /** Cells that a node takes across the layers; odd, so that it has a middle. */
  readonly sizeOf: (node: DagNode) => number;
  readonly nodeGap: number;
  readonly lineGap: number;
  /** Which of dagre's four alignments; undefined for their mean. */
  readonly align?: 'UL' | 'UR' | 'DL' | 'DR' | undefined;
}

/** Arranges a graph in layers: dagre decides the layers, the order in each, and where things stand. */
export function arrange(graph: DagGraph, spacing: Spacing): Layers {
  const sheet = new graphlib.Graph();
  const { nodeGap, lineGap, align } = spacing;
  sheet.setGraph({ nodesep: nodeGap, edgesep: lineGap, ranksep: 10, ...(align === undefined ? {} : { align }) });
  for (const node of graph.nodes) sheet.setNode(node.id, { width: spacing.sizeOf(node), height: 1 });
  for (const [from, to] of graph.edges) sheet.setEdge(from, to, {});
  layout(sheet as never);
  return snap(graph, sheet, spacing);
}

type Point = { readonly x: number; readonly y: number };

function snap(graph: DagGraph, sheet: graphlib.Graph, spacing: Spacing): Layers {
  const placed = new Map(graph.nodes.map((node) => [node.id, sheet.node(node.id) as Point]));
  const heights = [...new Set([...placed.values()].map((point) => point.y))].sort((a, b) => a - b);
  const layerAt = new Map(heights.map((y, index) => [y, index]));
  const layers: Item[][] = heights.map(() => []);
  const channels: Segment[][] = heights.slice(1).map(() => []);

  const items = new Map<string, Item>();
  for (const node of graph.nodes) {
    const { x, y } = placed.get(node.id) ?? { x: 0, y: 0 };
    const item: Item = { node, size: spacing.sizeOf(node), center: Math.round(x) };
    items.set(node.id, item);
    layers[layerAt.get(y) ?? 0]?.push(item);
  }
  for (const [from, to] of graph.edges) {
    const { points } = sheet.edge(from, to) as { points: readonly Point[] };
    const [start, end] = [items.get(from), items.get(to)];
    if (start === undefined || end === undefined) continue;
    let last = start;
    let layer = layerAt.get(placed.get(from)?.y ?? 0) ?? 0;
    // The first and the last point lie on the boxes; of the others, those at the height of a layer are kept.
    for (const { x, y } of points.slice(1, -1)) {
      if (!layerAt.has(y)) continue;
      const passing: Item = { node: null, size: 1, center: Math.round(x) };
      layers[layer + 1]?.push(passing);
      channels[layer]?.push({ from: last, to: passing });
      last = passing;
      layer += 1;
    }
    channels[layer]?.push({ from: last, to: end });
  }
  if (isMirrored(layers, graph)) for (const item of layers.flat()) item.center = -item.center;
  for (const layer of layers) spread(layer, spacing);
  return { layers, channels };
}

/** Whether more nodes stand against the order in which they were given than in it. */
function isMirrored(layers: readonly (readonly Item[])[], graph: DagGraph): boolean {
  const rank = new Map(graph.nodes.map((node, index) => [node, index]));
  let balance = 0;
  for (const layer of layers) {
    const nodes = layer.filter(({ node }) => node !== null).sort((a, b) => a.center - b.center);
    for (const [index, { node }] of nodes.entries()) {
      const next = nodes[index + 1]?.node;
      if (node && next) balance += (rank.get(next) ?? 0) > (rank.get(node) ?? 0) ? 1 : -1;
    }
  }
  return balance < 0;
}

/** Rounding to cells may have pushed neighbours into each other. */
function spread(layer: Item[], { nodeGap, lineGap }: Spacing): void {
  layer.sort((a, b) => a.center - b.center);
  let previous: Item | undefined;
  for (const item of layer) {
    if (previous !== undefined) {
      const gap = previous.node === null || item.node === null ? lineGap : nodeGap;
      item.center = Math.max(item.center, endOf(previous) + gap + (item.size - 1) / 2 + 1);
    }
    previous = item;
  }
}

export function startOf(item: Item): number {
  return item.center - (item.size - 1) / 2;
}

/** The last cell that it takes. */
export function endOf(item: Item): number {
  return item.center + (item.size - 1) / 2;
}
