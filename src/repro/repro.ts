import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import type { StageId } from '../base/brand.ts';
import { LockstepError } from '../base/error.ts';
import { acquireWaiting } from '../base/exclusive.ts';
import { checkWorkspace } from './check.ts';
import type { Considered } from './consider.ts';
import type { OnEvent, Summary } from './event.ts';
import type { Loaded } from './loaded.ts';
import { plan } from './plan.ts';
import type { ReproRequest } from './repro-request.ts';
import { summarizePlan } from './summary.ts';
import type { Tools } from './tools.ts';

/** plan → nothing to do, or: take the workspace → perform. */
export async function repro(tools: Tools, loaded: Loaded, request: ReproRequest): Promise<Summary> {
  const planned = await plan(tools, loaded, request);
  await checkWorkspace(tools, loaded, planned);
  request.emit({ event: 'planned', stages: [...planned.keys()], dry: request.dry });
  if (request.dry || nothingToDo(planned)) return tellPlan(planned, request.emit);
  refuseImpossible(loaded, request);
  mkdirSync(join(tools.tmp, 'logs'), { recursive: true });
  mkdirSync(join(tools.tmp, 'running'), { recursive: true });
  const about = { pid: tools.pid, command: request.command, startTime: tools.now() };
  const hold = await acquireWaiting(join(tools.tmp, 'repro.lock'), about, {
    signal: request.signal,
    onWait: (holder) => {
      if (holder !== undefined) request.emit({ event: 'waiting', ...holder });
    },
  });
  try {
    const { performAll } = await import('./perform-all.ts');
    return await performAll(tools, loaded, request);
  } finally {
    hold.release();
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
function refuseImpossible(loaded: Loaded, request: ReproRequest): void {
  for (const id of request.wanted) {
    const wants = loaded.stages.get(id)?.resources.gpus ?? 0;
    if (wants <= request.limits.gpus.length) continue;
    throw new LockstepError(
      'usage',
      `stage '${id}' wants ${wants} GPUs, this machine has ${request.limits.gpus.length}`,
      {
        hint: 'set CUDA_VISIBLE_DEVICES to name the devices that lockstep may hand out',
      },
    );
  }
}
