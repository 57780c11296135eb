import type { Progress } from '../../remotes/line.ts';
import type { Context } from '../context.ts';
import { bytesText, durationText } from '../quantity.ts';

export interface ShownProgress extends Progress {
  /** Takes the line away. */
  end(): void;
}

/** Milliseconds between two pictures of the line. */
const REDRAW = 100;

/** One line on a terminal that tells how far a transfer is; nothing elsewhere. */
export function showProgress(context: Pick<Context, 'stderr' | 'now' | 'quiet'>, verb: string): ShownProgress {
  const { stderr } = context;
  const isShown = stderr.isTerminal && !context.quiet;
  const began = context.now();
  const state = { objects: 0, finished: 0, bytes: 0, moved: 0 };
  let drawn: number | undefined;
  const draw = (): void => {
    if (!isShown) return;
    const now = context.now();
    if (drawn !== undefined && now - drawn < REDRAW) return;
    drawn = now;
    const line = progressText({ ...state, verb, elapsed: now - began }, stderr.columns - 1);
    stderr.write(`\r${line}\x1b[K`);
  };
  return {
    expect: (objects, bytes) => {
      state.objects += objects;
      state.bytes += bytes;
      if (objects > 0) draw();
    },
    moved: (bytes) => {
      state.moved += bytes;
      draw();
    },
    finished: () => {
      state.finished += 1;
      draw();
    },
    end: () => {
      if (drawn !== undefined) stderr.write('\r\x1b[K');
    },
  };
}

interface Moment {
  readonly verb: string;
  readonly objects: number;
  readonly finished: number;
  /** Zero where nobody knows. */
  readonly bytes: number;
  readonly moved: number;
  /** Milliseconds. */
  readonly elapsed: number;
}

/**
 * `sending 3/12 objects, 1.2 MB of 4.5 MB, 600 kB/s, 5.5s left`. Where there is no room for all of it, first the rate
 * goes, then the objects, for the others tell more.
 */
export function progressText({ verb, objects, finished, bytes, moved, elapsed }: Moment, columns: number): string {
  const known = bytes > 0 && moved <= bytes;
  const size = known ? `${bytesText(moved)} of ${bytesText(bytes)}` : bytesText(moved);
  const speed = elapsed < 500 ? 0 : (moved / elapsed) * 1000;
  const rate = speed > 0 ? [`${bytesText(Math.round(speed))}/s`] : [];
  const left = speed > 0 && known ? [`${durationText(Math.ceil((bytes - moved) / speed) * 1000)} left`] : [];
  const count = `${verb} ${finished}/${objects} objects`;
  const lines = [
    [count, size, ...rate, ...left],
    [count, size, ...left],
    [`${verb} ${size}`, ...left],
  ].map((parts) => parts.join(', '));
  return lines.find((line) => line.length <= columns) ?? lines.at(-1)?.slice(0, Math.max(0, columns)) ?? '';
}
