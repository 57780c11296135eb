import type { ProjectPath } from '../base/brand.ts';
import { numberOf } from './literal.ts';
import { selectParams } from './params.ts';
import { parseParams } from './parse-params.ts';

/** A metrics file at two revisions; undefined where there is none, or nobody has its bytes any more. */
export interface MetricsFile {
  readonly path: ProjectPath;
  readonly before: string | undefined;
  readonly after: string | undefined;
}

/** One number that is not what it was; null where there was or is none. */
export interface MetricChange {
  readonly file: ProjectPath;
  /** Dotted. */
  readonly key: string;
  readonly was: number | null;
  readonly now: number | null;
}

/** The numbers that differ in metrics files of YAML, JSON or TOML; other kinds of files have none. */
export function metricChanges(files: readonly MetricsFile[]): readonly MetricChange[] {
  return files.flatMap(({ path, before, after }) => {
    const was = numbersIn(path, before);
    const now = numbersIn(path, after);
    return [...new Set([...was.keys(), ...now.keys()])]
      .map((key) => ({ file: path, key, was: was.get(key) ?? null, now: now.get(key) ?? null }))
      .filter((change) => !Object.is(change.was, change.now));
  });
}

function numbersIn(path: ProjectPath, text: string | undefined): ReadonlyMap<string, number> {
  const tree = text === undefined ? undefined : parseParams(path, text).tree;
  const numbers = new Map<string, number>();
  for (const [key, literal] of tree === undefined ? [] : selectParams(tree, null).values) {
    const number = numberOf(literal);
    if (number !== undefined) numbers.set(key, number);
  }
  return numbers;
}
