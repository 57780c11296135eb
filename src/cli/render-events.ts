import type { StageId } from '../base/brand.ts';
import { unreachable } from '../base/unreachable.ts';
import type { Decision } from '../repro/decision.ts';
import type { OnEvent, ReproEvent } from '../repro/event.ts';
import type { Context } from './context.ts';
import { fitText, oneLine, wrapText } from './fit-text.ts';
import { decisionLine, outcomeLines, type Rendering, summaryText } from './render-outcome.ts';
import { type Labels, labelIn, reasonsText } from './render-reasons.ts';
import { stylesOf } from './style.ts';

/** Lines on stderr in the order things happen, for a pipe or a CI log. */
export function plainRenderer(context: Context, labels: Labels): OnEvent {
  const rendering: Rendering = { labels, styles: stylesOf(context.stderr) };
  const decisions = new Map<StageId, Decision>();
  const running = new Set<StageId>();
  let dry = false;
  const { columns, isTerminal } = context.stderr;
  const wrapped = (line: string) => (isTerminal ? wrapText(line, columns, '  ') : line);
  const write = (lines: readonly string[]) => context.stderr.write(lines.map((line) => `${wrapped(line)}\n`).join(''));
  const say = (lines: readonly string[]) => {
    if (!context.quiet) write(lines);
  };

  return (event) => {
    switch (event.event) {
      case 'planned':
        dry = event.dry;
        return;
      case 'stage-decided':
        decisions.set(event.stage, event.decision);
        if (dry && (event.decision.do !== 'keep' || context.verbose)) {
          say([decisionLine(event.stage, event.decision, rendering)]);
        }
        return;
      case 'stage-started':
        running.add(event.stage);
        return say(startLines(event, decisions.get(event.stage), rendering));
      case 'stage-output':
        if (!context.quiet) context.stderr.write(prefixed(event.text, outputPrefix(event.stage, running, rendering)));
        return;
      case 'stage-finished':
        running.delete(event.stage);
        return finish(event);
      case 'notice':
        return (event.level === 'warning' ? write : say)([noticeLine(event, rendering)]);
      case 'waiting':
        return say([waitingLine(event)]);
      case 'watching':
        return say([watchingLine(event)]);
      case 'summary':
        return say([summaryText(event, dry)]);
      default:
        return unreachable(event);
    }
  };

  function finish(event: Extract<ReproEvent, { event: 'stage-finished' }>): void {
    const { kind } = event.outcome;
    if (dry || (kind === 'kept' && !context.verbose)) return;
    // Reasons were told when the stage began.
    const decision = kind === 'ran' ? undefined : decisions.get(event.stage);
    const mustBeSeen =
      kind === 'failed' ||
      (event.outcome.kind === 'blocked' && event.outcome.by.length === 0) ||
      (event.outcome.kind === 'ran' && event.outcome.again?.kind === 'differs');
    (mustBeSeen ? write : say)(outcomeLines(context.quiet ? event : withoutOutput(event), decision, rendering));
  }
}

/** Its output stands above already, as it came. */
function withoutOutput<E extends Extract<ReproEvent, { event: 'stage-finished' }>>(event: E): E {
  return event.outcome.kind === 'failed' ? { ...event, outcome: { ...event.outcome, lastLines: [] } } : event;
}

function startLines(
  event: Extract<ReproEvent, { event: 'stage-started' }>,
  decision: Decision | undefined,
  { labels, styles }: Rendering,
): string[] {
  const again = event.attempt > 1 ? ` again, attempt ${event.attempt}` : '';
  const reasons = decision === undefined || decision.do === 'keep' || again !== '' ? [] : decision.reasons;
  const why = reasons.length === 0 ? '' : styles.dim(` (${reasonsText(reasons, labels)})`);
  return [
    `${styles.yellow('▶')} ${styles.bold(labelIn(labels, event.stage))}  runs${again}: ${commandText(event.cmd)}${why}`,
  ];
}

/** A script on one line. */
export function commandText(cmd: string, columns = 72): string {
  const lines = cmd.split('\n').filter((line) => line.trim() !== '');
  return fitText(oneLine(lines.length > 1 ? `${lines[0]?.trim()} …` : (lines[0] ?? '').trim()), columns);
}

export function noticeLine(event: Extract<ReproEvent, { event: 'notice' }>, { labels, styles }: Rendering): string {
  const stage = event.stage === undefined ? '' : `${labelIn(labels, event.stage)}: `;
  return `${event.level === 'warning' ? `${styles.yellow('warning:')} ` : ''}${stage}${event.message}`;
}

export function waitingLine(event: Extract<ReproEvent, { event: 'waiting' }>): string {
  const since = new Date(event.since).toTimeString().slice(0, 8);
  return `waiting for another lockstep in this project: process ${event.pid}, ${oneLine(event.command)}, since ${since}`;
}

export function watchingLine(event: Extract<ReproEvent, { event: 'watching' }>): string {
  return `watching ${event.paths} ${event.paths === 1 ? 'path' : 'paths'} for changes; Ctrl-C ends`;
}

/** Only where several stages run is it worth saying whose line it is. */
function outputPrefix(stage: StageId, running: ReadonlySet<StageId>, { labels, styles }: Rendering): string {
  return running.size > 1 ? styles.cyan(`${labelIn(labels, stage)} | `) : '';
}

function prefixed(text: string, prefix: string): string {
  const whole = text.endsWith('\n') ? text : `${text}\n`;
  return prefix === '' ? whole : whole.replace(/^/gm, (_, offset: number) => (offset === whole.length ? '' : prefix));
}
