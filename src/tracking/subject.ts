import type { Literal } from '../base/brand.ts';
import { unreachable } from '../base/unreachable.ts';
import { latestMetrics } from './latest-metrics.ts';
import type { Run } from './run.ts';

/** What a filter compares or a list is sorted by. */
export type Subject =
  | { readonly of: 'metric' | 'param' | 'tag'; readonly key: string }
  | { readonly of: 'attribute'; readonly name: AttributeName };

/** The value a run has there, and its text as a filter with quotes sees it; undefined where the run has none. */
export interface Cell {
  readonly value: number | string | boolean | null;
  readonly text: string;
}

/** Times are milliseconds since the epoch, the duration is seconds. */
const ATTRIBUTES = {
  id: (run) => run.id,
  parent: (run) => run.parent,
  stage: (run) => run.stage,
  file: (run) => run.file,
  status: (run) => run.status,
  start_time: (run) => run.startTime,
  end_time: (run) => run.endTime,
  duration: (run) => (run.endTime === null ? null : (run.endTime - run.startTime) / 1000),
  git_sha: (run) => run.code?.gitSha ?? null,
  branch: (run) => run.code?.branch ?? null,
  dirty: (run) => run.code?.dirty ?? null,
  command: (run) => run.code?.command ?? null,
} as const satisfies Readonly<Record<string, (run: Run) => number | string | boolean | null>>;

export type AttributeName = keyof typeof ATTRIBUTES;

export const ATTRIBUTE_NAMES = Object.keys(ATTRIBUTES) as readonly AttributeName[];

export function cellOf(run: Run, subject: Subject): Cell | undefined {
  switch (subject.of) {
    case 'metric': {
      const point = latestMetrics(run.metrics.filter(({ key }) => key === subject.key))[0];
      return point === undefined ? undefined : plainCell(point.value);
    }
    case 'param': {
      const param = run.params.find(({ key }) => key === subject.key);
      return param === undefined ? undefined : literalCell(param.value);
    }
    case 'tag':
      return Object.hasOwn(run.tags, subject.key) ? plainCell(run.tags[subject.key] ?? '') : undefined;
    case 'attribute': {
      const value = ATTRIBUTES[subject.name](run);
      return value === null ? undefined : plainCell(value);
    }
    default:
      return unreachable(subject);
  }
}

function plainCell(value: number | string | boolean): Cell {
  return { value, text: String(value) };
}

/** Lists and maps have no value to compare by, only their text. */
function literalCell(literal: Literal): Cell {
  if (literal.startsWith('"')) {
    const text = JSON.parse(literal) as string;
    return { value: text, text };
  }
  if (literal === 'true' || literal === 'false') return { value: literal === 'true', text: literal };
  if (literal === 'null') return { value: null, text: literal };
  return { value: numberOf(literal) ?? literal, text: literal };
}

function numberOf(literal: Literal): number | undefined {
  if (/^-?\d/.test(literal)) return Number(literal);
  if (literal === '.nan') return Number.NaN;
  return /^-?\.inf$/.test(literal) ? Number(literal.replace('.inf', 'Infinity')) : undefined;
}
