interface Point {
  readonly key: string;
  readonly value: number;
  readonly step: number | bigint;
  readonly timestamp: number | bigint;
}

/** Of each series the point with the highest step, then timestamp, then value, in the order the keys first came. */
export function latestMetrics<P extends Point>(points: readonly P[]): readonly P[] {
  const latest = new Map<string, P>();
  for (const point of points) {
    const known = latest.get(point.key);
    if (known === undefined || isLater(point, known)) latest.set(point.key, point);
  }
  return [...latest.values()];
}

function isLater(a: Point, b: Point): boolean {
  if (a.step !== b.step) return a.step > b.step;
  if (a.timestamp !== b.timestamp) return a.timestamp > b.timestamp;
  return a.value > b.value || (Number.isNaN(b.value) && !Number.isNaN(a.value));
}
