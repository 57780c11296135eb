import { PassThrough } from 'node:stream';
import { render, Text, useStdout } from 'ink';
import { useEffect, useReducer } from 'react';
import type { Decision } from '../../repro/decision.ts';
import type { ReproEvent } from '../../repro/event.ts';
import type { Context } from '../context.ts';
import { wrapText } from '../fit-text.ts';
import { noticeLine, waitingLine, watchingLine } from '../render-events.ts';
import { outcomeLines, type Rendering, summaryText } from '../render-outcome.ts';
import type { Labels } from '../render-reasons.ts';
import { stylesOf } from '../style.ts';
import { frameLines } from './frame.ts';
import { createModel, follow } from './model.ts';

export interface Live {
  onEvent(event: ReproEvent): void;
  /** Leaves the last line standing and gives the cursor back. */
  stop(): Promise<void>;
}

/** Milliseconds between two steps of the clocks. */
const STEP = 200;

/**
 * The live view on stderr: what happened as lines that stay, below them what runs. `seen` are the events from before,
 * which were shown already.
 */
export function startLive(context: Context, labels: Labels, seen: readonly ReproEvent[] = []): Live {
  const { terminal } = context.stderr;
  if (terminal === undefined) throw new Error('the live view needs a terminal');
  const rendering: Rendering = { labels, styles: stylesOf(context.stderr) };
  const model = createModel(context.now());
  for (const event of seen) follow(model, event, context.now());

  let last: string | undefined;
  const frame = () => {
    const { columns, rows } = terminal;
    const room = { columns, rows, now: context.now(), stopping: context.signal.aborted };
    return last ?? frameLines(model, room, rendering).join('\n');
  };
  const control: ViewControl = { frame, terminal, redraw: () => {}, print: () => {} };
  const ink = render(<View control={control} />, {
    stdout: terminal,
    stderr: terminal,
    // Nothing is read, so that Ctrl-C stays a signal, and what is typed meanwhile stays the shell's.
    stdin: new PassThrough() as unknown as NodeJS.ReadStream,
    exitOnCtrlC: false,
    patchConsole: false,
  });

  return {
    onEvent(event) {
      const decision = event.event === 'stage-finished' ? model.decisions.get(event.stage) : undefined;
      if (event.event === 'summary') last = summaryText(event, false);
      else if (event.event === 'planned') last = undefined;
      const important = follow(model, event, context.now());
      const lines = linesThatStay(event, decision, rendering);
      if (lines.length > 0) control.print(lines.map((line) => `${wrapText(line, terminal.columns, '  ')}\n`).join(''));
      if (important) control.redraw();
    },
    async stop() {
      last ??= `stopped: ${model.finished} of ${model.total} stages done`;
      // At once: a redraw in React's own time would come after the end.
      ink.rerender(<View control={control} />);
      const gone = ink.waitUntilExit();
      ink.unmount();
      await gone;
    },
  };
}

/** How the view and the world outside of React reach each other. */
interface ViewControl {
  readonly frame: () => string;
  readonly terminal: NodeJS.WriteStream;
  redraw: () => void;
  /** Writes above the view. */
  print: (text: string) => void;
}

function View({ control }: { readonly control: ViewControl }) {
  const [, redraw] = useReducer((count: number) => count + 1, 0);
  const { write } = useStdout();
  control.redraw = redraw;
  control.print = write;
  useEffect(() => {
    const timer = setInterval(redraw, STEP);
    control.terminal.on('resize', redraw);
    return () => {
      clearInterval(timer);
      control.terminal.off('resize', redraw);
    };
  }, [control]);
  return <Text>{control.frame()}</Text>;
}

function linesThatStay(event: ReproEvent, decision: Decision | undefined, rendering: Rendering): string[] {
  switch (event.event) {
    case 'stage-finished':
      return event.outcome.kind === 'kept' ? [] : outcomeLines(event, decision, rendering);
    case 'notice':
      return [noticeLine(event, rendering)];
    case 'waiting':
      return [waitingLine(event)];
    case 'watching':
      return [watchingLine(event)];
    default:
      return [];
  }
}
