import type { ProjectPath, StageId } from '../base/brand.ts';
import { unreachable } from '../base/unreachable.ts';
import type { Stage } from '../pipeline/stage.ts';
import { bringInputs } from './bring-inputs.ts';
import { type Considered, consider, NO_FORESIGHT } from './consider.ts';
import { isLeftAlone } from './decide.ts';
import type { Outcome } from './decision.ts';
import { labelOf, lockedEntry } from './loaded.ts';
import { createQueue, createSlots, type Limits, type Slot } from './order.ts';
import { recordData } from './record-data.ts';
import { restoreStage } from './restore.ts';
import { runStage } from './run-stage.ts';
import type { Session } from './session.ts';
import type { Supply } from './supply.ts';

export interface Performance {
  /** What was just found of each stage; one that is to be kept need not be looked at again. */
  readonly planned?: ReadonlyMap<StageId, Considered>;
  readonly wanted: ReadonlySet<StageId>;
  readonly forced: ReadonlySet<StageId>;
  readonly forceDownstream: boolean;
  readonly allowMissing: boolean;
  readonly keepGoing: boolean;
  /** Stages are tried even if one that they need failed. */
  readonly ignoreErrors: boolean;
  readonly limits: Limits;
  /** Where what is missing is brought from; absent: nowhere. */
  readonly supply?: Supply | undefined;
  /** Asked before a stage runs; false leaves it out as if it had failed. */
  readonly confirm: ((stage: Stage) => Promise<boolean>) | undefined;
}

/** Takes every wanted stage through observe → decide → perform → record, each as soon as what it needs is there. */
export async function perform(session: Session, request: Performance): Promise<ReadonlyMap<StageId, Outcome>> {
  const { graph, stages } = session.loaded;
  const queue = createQueue(graph, request.wanted);
  const room = createRoom(createSlots(request.limits));
  const outcomes = new Map<StageId, Outcome>();
  const starts = new Map<StageId, number>();
  const { supply } = request;
  const underWay = new Map<ProjectPath, Promise<boolean>>();
  let firstFailure: StageId | undefined;

  let stoppage: { readonly error: unknown } | undefined;

  return await new Promise((resolve, reject) => {
    function pump(): void {
      for (const id of queue.ready())
        advance(id)
          .catch(halt)
          .then(() => after(id), reject);
      if (queue.unfinished > 0) return;
      if (stoppage === undefined) resolve(outcomes);
      else reject(stoppage.error);
    }

    /** What runs is ended before the stoppage is told: nothing may go on once the workspace is given back. */
    function halt(error: unknown): void {
      stoppage ??= { error };
      session.halt();
    }

    function after(id: StageId): void {
      queue.finish(id);
      pump();
    }

    async function advance(id: StageId): Promise<void> {
      const stage = stages.get(id);
      if (stage === undefined) throw new Error(`stage ${id} is in the graph but not in the pipeline`);
      starts.set(id, session.tools.now());
      const outcome = await outcomeOf(stage);
      outcomes.set(id, outcome);
      noteFailure(id, outcome);
      session.emit({
        event: 'stage-finished',
        stage: id,
        outcome,
        duration: session.tools.now() - (starts.get(id) ?? 0),
      });
    }

    function noteFailure(id: StageId, { kind }: Outcome): void {
      if (kind === 'failed' || kind === 'stopped') firstFailure ??= id;
    }

    async function outcomeOf(stage: Stage): Promise<Outcome> {
      const held = heldUp(stage);
      if (held !== undefined) return held;
      const considered = await look(stage);
      session.emit({ event: 'stage-decided', stage: stage.id, decision: considered.decision });
      const { decision } = considered;
      switch (decision.do) {
        case 'keep':
          return { kind: 'kept' };
        case 'blocked':
          return { kind: 'blocked', by: decision.by };
        case 'restore':
          return await restoreStage(session, considered);
        case 'run':
          if (stage.data === true || isLeftAlone(stage)) return await recordData(session, considered);
          return await runInTurn(stage, considered);
        default:
          return unreachable(decision);
      }
    }

    /** Why a stage is not even looked at: something that it needs is not there, or the whole is ending. */
    function heldUp(stage: Stage): Outcome | undefined {
      const broken = (graph.upstream.get(stage.id) ?? []).filter((id) => isBroken(outcomes.get(id)));
      if (broken.length > 0 && !request.ignoreErrors) return { kind: 'blocked', by: broken };
      if (session.signal.aborted) return { kind: 'stopped', run: null };
      const halted = firstFailure !== undefined && !request.keepGoing && !request.ignoreErrors;
      return halted ? { kind: 'blocked', by: [firstFailure as StageId] } : undefined;
    }

    async function look(stage: Stage): Promise<Considered> {
      const upstream = graph.upstream.get(stage.id) ?? [];
      const known = request.planned?.get(stage.id);
      const untouched = upstream.every((id) => !outcomes.has(id) || outcomes.get(id)?.kind === 'kept');
      if (known?.decision.do === 'keep' && untouched) return known;
      const first = await considerNow(stage, upstream);
      if (supply === undefined) return first;
      const came = await bringInputs(session.tools, session.loaded, {
        ...{ supply, considered: first, underWay },
        isIdle: (id) => !request.wanted.has(id) || outcomes.get(id)?.kind === 'kept',
      });
      return came ? await considerNow(stage, upstream) : first;
    }

    async function considerNow(stage: Stage, upstream: readonly StageId[]): Promise<Considered> {
      const ran = upstream.some((id) => outcomes.get(id)?.kind === 'ran');
      return await consider(stage, lockedEntry(session.loaded, stage), {
        tools: session.tools,
        look: session.tools.store,
        paramsReader: session.paramsReader,
        foresight: NO_FORESIGHT,
        wishes: {
          force: request.forced.has(stage.id) || (request.forceDownstream && ran),
          allowMissing: request.allowMissing,
        },
        useRunCache: session.useRunCache,
        upstream,
        supply,
        label: labelOf(session.loaded, stage.id),
      });
    }

    async function runInTurn(stage: Stage, first: Considered): Promise<Outcome> {
      const { slot, waited } = await room.enter(stage);
      // The time that it waited for its turn is not the stage's.
      starts.set(stage.id, session.tools.now());
      try {
        const held = heldUp(stage);
        if (held !== undefined) return held;
        if (request.confirm !== undefined) {
          const agreed = await request.confirm(stage);
          starts.set(stage.id, session.tools.now());
          if (!agreed) return heldUp(stage) ?? { kind: 'blocked', by: [] };
        }
        // What was true when it joined the queue may not be when its turn comes.
        const outcome = await runStage(session, waited ? await lookAgain(stage, first) : first, slot);
        // Before its place goes to the next one, which must not begin after a failure.
        noteFailure(stage.id, outcome);
        return outcome;
      } finally {
        room.leave(stage, slot);
      }
    }

    async function lookAgain(stage: Stage, first: Considered): Promise<Considered> {
      const again = await look(stage);
      return again.decision.do === 'run' ? again : first;
    }

    pump();
  });
}

function isBroken(outcome: Outcome | undefined): boolean {
  return outcome?.kind === 'failed' || outcome?.kind === 'stopped' || outcome?.kind === 'blocked';
}

interface Room {
  /** Waits until the stage may run. */
  enter(stage: Stage): Promise<{ readonly slot: Slot; readonly waited: boolean }>;
  leave(stage: Stage, slot: Slot): void;
}

function createRoom(slots: ReturnType<typeof createSlots>): Room {
  const waiting: { readonly stage: Stage; readonly admit: (slot: Slot) => void }[] = [];
  return {
    async enter(stage) {
      const slot = waiting.length === 0 ? slots.take(stage) : undefined;
      if (slot !== undefined) return { slot, waited: false };
      return { slot: await new Promise<Slot>((admit) => waiting.push({ stage, admit })), waited: true };
    },
    leave(stage, slot) {
      slots.give(stage, slot);
      for (let at = 0; at < waiting.length; ) {
        const next = waiting[at];
        const given = next === undefined ? undefined : slots.take(next.stage);
        if (next === undefined || given === undefined) at += 1;
        else {
          waiting.splice(at, 1);
          next.admit(given);
        }
      }
    },
  };
}
