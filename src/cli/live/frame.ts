import type { StageId } from '../../base/brand.ts';
import { fitText, oneLine, padText, widthOf } from '../fit-text.ts';
import { durationText } from '../quantity.ts';
import { type Labels, labelIn } from '../render-reasons.ts';
import type { Styles } from '../style.ts';
import type { LiveModel, RunningStage } from './model.ts';

export interface FrameRoom {
  readonly columns: number;
  readonly rows: number;
  /** Milliseconds since the epoch. */
  readonly now: number;
  readonly stopping: boolean;
}

/** The lines of the live view: what runs, and one line of totals. Never more than fits the terminal. */
export function frameLines(
  model: LiveModel,
  room: FrameRoom,
  { labels, styles }: { labels: Labels; styles: Styles },
): string[] {
  const running = [...model.running];
  // A view as high as the terminal would scroll at every step, so some rows stay free.
  const free = Math.max(2, room.rows - 3);
  const withOutput = running.length * 2 <= free;
  const shown = withOutput || running.length <= free ? running : running.slice(0, free - 1);
  const hidden = running.length - shown.length;

  const names = shown.map(([id]) => labelIn(labels, id));
  const nameWidth = Math.min(Math.max(0, ...names.map(widthOf)), Math.floor(room.columns * 0.45));
  const lines: string[] = [];
  for (const [id, stage] of shown) {
    lines.push(stageLine([id, stage], { room, nameWidth, labels, styles }));
    if (withOutput && stage.lastLine !== '') {
      lines.push(styles.dim(`  ${fitText(oneLine(stage.lastLine), Math.max(1, room.columns - 3))}`));
    }
  }
  if (hidden > 0) lines.push(styles.dim(fitText(`  and ${hidden} more running`, room.columns - 1)));
  return [...lines, styles.dim(fitText(totalsText(model, room), room.columns - 1))];
}

interface LineSetting {
  readonly room: FrameRoom;
  readonly nameWidth: number;
  readonly labels: Labels;
  readonly styles: Styles;
}

function stageLine([id, stage]: readonly [StageId, RunningStage], setting: LineSetting): string {
  const { room, nameWidth, labels, styles } = setting;
  const elapsed = Math.max(0, room.now - stage.since);
  const name = padText(fitText(oneLine(labelIn(labels, id)), nameWidth), nameWidth);
  const again = stage.attempt > 1 ? ` attempt ${stage.attempt}` : '';
  const head = `${styles.yellow('●')} ${styles.bold(name)}  `;
  const time = padText(clockText(elapsed), 6, 'right');
  const left = room.columns - 1 - (nameWidth + 4) - widthOf(time) - widthOf(again);
  if (left < 0) return head.trimEnd();
  const expected = stage.expected === null ? '' : `of ~${clockText(stage.expected)}`;
  const barWidth = Math.min(24, left - widthOf(expected) - 3);
  if (stage.expected === null || left < widthOf(expected) + 1) return `${head}${time}${styles.dim(again)}`;
  const bar = barWidth < 6 ? '' : `  ${progressBar(elapsed / stage.expected, barWidth, styles)}`;
  return `${head}${time}${bar} ${styles.dim(expected + again)}`;
}

/** `━━━━━╸────`; full, it says no more, for nobody knows how much is left. */
function progressBar(share: number, width: number, styles: Styles): string {
  const halves = Math.min(width * 2, Math.max(0, Math.floor(share * width * 2)));
  const full = Math.floor(halves / 2);
  const done = '━'.repeat(full) + (halves % 2 === 1 ? '╸' : '');
  return styles.green(done) + styles.dim('─'.repeat(width - done.length));
}

/** Whole seconds: tenths that race by tell nothing. */
function clockText(milliseconds: number): string {
  return milliseconds < 60_000 ? `${Math.floor(milliseconds / 1000)}s` : durationText(milliseconds);
}

function totalsText(model: LiveModel, room: FrameRoom): string {
  if (room.stopping) return 'stopping…';
  const waiting = model.total - model.finished - model.running.size;
  const parts = [
    `${model.finished} of ${model.total} done`,
    ...(model.failed > 0 ? [`${model.failed} failed`] : []),
    `${model.running.size} running`,
    ...(waiting > 0 ? [`${waiting} waiting`] : []),
    clockText(Math.max(0, room.now - model.since)),
  ];
  return parts.join(' · ');
}
