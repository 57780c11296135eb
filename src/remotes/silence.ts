/** Ends a request when nothing has been heard of it for a time, or when another signal does. */
export interface Silence {
  readonly signal: AbortSignal;
  /** Something came or went. */
  readonly touch: () => void;
  readonly end: () => void;
}

export function silenceAfter(milliseconds: number, outer?: AbortSignal): Silence {
  const stop = new AbortController();
  const timer = setTimeout(() => stop.abort(), milliseconds);
  return {
    signal: outer === undefined ? stop.signal : AbortSignal.any([outer, stop.signal]),
    touch: () => void timer.refresh(),
    end: () => clearTimeout(timer),
  };
}
