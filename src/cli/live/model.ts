import { stripVTControlCharacters } from 'node:util';
import type { RunId, StageId } from '../../base/brand.ts';
import type { Decision } from '../../repro/decision.ts';
import type { ReproEvent } from '../../repro/event.ts';

export interface RunningStage {
  readonly run: RunId;
  readonly attempt: number;
  /** Milliseconds since the epoch. */
  readonly since: number;
  /** Milliseconds that it took the last time. */
  readonly expected: number | null;
  lastLine: string;
}

/** What the live view shows, kept up to date by `follow`. */
export interface LiveModel {
  total: number;
  finished: number;
  failed: number;
  /** In the order in which they began. */
  readonly running: Map<StageId, RunningStage>;
  readonly decisions: Map<StageId, Decision>;
  /** Milliseconds since the epoch. */
  readonly since: number;
}

export function createModel(now: number): LiveModel {
  return { total: 0, finished: 0, failed: 0, running: new Map(), decisions: new Map(), since: now };
}

/** Takes an event into the model; whether it is of a kind that should be seen at once. */
export function follow(model: LiveModel, event: ReproEvent, now: number): boolean {
  switch (event.event) {
    case 'planned':
      model.total = event.stages.length;
      model.finished = 0;
      model.failed = 0;
      model.decisions.clear();
      return true;
    case 'stage-decided':
      model.decisions.set(event.stage, event.decision);
      return false;
    case 'stage-started': {
      const { run, attempt, expected } = event;
      model.running.set(event.stage, { run, attempt, expected, since: now, lastLine: '' });
      return true;
    }
    case 'stage-output': {
      const stage = model.running.get(event.stage);
      const line = lastLineOf(event.text);
      if (stage !== undefined && line !== '') stage.lastLine = line;
      return false;
    }
    case 'stage-finished':
      model.running.delete(event.stage);
      model.finished += 1;
      if (event.outcome.kind === 'failed') model.failed += 1;
      return event.outcome.kind !== 'kept';
    default:
      return true;
  }
}

/** The last line that says something; a progress bar that rewrites its line counts by its last state. */
function lastLineOf(text: string): string {
  const lines = stripVTControlCharacters(text).split(/[\r\n]+/);
  return lines.findLast((line) => line.trim() !== '')?.trim() ?? '';
}
