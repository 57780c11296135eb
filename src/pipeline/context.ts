import type { ProjectPath } from '../base/brand.ts';
import type { YamlPath } from './mistake.ts';
import { isValueList, isValueMap, type Value, type ValueMap } from './value.ts';

/** Values that were brought into a context together: a file, some keys of one, or a map that stands in `vars`. */
export interface ValueSource {
  readonly values: ValueMap;
  /** Where the map stands. */
  readonly file: ProjectPath;
  readonly at: YamlPath;
}

/** The values that templates name, and where each came from. */
export interface Context {
  readonly values: ValueMap;
  readonly sources: readonly ValueSource[];
  /** Files that are in it: null for the whole file, else the keys that were taken. */
  readonly files: ReadonlyMap<ProjectPath, readonly string[] | null>;
  /** Something that belongs into it could not be read, so that an unknown name says nothing. */
  readonly incomplete: boolean;
}

export const EMPTY_CONTEXT: Context = { values: new Map(), sources: [], files: new Map(), incomplete: false };

/** A value that was defined before, and the source that defined it. */
export interface Redefinition {
  readonly path: readonly string[];
  readonly first: ValueSource;
}

/** The context with one more source. Maps are merged; any other value is defined once. */
export function withSource(
  context: Context,
  source: ValueSource,
): { readonly context: Context; readonly redefined: readonly Redefinition[] } {
  const redefined: Redefinition[] = [];
  const values = mergeMaps(context.values, source.values, [], (path) => {
    const first = context.sources.find((earlier) => valueIn(earlier.values, path) !== undefined);
    if (first !== undefined) redefined.push({ path, first });
  });
  return { context: { ...context, values, sources: [...context.sources, source] }, redefined };
}

/** Only the maps on the way to something new are copied. */
function mergeMaps(
  into: ValueMap,
  update: ValueMap,
  path: readonly string[],
  clash: (path: readonly string[]) => void,
): ValueMap {
  if (into.size === 0) return update;
  const merged = new Map(into);
  for (const [key, value] of update) {
    const before = into.get(key);
    const at = [...path, key];
    if (before === undefined) merged.set(key, value);
    else if (isValueMap(before) && isValueMap(value)) merged.set(key, mergeMaps(before, value, at, clash));
    else clash(at);
  }
  return merged;
}

/** What a template sees: the values of its context, and over them those that `foreach` and `matrix` give. */
export interface Scope {
  readonly context: Context;
  readonly locals: ValueMap;
  /** Takes the file and the dotted key of each value that was looked up, parted by NUL. */
  readonly used?: Set<string>;
}

/** The value that a template names; undefined when there is none. */
export function lookUp({ context, locals, used }: Scope, path: readonly string[]): Value | undefined {
  if (locals.has(path[0] ?? '')) return valueIn(locals, path);
  const value = valueIn(context.values, path);
  if (used === undefined || value === undefined || isValueMap(value)) return value;
  const source = context.sources.find(({ values }) => valueIn(values, path) !== undefined);
  if (source !== undefined) used.add(`${source.file}\0${path.join('.')}`);
  return value;
}

function valueIn(top: Value, path: readonly string[]): Value | undefined {
  let value: Value | undefined = top;
  for (const step of path) {
    if (isValueMap(value)) value = value.get(step);
    else if (isValueList(value)) value = /^-?\d+$/.test(step) ? value.at(Number(step)) : undefined;
    else return undefined;
    if (value === undefined) return undefined;
  }
  return value;
}

/** More names than this are no suggestions any more. */
const MOST_NAMES = 5000;

/** Every name a template could have, dotted, for suggestions. */
export function namesIn({ context, locals }: Scope): readonly string[] {
  const names: string[] = [];
  const visit = (prefix: string, map: ValueMap): void => {
    for (const [key, value] of map) {
      if (names.length >= MOST_NAMES) return;
      names.push(prefix + key);
      if (isValueMap(value)) visit(`${prefix}${key}.`, value);
    }
  };
  visit('', locals);
  visit('', context.values);
  return names;
}

/** The first source that defines a name at the top of a context. */
export function sourceOfName(context: Context, name: string): ValueSource | undefined {
  return context.sources.find((source) => source.values.has(name));
}
