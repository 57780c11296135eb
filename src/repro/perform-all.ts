import { join } from 'node:path';
import type { RunId, StageId } from '../base/brand.ts';
import { isOutside } from '../base/project-path.ts';
import { cachedOuts } from '../pipeline/stage.ts';
import type { Run, RunStatus } from '../tracking/run.ts';
import type { Outcome } from './decision.ts';
import type { Summary } from './event.ts';
import { openLeftovers } from './leftovers.ts';
import type { Loaded } from './loaded.ts';
import { createParamsReader } from './params-reader.ts';
import { perform } from './perform.ts';
import { createRecorder } from './recorder.ts';
import { recover } from './recover.ts';
import type { ReproRequest } from './repro-request.ts';
import { createCodeCapture, type Session } from './session.ts';
import { summarize } from './summary.ts';
import type { StageDoor, Tools } from './tools.ts';

interface OpenSession extends Session {
  /** After the last stage, before the records are complete. */
  closeDoor(): Promise<void>;
}

/** clean up after a killed one → perform → write everything down. The caller holds the workspace. */
export async function performAll(tools: Tools, loaded: Loaded, request: ReproRequest): Promise<Summary> {
  await recover(tools, request);
  const session = await openSession(tools, loaded, request);
  await ignoreOuts(session, request.wanted);
  const parent = parentRun(session, request);
  session.recorder.track(parent);
  let outcomes: ReadonlyMap<StageId, Outcome> | undefined;
  try {
    outcomes = await perform(session, request);
  } finally {
    await session.closeDoor();
    const status = parentStatus(request.signal, outcomes);
    session.recorder.track(closedParent(session, { ...parent, status }, outcomes));
    await session.recorder.drain();
  }
  const summary = summarize(outcomes);
  request.emit({ event: 'summary', ...summary });
  return summary;
}

/**
 * Before anything runs: a .gitignore may stand in a directory that is a dep, and must not change while its stages run.
 */
async function ignoreOuts({ loaded, tools }: Session, wanted: ReadonlySet<StageId>): Promise<void> {
  const stages = loaded.graph.order.filter((id) => wanted.has(id)).flatMap((id) => loaded.stages.get(id) ?? []);
  await tools.store.ignore(stages.flatMap(cachedOuts));
}

/** Not before the first stage is about to run. */
function laterDoor(tools: Tools, { recorder, emit }: Pick<Session, 'recorder' | 'emit'>) {
  let door: Promise<StageDoor> | undefined;
  return {
    door: () =>
      (door ??= tools.openStageDoor({
        settle: recorder.settle,
        onFault: (error) =>
          emit({
            event: 'notice',
            level: 'warning',
            message: `not all that a stage logged was kept: ${error instanceof Error ? error.message : error}`,
          }),
      })),
    closeDoor: async () => await (await door)?.close(),
  };
}

async function openSession(tools: Tools, loaded: Loaded, request: ReproRequest): Promise<OpenSession> {
  const tracking = await tools.tracking();
  const untracked = [...loaded.stages.values()].flatMap((stage) => [
    stage.file,
    ...stage.deps,
    ...stage.params.map((params) => params.file),
  ]);
  const made = new Set([...loaded.stages.values()].flatMap((stage) => stage.outs.map((out) => out.path)));
  const stop = new AbortController();
  const halt = () => stop.abort();
  const paramsReader = createParamsReader(tools);
  const recorder = createRecorder(tools, loaded, { paramsReader, onFailure: halt });
  return {
    ...laterDoor(tools, { recorder, emit: request.emit }),
    tools,
    loaded,
    paramsReader,
    recorder,
    leftovers: openLeftovers(join(tools.tmp, 'leftovers.json')),
    emit: request.emit,
    signal: AbortSignal.any([request.signal, stop.signal]),
    halt,
    parent: request.run ?? (tools.randomId() as RunId),
    commit: request.commit,
    useRunCache: request.useRunCache,
    grace: request.grace,
    history: await tracking.lastDurations(),
    captureCode: createCodeCapture(tools, {
      untracked: [...new Set(untracked)].filter((path) => !made.has(path) && !isOutside(path)),
      emit: request.emit,
    }),
  };
}

function parentRun(session: Session, request: ReproRequest): Run {
  return {
    id: session.parent,
    parent: null,
    stage: null,
    file: null,
    status: 'RUNNING',
    startTime: session.tools.now(),
    endTime: null,
    code: null,
    data: [],
    params: [],
    metrics: [],
    artifacts: [],
    environment: null,
    tags: { 'lockstep.command': request.command },
  };
}

/** No outcomes: something was thrown. */
function parentStatus(signal: AbortSignal, outcomes: ReadonlyMap<StageId, Outcome> | undefined): RunStatus {
  if (signal.aborted) return 'KILLED';
  const sound = outcomes !== undefined && [...outcomes.values()].every(({ kind }) => kind !== 'failed');
  return sound ? 'FINISHED' : 'FAILED';
}

/** The parent says of every stage that did not run which earlier run its result came from. */
function closedParent(session: Session, parent: Run, outcomes: ReadonlyMap<StageId, Outcome> = new Map()): Run {
  const came: Record<string, { from: string; run: RunId | null }> = {};
  for (const [stage, outcome] of outcomes) {
    if (outcome.kind === 'kept') came[stage] = { from: 'kept', run: session.history.get(stage)?.run ?? null };
    if (outcome.kind === 'restored') came[stage] = { from: outcome.from, run: outcome.run ?? null };
  }
  const tags = { ...parent.tags, 'lockstep.results': JSON.stringify(came) };
  return { ...parent, endTime: session.tools.now(), tags };
}
