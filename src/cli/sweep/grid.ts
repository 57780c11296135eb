import { type Document, isScalar, isSeq, type Node, parseDocument } from 'yaml';
import type { ProjectPath } from '../../base/brand.ts';
import { LockstepError } from '../../base/error.ts';
import { resolveInProject } from '../../base/project-path.ts';

/** One param with the values that it is to take; texts as YAML, so that `0.10` and `1.0` stay what they are. */
export interface Axis {
  readonly file: ProjectPath;
  readonly key: string;
  readonly values: readonly string[];
}

/** One value of one param. */
export interface Assignment {
  readonly file: ProjectPath;
  readonly key: string;
  readonly value: string;
}

export interface Sample {
  readonly count: number;
  readonly seed: number;
}

const FORM = 'write KEY=VALUE,VALUE…, for example -S train.lr=0.1,0.05, or -S other.yaml:train.lr=0.1';

/** `train.lr=0.1,0.05` or `conf/other.yaml:train.lr=…`, the file as seen from `here`. */
export function parseAxis(text: string, here: ProjectPath): Axis {
  const [, name = '', key = '', list = ''] = /^(?:([^=]+):)?([^=:]+)=(.*)$/s.exec(text) ?? [];
  if (key === '' || list.trim() === '') {
    throw new LockstepError('usage', `-S ${text} names no param with values`, { hint: FORM });
  }
  const file = resolveInProject(here, name || 'params.yaml');
  if (file === undefined) throw new LockstepError('usage', `-S ${text}: ${name} is outside of the project`);
  return { file, key: key.trim(), values: valuesIn(list, text) };
}

/** Values between commas; brackets, braces and quotes hold together what belongs together, as in YAML. */
function valuesIn(list: string, whole: string): readonly string[] {
  const text = `[${list}]`;
  const document: Document.Parsed = parseDocument(text);
  const items = isSeq(document.contents) ? (document.contents.items as Node[]) : [];
  if (document.errors.length > 0 || items.length === 0) {
    throw new LockstepError('usage', `-S ${whole}: the values cannot be read`, { hint: FORM });
  }
  return items.map((item) => {
    const [from = 0, to = 0] = item.range ?? [];
    if (isScalar(item) && from === to) {
      throw new LockstepError('usage', `-S ${whole}: a value is empty`, { hint: `for an empty text write ""` });
    }
    return text.slice(from, to);
  });
}

/** Every combination, the last axis turning fastest; or some of them, drawn without putting back. */
export function configurationsOf(axes: readonly Axis[], sample?: Sample): readonly (readonly Assignment[])[] {
  let all: (readonly Assignment[])[] = [[]];
  for (const { file, key, values } of axes) {
    all = all.flatMap((begun) => values.map((value) => [...begun, { file, key, value }]));
  }
  if (sample === undefined || sample.count >= all.length) return all;
  const random = randomNumbers(sample.seed);
  const drawn = all.map((configuration, index) => ({ configuration, index, at: random() }));
  drawn.sort((a, b) => a.at - b.at);
  return drawn
    .slice(0, sample.count)
    .sort((a, b) => a.index - b.index)
    .map(({ configuration }) => configuration);
}

/** The same numbers in [0, 1) for the same seed on every machine (the mulberry32 generator). */
function randomNumbers(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}
