/** A plain number of seconds, or numbers with units one after the other: `90s`, `10m`, `1h30m`, `1.5h`. */
export const DURATION_TEXT = /^(?:\d+(?:\.\d+)?|(?:\d+(?:\.\d+)?(?:ms|s|m|h|d) ?)+)$/;

const PART = /(\d+(?:\.\d+)?)(ms|s|m|h|d)?/g;

const MILLISECONDS = { ms: 1, s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 } as const;

/** Milliseconds of a duration as written; undefined when it is none, or not more than zero. */
export function parseDuration(written: number | string): number | undefined {
  if (typeof written === 'number') return positive(written * 1000);
  if (!DURATION_TEXT.test(written)) return undefined;
  let total = 0;
  for (const [, number, unit] of written.matchAll(PART)) {
    total += Number(number) * MILLISECONDS[(unit ?? 's') as keyof typeof MILLISECONDS];
  }
  return positive(total);
}

function positive(value: number): number | undefined {
  return Number.isFinite(value) && value > 0 ? Math.max(1, Math.round(value)) : undefined;
}
