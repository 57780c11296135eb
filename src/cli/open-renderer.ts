import type { Loaded } from '../repro/loaded.ts';
import type { Context } from './context.ts';
import type { Renderer } from './renderer.ts';

/** JSON lines, plain lines, or, on a terminal, where it is wished for and once a stage runs, the live view. */
export async function openRenderer(
  context: Context,
  loaded: Loaded,
  wish: { readonly json: boolean; readonly live: boolean },
): Promise<Renderer> {
  if (wish.json) {
    const { eventJson } = await import('./event-json.ts');
    return {
      onEvent: (event) => context.stdout.write(`${JSON.stringify(eventJson(event, loaded.labels))}\n`),
      stop: async () => {},
    };
  }
  const { plainRenderer } = await import('./render-events.ts');
  const plain = plainRenderer(context, loaded.labels);
  if (!wish.live || !context.stderr.isTerminal || context.quiet || context.verbose) {
    return { onEvent: plain, stop: async () => {} };
  }
  const { terminalRenderer } = await import('./terminal-renderer.ts');
  return terminalRenderer(context, loaded.labels, plain);
}
