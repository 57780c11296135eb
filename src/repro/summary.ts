import type { StageId } from '../base/brand.ts';
import type { Considered } from './consider.ts';
import type { Decision, Outcome } from './decision.ts';
import type { Summary } from './event.ts';

/** What became of each stage. A stage that an interrupt kept from running counts as blocked. */
export function summarize(outcomes: ReadonlyMap<StageId, Outcome>): Summary {
  const of = (...kinds: readonly Outcome['kind'][]) =>
    [...outcomes].filter(([, outcome]) => kinds.includes(outcome.kind)).map(([id]) => id);
  const again = (kind: string) =>
    [...outcomes].filter(([, outcome]) => outcome.kind === 'ran' && outcome.again?.kind === kind).map(([id]) => id);
  const stopped = [...outcomes].filter(([, outcome]) => outcome.kind === 'stopped');
  const killed = stopped.filter(([, outcome]) => outcome.kind === 'stopped' && outcome.run !== null);
  const waiting = stopped.filter(([, outcome]) => outcome.kind === 'stopped' && outcome.run === null);
  return {
    ran: of('ran'),
    restored: of('restored'),
    kept: of('kept'),
    failed: of('failed'),
    interrupted: killed.map(([id]) => id),
    blocked: [...of('blocked'), ...waiting.map(([id]) => id)],
    reproduced: again('reproduced'),
    differs: again('differs'),
  };
}

/** What would become of each stage. */
export function summarizePlan(planned: ReadonlyMap<StageId, Considered>): Summary {
  const of = (wanted: Decision['do']) =>
    [...planned].filter(([, { decision }]) => decision.do === wanted).map(([id]) => id);
  return {
    ran: of('run'),
    restored: of('restore'),
    kept: of('keep'),
    failed: [],
    interrupted: [],
    blocked: of('blocked'),
    reproduced: [],
    differs: [],
  };
}
