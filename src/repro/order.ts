import type { StageId } from '../base/brand.ts';
import type { Graph } from '../pipeline/graph.ts';
import type { Stage } from '../pipeline/stage.ts';

/** How much may run at the same time. */
export interface Limits {
  readonly jobs: number;
  readonly cpus: number;
  /** Bytes. */
  readonly memory: number;
  /** Names of the devices, as `CUDA_VISIBLE_DEVICES` takes them. */
  readonly gpus: readonly string[];
}

/** What a running stage holds. */
export interface Slot {
  readonly gpus: readonly string[];
}

/** Which stages may be looked at now: those whose needed stages, as far as wanted, are finished. */
export interface Queue {
  /** Stages that became ready since the last call, in the order of the graph. */
  ready(): readonly StageId[];
  finish(id: StageId): void;
  readonly unfinished: number;
}

export function createQueue(graph: Graph, wanted: ReadonlySet<StageId>): Queue {
  const open = new Map<StageId, number>();
  let fresh: StageId[] = [];
  for (const id of graph.order) {
    if (!wanted.has(id)) continue;
    const needs = (graph.upstream.get(id) ?? []).filter((needed) => wanted.has(needed)).length;
    if (needs === 0) fresh.push(id);
    else open.set(id, needs);
  }
  let unfinished = open.size + fresh.length;
  return {
    ready() {
      const taken = fresh;
      fresh = [];
      return taken;
    },
    finish(id) {
      unfinished -= 1;
      for (const next of graph.downstream.get(id) ?? []) {
        const needs = open.get(next);
        if (needs === undefined) continue;
        if (needs > 1) open.set(next, needs - 1);
        else {
          open.delete(next);
          fresh.push(next);
        }
      }
    },
    get unfinished() {
      return unfinished;
    },
  };
}

/** Hands out what running stages share. */
export interface Slots {
  /** Undefined when there is no room at the moment. */
  take(stage: Stage): Slot | undefined;
  give(stage: Stage, slot: Slot): void;
}

export function createSlots(limits: Limits): Slots {
  const free = { jobs: limits.jobs, cpus: limits.cpus, memory: limits.memory, gpus: [...limits.gpus] };
  const held = new Set<string>();
  let running = 0;
  return {
    take(stage) {
      const { cpus = 1, memory = 0, gpus = 0 } = stage.resources;
      const fits = cpus <= free.cpus && memory <= free.memory && gpus <= free.gpus.length;
      // A stage that asks for more than there is at all runs alone.
      if (free.jobs < 1 || stage.mutex.some((name) => held.has(name)) || !(fits || running === 0)) return undefined;
      running += 1;
      free.jobs -= 1;
      free.cpus -= cpus;
      free.memory -= memory;
      for (const name of stage.mutex) held.add(name);
      return { gpus: free.gpus.splice(0, gpus) };
    },
    give(stage, slot) {
      const { cpus = 1, memory = 0 } = stage.resources;
      running -= 1;
      free.jobs += 1;
      free.cpus += cpus;
      free.memory += memory;
      free.gpus.push(...slot.gpus);
      for (const name of stage.mutex) held.delete(name);
    },
  };
}
