import type { RunId } from '../../base/brand.ts';
import type { OnEvent } from '../../repro/event.ts';
import type { Context } from '../context.ts';
import type { Project } from '../project.ts';
import { openOutbox } from './outbox.ts';

/** Milliseconds between two beginnings of a sender while stages run. */
const PAUSE = 30_000;

/** Sends the records of a repro after it, by another process: nothing here waits for a server. */
export interface Follower {
  readonly run: RunId;
  readonly onEvent: OnEvent;
  /** After all is recorded. */
  end(): void;
}

export function followRepro(context: Context, project: Project, then: OnEvent): Follower {
  const outbox = openOutbox(project.root);
  const run = context.randomId() as RunId;
  let isQueued = false;
  let last = context.now();
  const start = () => {
    last = context.now();
    context.background?.(['-q', '-C', project.root, 'runs', 'mirror']);
  };
  return {
    run,
    onEvent(event) {
      then(event);
      if (event.event === 'stage-started' && !isQueued) {
        isQueued = true;
        outbox.add(run);
      }
      if (event.event === 'stage-finished' && isQueued && context.now() - last > PAUSE) start();
    },
    end() {
      if (isQueued || outbox.list().length > 0) start();
    },
  };
}
