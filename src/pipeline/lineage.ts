import type { StageId } from '../base/brand.ts';
import type { Graph } from './graph.ts';

/** The stages that some stages need, directly or through others; without themselves unless one needs another. */
export function ancestors(graph: Graph, ids: Iterable<StageId>): ReadonlySet<StageId> {
  return reach(graph.upstream, ids);
}

/** The stages that need some stages, directly or through others; without themselves unless one needs another. */
export function descendants(graph: Graph, ids: Iterable<StageId>): ReadonlySet<StageId> {
  return reach(graph.downstream, ids);
}

function reach(next: ReadonlyMap<StageId, readonly StageId[]>, ids: Iterable<StageId>): ReadonlySet<StageId> {
  const reached = new Set<StageId>();
  const open = [...ids];
  for (let id = open.pop(); id !== undefined; id = open.pop()) {
    for (const neighbor of next.get(id) ?? []) {
      if (reached.has(neighbor)) continue;
      reached.add(neighbor);
      open.push(neighbor);
    }
  }
  return reached;
}
