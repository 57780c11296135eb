import { type Context, type Scope, sourceOfName } from './context.ts';
import { interpolateValue, type TemplateProblem } from './interpolate.ts';
import type { Mistake, YamlPath } from './mistake.ts';
import { pythonText } from './python-text.ts';
import { isScalarValue, isValueList, isValueMap, kindOf, type Value, type ValueMap } from './value.ts';

/** What a `foreach` or a `matrix` makes one stage of. */
export interface Generated {
  /** What follows `@` in the stage's name. */
  readonly suffix: string;
  /** `item`, and for a map or a matrix `key`. */
  readonly locals: ValueMap;
}

export interface Generator {
  readonly kind: 'foreach' | 'matrix';
  /** The stage's name without `@…`. */
  readonly group: string;
  /** The list, map or axes, as written. */
  readonly value: Value;
  /** Where it stands. */
  readonly at: YamlPath;
  readonly context: Context;
  readonly tell: (at: YamlPath, problem: TemplateProblem) => void;
  readonly warn: (at: YamlPath, warning: Pick<Mistake, 'message' | 'hint' | 'related'>) => void;
}

/** More stages than this are a slip of the pen: seven axes of ten values are ten million. */
const MOST_STAGES = 100_000;

/** What the stages of a group are made of, in order. */
export function generate(generator: Generator): readonly Generated[] {
  const resolved = resolveValue(generator, generator.value, generator.at);
  if (resolved === undefined) return [];
  const made = generator.kind === 'foreach' ? ofItems(generator, resolved) : ofAxes(generator, resolved);
  warnOfHidden(generator, made[0]);
  return distinct(generator, made);
}

/** Names that the stages of a generator are given. */
export const GIVEN_NAMES = ['item', 'key'];

function ofItems({ group, at, tell, value: written }: Generator, value: Value): readonly Generated[] {
  if (isValueMap(value)) {
    return [...value].map(([key, item]) => ({
      suffix: key,
      locals: new Map<string, Value>([
        ['item', item],
        ['key', key],
      ]),
    }));
  }
  if (!isValueList(value)) {
    tell(at, { message: `\`foreach\` of \`${group}\` needs a list or a map, but this is ${kindOf(value)}` });
    return [];
  }
  const byIndex = !value.every(isScalarValue);
  return named('', value, written).map(({ suffix, value: item }, index) => {
    return { suffix: byIndex ? String(index) : suffix, locals: new Map([['item', item]]) };
  });
}

function ofAxes({ group, at, tell, value: written }: Generator, value: Value): readonly Generated[] {
  const axes = isValueMap(value) ? [...value].map((axis) => axisOf(axis, written)) : [];
  if (axes.length === 0) tell(at, { message: `the matrix of \`${group}\` has no axes` });
  for (const { name, values } of axes) {
    const found = isValueMap(value) ? value.get(name) : undefined;
    if (values !== undefined || found === undefined) continue;
    tell([...at, name], { message: `the axis \`${name}\` needs a list, but this is ${kindOf(found)}` });
  }
  const count = axes.reduce((product, { values }) => product * (values?.length ?? 0), axes.length === 0 ? 0 : 1);
  if (count > MOST_STAGES) {
    tell(at, {
      message: `the matrix of \`${group}\` makes ${count} stages, more than the ${MOST_STAGES} that are allowed`,
    });
    return [];
  }
  return Array.from({ length: count }, (_, position) => combination(axes, position));
}

interface Axis {
  readonly name: string;
  /** Undefined when it is no list. */
  readonly values: readonly Named[] | undefined;
}

interface Named {
  readonly value: Value;
  /** What it gives to the names of stages. */
  readonly suffix: string;
}

function axisOf([name, value]: readonly [string, Value], written: Value): Axis {
  const own = isValueMap(written) ? written.get(name) : undefined;
  // The keys of a map are the values of an axis, too.
  const values = isValueMap(value) ? [...value.keys()] : value;
  return { name, values: isValueList(values) ? named(name, values, own) : undefined };
}

/** Values of a list, with what was written for it: the list, or a template that names one. */
function named(axis: string, values: readonly Value[], written: Value | undefined): readonly Named[] {
  const own = isValueList(written) ? written : [];
  return values.map((value, index) => {
    if (!isScalarValue(value)) return { value, suffix: `${axis}${index}` };
    // DVC gives true and false the capitals of Python where they come by way of a template.
    const capital = typeof value === 'boolean' && own[index] !== value;
    return { value, suffix: capital ? (value ? 'True' : 'False') : pythonText(value) };
  });
}

/** One of the combinations, of which the last axis changes fastest. */
function combination(axes: readonly Axis[], position: number): Generated {
  let rest = position;
  const chosen = [...axes].reverse().map(({ name, values = [] }) => {
    const index = rest % values.length;
    rest = Math.floor(rest / values.length);
    return { name, value: values[index]?.value ?? null, suffix: values[index]?.suffix ?? '' };
  });
  chosen.reverse();
  const key = chosen.map(({ suffix }) => suffix).join('-');
  const item = new Map(chosen.map(({ name, value }) => [name, value]));
  return {
    suffix: key,
    locals: new Map<string, Value>([
      ['key', key],
      ['item', item],
    ]),
  };
}

/** One stage of each name. Where two would have one name, the later takes its place, as it does in DVC. */
function distinct({ group, at, warn }: Generator, made: readonly Generated[]): readonly Generated[] {
  const byName = new Map<string, Generated>();
  for (const one of made) {
    const before = byName.get(one.suffix);
    byName.set(one.suffix, one);
    if (before === undefined || sameValue(before.locals, one.locals)) continue;
    const message = `two different stages would be called \`${group}@${one.suffix}\`; only the later one is made`;
    warn(at, { message, hint: 'change one of the values, so that their names differ' });
  }
  return [...byName.values()];
}

function sameValue(a: Value, b: Value): boolean {
  if (isValueMap(a)) return isValueMap(b) && a.size === b.size && [...a].every(([key, value]) => sameAt(b, key, value));
  if (isValueList(a)) {
    return isValueList(b) && a.length === b.length && a.every((value, index) => sameValue(value, b[index] ?? null));
  }
  return a === b;
}

function sameAt(map: ValueMap, key: string, value: Value): boolean {
  const other = map.get(key);
  return other !== undefined && sameValue(value, other);
}

/** A value of a name that `foreach` gives is not seen inside of it, which is seldom meant. */
function warnOfHidden({ context, kind, group, at, warn }: Generator, first: Generated | undefined): void {
  for (const name of first?.locals.keys() ?? []) {
    const source = sourceOfName(context, name);
    if (source === undefined) continue;
    const message = `\`${name}\` is a value already; in the stages of \`${group}\` it is what \`${kind}\` gives`;
    warn(at, { message, related: { file: source.file, at: [...source.at, name], key: true } });
  }
}

/** A value with the templates in it replaced; undefined when one of them cannot be. */
function resolveValue(generator: Generator, value: Value, at: YamlPath): Value | undefined {
  const scope: Scope = { context: generator.context, locals: new Map() };
  let sound = true;
  const text = (written: string, place: YamlPath): Value => {
    const result = interpolateValue(written, { scope });
    if (result.ok) return result.value;
    for (const problem of result.problems) generator.tell(place, problem);
    sound = false;
    return null;
  };
  const resolve = (part: Value, place: YamlPath): Value => {
    if (typeof part === 'string') return text(part, place);
    if (isValueList(part)) return part.map((member, index) => resolve(member, [...place, index]));
    if (!isValueMap(part)) return part;
    return new Map([...part].map(([key, member]) => [keyText(text(key, place)), resolve(member, [...place, key])]));
  };
  const resolved = resolve(value, at);
  return sound ? resolved : undefined;
}

function keyText(key: Value): string {
  return isScalarValue(key) ? pythonText(key) : '';
}
