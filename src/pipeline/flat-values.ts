import type { Literal, ProjectPath } from '../base/brand.ts';
import { comparePaths } from '../base/project-path.ts';
import { numberOf } from './literal.ts';

/** Flat values by file: dotted key → literal. */
export type FlatValues = ReadonlyMap<ProjectPath, ReadonlyMap<string, Literal>>;

/** One value on two sides; null where a side has none. */
export interface ValuePair {
  readonly file: ProjectPath;
  readonly key: string;
  readonly was: Literal | null;
  readonly now: Literal | null;
}

/** The values of two sides by file and key; with `all` also those that are the same. */
export function compareValues(
  before: FlatValues,
  after: FlatValues,
  { all }: { readonly all: boolean } = { all: false },
): readonly ValuePair[] {
  const files = [...new Set([...before.keys(), ...after.keys()])].sort(comparePaths);
  return files.flatMap((file) => {
    const [was, now] = [before.get(file) ?? EMPTY, after.get(file) ?? EMPTY];
    const keys = [...new Set([...was.keys(), ...now.keys()])].sort(comparePaths);
    return keys
      .map((key) => ({ file, key, was: was.get(key) ?? null, now: now.get(key) ?? null }))
      .filter((pair) => all || pair.was !== pair.now);
  });
}

const EMPTY: ReadonlyMap<string, Literal> = new Map();

/** How much a number grew: an integer's growth is one, too. Undefined unless both are numbers. */
export function growthOf({ was, now }: Pick<ValuePair, 'was' | 'now'>): number | bigint | undefined {
  if (was === null || now === null) return undefined;
  if (INTEGER.test(was) && INTEGER.test(now)) return BigInt(now) - BigInt(was);
  const [from, to] = [numberOf(was), numberOf(now)];
  return from === undefined || to === undefined ? undefined : to - from;
}

const INTEGER = /^-?[0-9]+$/;

/** Numbers, texts and truth values; lists and nothing are no metrics. */
export function isMetricValue(literal: Literal): boolean {
  return literal !== 'null' && !/^[[{]/.test(literal);
}
