import type { DirectedGraph } from 'graphology';
import type { StageId } from '../base/brand.ts';

/** Circles of stages that share none, each from its first stage on, as short as it can be told. */
export function findCycles(network: DirectedGraph): readonly (readonly StageId[])[] {
  const cycles: (readonly StageId[])[] = [];
  const told = new Set<string>();
  for (const id of nodesInCircles(network)) {
    const cycle = told.has(id) ? undefined : shortestCycle(network, id, told);
    if (cycle === undefined) continue;
    cycles.push(cycle as StageId[]);
    for (const member of cycle) told.add(member);
  }
  return cycles;
}

/** The stages that are left when everything without upstream or without downstream is taken away, again and again. */
function nodesInCircles(network: DirectedGraph): readonly string[] {
  const rest = network.copy();
  const loose = rest.nodes();
  for (let id = loose.pop(); id !== undefined; id = loose.pop()) {
    if (!rest.hasNode(id) || (rest.inDegree(id) > 0 && rest.outDegree(id) > 0)) continue;
    loose.push(...rest.neighbors(id));
    rest.dropNode(id);
  }
  return network.filterNodes((id) => rest.hasNode(id));
}

function shortestCycle(network: DirectedGraph, start: string, told: ReadonlySet<string>): string[] | undefined {
  const cameFrom = new Map<string, string>();
  const queue = [start];
  for (const id of queue) {
    for (const next of network.outNeighbors(id)) {
      if (next === start) return pathTo(cameFrom, start, id);
      if (cameFrom.has(next) || told.has(next)) continue;
      cameFrom.set(next, id);
      queue.push(next);
    }
  }
  return undefined;
}

function pathTo(cameFrom: ReadonlyMap<string, string>, start: string, end: string): string[] {
  const path = [end];
  for (let id = end; id !== start; ) {
    id = cameFrom.get(id) ?? start;
    path.push(id);
  }
  return path.reverse();
}
