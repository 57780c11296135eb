import type { ProjectPath } from '../base/brand.ts';
import type { Content } from '../base/content.ts';
import type { Considered } from './consider.ts';
import type { Outcome } from './decision.ts';
import { entryOf } from './observation.ts';
import type { Session } from './session.ts';

/** Data that somebody changed by hand: kept as it is now, and its `.dvc` file says so. */
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
  if (inputs === undefined) throw new Error(`${stage.id} has inputs that are missing`);
  session.recorder.prove({ stage, entry: entryOf(stage, inputs, outs) });
  const message = `${[...outs.keys()].join(', ')} changed: recorded in ${stage.file}`;
  session.emit({ event: 'notice', level: 'info', stage: stage.id, message });
  return { kind: 'ran', run: session.parent, again: null };
}
