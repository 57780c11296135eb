import type { ProjectPath } from '../base/brand.ts';
import type { Content } from '../base/content.ts';
import type { Considered } from './consider.ts';
import type { Outcome } from './decision.ts';
import { entryOf } from './observation.ts';
import type { Session } from './session.ts';

/** What no command makes: data that somebody changed, or what a frozen stage has. Kept and locked as it is now. */
export async function recordData(session: Session, { stage, inputs }: Considered): Promise<Outcome> {
  const { store } = session.tools;
  const outs = new Map<ProjectPath, Content>();
  for (const out of stage.outs) {
    const content = session.commit && out.cache ? await store.save(out.path) : await store.observe(out.path);
    if (content === 'missing') {
      return { kind: 'failed', run: null, message: `${out.path} went away while it was recorded`, lastLines: [] };
    }
    outs.set(out.path, content);
  }
  if (inputs === undefined) {
    return { kind: 'failed', run: null, message: 'it is frozen, and what it would read is missing', lastLines: [] };
  }
  session.recorder.prove({ stage, entry: entryOf(stage, inputs, outs) });
  const names = [...outs.keys()].join(', ');
  const message =
    stage.data === true
      ? `${names} changed: recorded in ${stage.file}`
      : 'frozen, so it does not run: locked with what is there';
  session.emit({ event: 'notice', level: 'info', stage: stage.id, message });
  return { kind: 'ran', run: session.parent, again: null };
}
