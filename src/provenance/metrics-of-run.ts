import { metricsOf, type SeriesDefaults, type SeriesPoint, seriesOf } from './metrics-series.ts';

export interface MetricsFile {
  readonly path: string;
  readonly text: string;
  readonly kind: 'metric' | 'plot';
}

/**
 * All points of one run under keys that cannot be mistaken for each other. A table's column has its own name, `loss`,
 * unless the log, a metrics file or another table has that name too: then it is `<path without extension>/loss`, for
 * `train.csv` and `valid.csv` are not one series. A number in a metrics file is the end of the series of its name.
 */
export function metricsOfRun(
  logged: readonly SeriesPoint[],
  files: readonly MetricsFile[],
  defaults: SeriesDefaults,
): readonly SeriesPoint[] {
  const lastSteps = new Map<string, number>();
  for (const { key, step } of logged) lastSteps.set(key, Math.max(step, lastSteps.get(key) ?? step));
  const numbers = files
    .filter(({ kind }) => kind === 'metric')
    .flatMap(({ path, text }) => metricsOf(path, text, defaults))
    .map((point) => ({ ...point, step: lastSteps.get(point.key) ?? point.step }));
  const tables = files.map(({ path, text }) => ({ path, points: seriesOf(path, text, defaults) }));
  const users = [logged, numbers, ...tables.map(({ points }) => points)].map((points) => keysOf(points));
  const isShared = (key: string) => users.filter((keys) => keys.has(key)).length > 1;
  const named = tables.flatMap(({ path, points }) =>
    points.map((point) => (isShared(point.key) ? { ...point, key: `${withoutExtension(path)}/${point.key}` } : point)),
  );
  return [...logged, ...numbers, ...named];
}

function keysOf(points: readonly SeriesPoint[]): ReadonlySet<string> {
  return new Set(points.map(({ key }) => key));
}

function withoutExtension(path: string): string {
  return path.replace(/(?<=[^/])\.[^./]*$/, '');
}
