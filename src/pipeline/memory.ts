/** A number with a unit of bytes; a bare `G` is refused, because it means 10^9 to some tools and 2^30 to others. */
export const MEMORY_TEXT = /^\d+(?:\.\d+)? ?(?:[kKMGT]?B|[KMGT]iB)$/;

const PARTS = /^(\d+(?:\.\d+)?) ?([kKMGT]?)(i?)B$/;

/** Bytes of an amount of memory as written, `8GB` or `512MiB`; undefined when it is none, or not more than zero. */
export function parseMemory(written: number | string): number | undefined {
  if (typeof written === 'number') return positive(written);
  const [, number, prefix, binary] = (MEMORY_TEXT.test(written) && PARTS.exec(written)) || [];
  if (number === undefined || prefix === undefined) return undefined;
  const power = prefix === '' ? 0 : ' KMGT'.indexOf(prefix.toUpperCase());
  return positive(Number(number) * (binary === 'i' ? 1024 : 1000) ** power);
}

function positive(value: number): number | undefined {
  return Number.isFinite(value) && value > 0 ? Math.max(1, Math.round(value)) : undefined;
}
