import type { StageId } from '../base/brand.ts';
import { unreachable } from '../base/unreachable.ts';
import type { Decision, Outcome, Reason, RestoreSource } from '../repro/decision.ts';
import type { ReproEvent, Summary } from '../repro/event.ts';
import { nothingToDo } from './all-kept.ts';
import { oneLine } from './fit-text.ts';
import { durationText } from './quantity.ts';
import { type Labels, labelIn, reasonsText } from './render-reasons.ts';
import type { Styles } from './style.ts';

export interface Rendering {
  readonly labels: Labels;
  readonly styles: Styles;
}

export type Finished = Extract<ReproEvent, { event: 'stage-finished' }>;

/** What each decision is shown by; the words beside it say the same without colour. */
export function decisionSymbol(decision: Decision['do'], styles: Styles): string {
  switch (decision) {
    case 'keep':
      return styles.green('✔');
    case 'restore':
      return styles.cyan('↻');
    case 'run':
      return styles.yellow('●');
    case 'blocked':
      return styles.red('✖');
    default:
      return unreachable(decision);
  }
}

/** What would be done with a stage, and why: for `status` and for a dry run. */
export function decisionLine(stage: StageId, decision: Decision, rendering: Rendering): string {
  const { labels, styles } = rendering;
  const head = `${decisionSymbol(decision.do, styles)} ${styles.bold(labelIn(labels, stage))}`;
  switch (decision.do) {
    case 'keep':
      return `${head}  up to date`;
    case 'restore':
      return `${head}  would be restored ${sourceText(decision.from)}${because(decision.reasons, rendering)}`;
    case 'run':
      return `${head}  would run${because(decision.reasons, rendering)}`;
    case 'blocked':
      return `${head}  blocked${blockers(decision.by, labels)}${because(decision.reasons, rendering)}`;
    default:
      return unreachable(decision);
  }
}

/** One line for what became of a stage; below a failed one its last output and where all of it is. */
export function outcomeLines(event: Finished, decision: Decision | undefined, rendering: Rendering): string[] {
  const { labels, styles } = rendering;
  const stage = styles.bold(labelIn(labels, event.stage));
  const why = because(decision === undefined || decision.do === 'keep' ? [] : decision.reasons, rendering);
  const { outcome } = event;
  switch (outcome.kind) {
    case 'kept':
      return [`${styles.green('✔')} ${stage}  up to date`];
    case 'restored':
      return [`${styles.cyan('↻')} ${stage}  restored ${sourceText(outcome.from)}${why}`];
    case 'ran':
      return [`${styles.green('✔')} ${stage}  ran ${durationText(event.duration)}${comparison(outcome, styles)}${why}`];
    case 'failed':
      return failure(outcome, `${styles.red('✖')} ${stage}  failed after ${durationText(event.duration)}`, styles);
    case 'stopped':
      return [`${styles.yellow('■')} ${stage}  stopped after ${durationText(event.duration)}`];
    case 'blocked':
      return [
        `${styles.red('✖')} ${stage}  blocked${blockers(outcome.by, labels)}${decision?.do === 'blocked' ? why : ''}`,
      ];
    default:
      return unreachable(outcome);
  }
}

function failure(outcome: Extract<Outcome, { kind: 'failed' }>, head: string, styles: Styles): string[] {
  const log = outcome.run === null ? [] : [`  full log: lockstep runs log ${outcome.run.slice(0, 8)}`];
  return [
    `${head}: ${outcome.message}`,
    ...outcome.lastLines.map((line) => styles.dim(`  │ ${oneLine(line)}`)),
    ...log,
  ];
}

function comparison(outcome: Extract<Outcome, { kind: 'ran' }>, styles: Styles): string {
  if (outcome.again === null) return '';
  if (outcome.again.kind === 'reproduced') return `, ${styles.green('reproduced')}`;
  return `, ${styles.yellow('differs')} in ${outcome.again.outs.map(oneLine).join(', ')}`;
}

function because(reasons: readonly Reason[], { labels, styles }: Rendering): string {
  return reasons.length === 0 ? '' : styles.dim(` (${reasonsText(reasons, labels)})`);
}

function sourceText(from: RestoreSource): string {
  return from === 'lock' ? 'from the cache' : 'from the run cache';
}

function blockers(by: readonly StageId[], labels: Labels): string {
  return by.length === 0 ? '' : ` by ${by.map((id) => labelIn(labels, id)).join(', ')}`;
}

/** The last sentence of a `repro`. */
export function summaryText(summary: Summary, dry: boolean): string {
  const { ran, restored, kept, failed, interrupted, blocked, reproduced, differs } = summary;
  const busy = [ran, restored, failed, interrupted, blocked].flat().length;
  if (busy === 0) return nothingToDo(kept.length);
  const proof = [count(reproduced.length, 'reproduced'), count(differs.length, 'differs', 'differ')].flat();
  const parts = [
    count(ran.length, `${dry ? 'would run' : 'ran'}${proof.length > 0 ? ` (${proof.join(', ')})` : ''}`),
    count(restored.length, dry ? 'would be restored' : 'restored'),
    count(kept.length, 'kept'),
    count(failed.length, dry ? 'would fail' : 'failed'),
    count(interrupted.length, 'interrupted'),
    count(blocked.length, 'blocked'),
  ];
  return parts.flat().join(', ');
}

function count(amount: number, one: string, many = one): string[] {
  return amount === 0 ? [] : [`${amount} ${amount === 1 ? one : many}`];
}
