import { mkdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { sameContent } from '../base/content.ts';
import { type Considered, lookAtOut } from './consider.ts';
import type { Outcome } from './decision.ts';
import { entryOf } from './observation.ts';
import { sayTrashed } from './run-stage.ts';
import type { Session } from './session.ts';

/** Brings an earlier result back, and makes it the stage's lock entry. */
export async function restoreStage(session: Session, considered: Considered): Promise<Outcome> {
  const { stage, source, inputs, decision } = considered;
  if (source === undefined || decision.do !== 'restore') throw new Error(`nothing to restore ${stage.id} from`);
  const { store, root } = session.tools;
  const outs = new Map([...source.entry.outs].map(([path, out]) => [path, out.content]));
  for (const out of stage.outs) {
    const wanted = outs.get(out.path);
    const now = await lookAtOut(store, out.path);
    if (wanted === undefined || (now !== 'missing' && sameContent(now, wanted))) continue;
    const leftover = session.leftovers.stampOf(out.path);
    const trashed = await store.clear(out.path, leftover === undefined ? {} : { leftover });
    if (trashed !== null) sayTrashed(session, stage, { path: out.path, trashed });
    session.leftovers.forget(out.path);
    mkdirSync(dirname(join(root, out.path)), { recursive: true });
    await store.checkout(wanted, out.path);
  }
  // A frozen stage is restored as the lock has it, whatever its inputs are by now.
  const entry = inputs === undefined || stage.frozen ? source.entry : entryOf(stage, inputs, outs);
  // An entry with digests of DVC 2 says the same in other words, and stays.
  if (decision.from !== 'lock' || considered.locked?.legacy === undefined) session.recorder.prove({ stage, entry });
  const run = source.run ?? session.history.get(stage.id)?.run;
  return { kind: 'restored', from: decision.from, ...(run === undefined ? {} : { run }) };
}
