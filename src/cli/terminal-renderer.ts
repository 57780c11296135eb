import type { ReproEvent } from '../repro/event.ts';
import type { Context } from './context.ts';
import type { Labels } from './render-reasons.ts';
import type { Renderer } from './renderer.ts';

type Live = Awaited<ReturnType<typeof import('./live/live.tsx')['startLive']>>;

/** On a terminal: plain lines until a stage runs (a repro with nothing to do loads no view at all), then the live view. */
export function terminalRenderer(context: Context, labels: Labels, plain: (event: ReproEvent) => void): Renderer {
  const early: ReproEvent[] = [];
  let live: Promise<Live> | undefined;
  return {
    onEvent(event) {
      if (live !== undefined) {
        void live.then((view) => view.onEvent(event));
        return;
      }
      early.push(event);
      if (event.event === 'stage-started') {
        live = import('./live/live.tsx').then(({ startLive }) => startLive(context, labels, early));
        return;
      }
      plain(event);
    },
    async stop() {
      await (await live)?.stop();
    },
  };
}
