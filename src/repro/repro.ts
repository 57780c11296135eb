import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import type { StageId } from '../base/brand.ts';
import { LockstepError } from '../base/error.ts';
import { type About, acquire, acquireWaiting, isHeldOrOrphaned } from '../base/exclusive.ts';
import { checkWorkspace } from './check.ts';
import type { Considered } from './consider.ts';
import type { OnEvent, Summary } from './event.ts';
import { type Loaded, labelOf } from './loaded.ts';
import { plan } from './plan.ts';
import { refreshLocks } from './read.ts';
import type { ReproRequest } from './repro-request.ts';
import { summarizePlan } from './summary.ts';
import type { Tools } from './tools.ts';

export interface Reproduced {
  readonly summary: Summary;
  /** What was found before anything was done. */
  readonly planned: ReadonlyMap<StageId, Considered>;
}

/** plan → nothing to do, or: take the workspace → perform. */
export async function repro(tools: Tools, loaded: Loaded, request: ReproRequest): Promise<Reproduced> {
  // What would be brought is brought when its stage's turn comes, so only a plan asks for it beforehand.
  const planned = await plan(tools, loaded, request.dry ? request : { ...request, supply: undefined });
  await checkWorkspace(tools, loaded, planned);
  request.emit({ event: 'planned', stages: [...planned.keys()], dry: request.dry });
  if (request.dry) return { planned, summary: tellPlan(planned, request.emit) };
  if (nothingToDo(planned)) {
    await cleanUp(tools, request);
    return { planned, summary: tellPlan(planned, request.emit) };
  }
  if (request.supply === undefined) refuseImpossible(loaded, planned, request.limits.gpus.length);
  for (const name of ['logs', 'metrics', 'running']) mkdirSync(join(tools.tmp, name), { recursive: true });
  let waited = false;
  const hold = await acquireWaiting(lockFileOf(tools), holderOf(tools, request), {
    signal: request.signal,
    onWait: (holder) => {
      waited = true;
      request.emit({ event: 'waiting', ...holder });
    },
  });
  try {
    const { performAll } = await import('./perform-all.ts');
    await tools.store.enter();
    const now = await refreshLocks(tools, loaded);
    // Where another lockstep was at work meanwhile, nothing of the plan holds any more.
    const holds = !waited && now === loaded;
    const summary = await performAll(tools, now, { ...request, planned: holds ? planned : new Map() });
    return { planned, summary };
  } finally {
    tools.store.leave();
    hold.release();
  }
}

function lockFileOf(tools: Tools): string {
  return join(tools.tmp, 'repro.lock');
}

function holderOf(tools: Tools, request: ReproRequest): About {
  return { pid: tools.pid, command: request.command, startTime: tools.now() };
}

/** One that was killed may have done all there was to do, and not have recorded that it ended. */
async function cleanUp(tools: Tools, request: ReproRequest): Promise<void> {
  if (!isHeldOrOrphaned(lockFileOf(tools))) return;
  const answer = await acquire(lockFileOf(tools), holderOf(tools, request));
  if (!('release' in answer)) return;
  try {
    const { recover } = await import('./recover.ts');
    await tools.store.enter();
    await recover(tools, request);
  } finally {
    tools.store.leave();
    answer.release();
  }
}

function nothingToDo(planned: ReadonlyMap<StageId, Considered>): boolean {
  return [...planned.values()].every(({ decision }) => decision.do === 'keep');
}

function tellPlan(planned: ReadonlyMap<StageId, Considered>, emit: OnEvent): Summary {
  for (const [stage, { decision }] of planned) emit({ event: 'stage-decided', stage, decision });
  const summary = summarizePlan(planned);
  emit({ event: 'summary', ...summary });
  return summary;
}

/** A stage that wants more GPUs than there are would run without them, and slowly: better not at all. */
function refuseImpossible(loaded: Loaded, planned: ReadonlyMap<StageId, Considered>, gpus: number): void {
  for (const [id, { stage, decision }] of planned) {
    const wants = decision.do === 'run' ? (stage.resources.gpus ?? 0) : 0;
    if (wants <= gpus) continue;
    const message = `stage '${labelOf(loaded, id)}' wants ${wants} ${wants === 1 ? 'GPU' : 'GPUs'}, this machine has ${gpus}`;
    throw new LockstepError('usage', message, {
      hint: 'set CUDA_VISIBLE_DEVICES to name the devices that lockstep may hand out',
    });
  }
}
