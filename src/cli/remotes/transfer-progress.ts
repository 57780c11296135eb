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
    const line = progressText({ ...state, verb, elapsed: now - began }).slice(0, stderr.columns - 1);
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

/** `sending 3/12 objects, 1.2 MB of 4.5 MB, 600 kB/s, 5.5s left`. */
export function progressText({ verb, objects, finished, bytes, moved, elapsed }: Moment): string {
  const parts = [`${verb} ${finished}/${objects} objects`];
  const known = bytes > 0 && moved <= bytes;
  if (moved + bytes > 0) parts.push(known ? `${bytesText(moved)} of ${bytesText(bytes)}` : bytesText(moved));
  const rate = elapsed < 500 ? 0 : (moved / elapsed) * 1000;
  if (rate > 0) {
    parts.push(`${bytesText(Math.round(rate))}/s`);
    if (known) parts.push(`${durationText(Math.ceil((bytes - moved) / rate) * 1000)} left`);
  }
  return parts.join(', ');
}
