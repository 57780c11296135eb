import type { ProjectPath, StageId } from '../base/brand.ts';
import type { Content } from '../base/content.ts';
import { type Considered, consider, lookOnce } from './consider.ts';
import type { Decision } from './decision.ts';
import type { Loaded } from './loaded.ts';
import { labelOf, lockedEntry } from './loaded.ts';
import { createParamsReader } from './params-reader.ts';
import type { Supply } from './supply.ts';
import type { Tools } from './tools.ts';

export interface PlanRequest {
  /** In any order; planned in the order of the graph. */
  readonly wanted: ReadonlySet<StageId>;
  readonly forced: ReadonlySet<StageId>;
  /** Whatever depends on a stage that would run is forced, too. */
  readonly forceDownstream: boolean;
  readonly allowMissing: boolean;
  readonly useRunCache: boolean;
  /** What may be had that is not here; undefined: nothing. */
  readonly supply?: Supply | undefined;
}

/** What would be done with each wanted stage, carried through to its dependents; nothing is changed. */
export async function plan(
  tools: Tools,
  loaded: Loaded,
  request: PlanRequest,
): Promise<ReadonlyMap<StageId, Considered>> {
  const considered = new Map<StageId, Considered>();
  const wouldRun = new Set<StageId>();
  const restored = new Map<ProjectPath, Content>();
  const paramsReader = createParamsReader(tools, { once: true });
  const look = lookOnce(tools.store);
  for (const id of loaded.graph.order) {
    const stage = request.wanted.has(id) ? loaded.stages.get(id) : undefined;
    if (stage === undefined) continue;
    const upstream = loaded.graph.upstream.get(id) ?? [];
    const force = request.forced.has(id) || (request.forceDownstream && upstream.some((other) => wouldRun.has(other)));
    const one = await consider(stage, lockedEntry(loaded, stage), {
      tools,
      look,
      paramsReader,
      foresight: { wouldRun, restored },
      wishes: { force, allowMissing: request.allowMissing },
      useRunCache: request.useRunCache,
      upstream,
      supply: request.supply,
      label: labelOf(loaded, id),
    });
    const blockedBy = upstream.filter((other) => considered.get(other)?.decision.do === 'blocked');
    const result = blockedBy.length === 0 ? one : { ...one, decision: blocked(one.decision, blockedBy) };
    considered.set(id, result);
    // Changed data is on disk already: what reads it can be decided.
    if (result.decision.do === 'run' && stage.data !== true) wouldRun.add(id);
    if (result.decision.do === 'restore') {
      for (const [path, out] of result.source?.entry.outs ?? []) restored.set(path, out.content);
    }
  }
  return considered;
}

function blocked(decision: Decision, by: readonly StageId[]): Decision {
  return { do: 'blocked', by, reasons: decision.do === 'keep' ? [] : decision.reasons };
}
