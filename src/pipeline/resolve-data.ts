import type { ParsingOptions } from './command-options.ts';
import type { Scope } from './context.ts';
import { type Interpolated, interpolateText, interpolateValue, type TemplateProblem } from './interpolate.ts';
import type { YamlPath } from './mistake.ts';
import { isScalarValue, jsonOf, type Value } from './value.ts';

/**
 * What a text becomes that is one template and nothing else: text like any other; text, with a map as options of a
 * command; a value that is no list or map; any value.
 */
export type Wanted = 'text' | 'command' | 'scalar' | 'value';

export interface Resolving {
  readonly scope: Scope;
  readonly parsing: ParsingOptions;
  /** Called for each template that cannot be replaced; the data is then of no use. */
  readonly tell: (place: { readonly at: YamlPath; readonly key: boolean }, problem: TemplateProblem) => void;
  /** Map of the result → key in it → key as written, where they differ. */
  readonly keys: Map<unknown, ReadonlyMap<string, string>>;
}

export interface ResolvePlace {
  readonly at: YamlPath;
  readonly wanted: Wanted;
}

/** Data with the templates in its texts and keys replaced. */
export function resolveData(resolving: Resolving, data: unknown, { at, wanted }: ResolvePlace): unknown {
  if (typeof data === 'string') return resolveText(resolving, data, { at, wanted });
  if (Array.isArray(data))
    return data.map((item, index) => resolveData(resolving, item, { at: [...at, index], wanted }));
  if (data === null || typeof data !== 'object') return data;
  const renamed = new Map<string, string>();
  const resolved = new Map<string, unknown>();
  for (const [key, value] of Object.entries(data)) {
    const place = [...at, key];
    const name = String(resolveText(resolving, key, { at: place, wanted: 'text', key: true }));
    if (name !== key) renamed.set(name, key);
    if (resolved.has(name)) {
      resolving.tell({ at: place, key: true }, { message: `the key \`${name}\` is made twice in one map` });
    }
    resolved.set(name, resolveData(resolving, value, { at: place, wanted }));
  }
  const result = Object.fromEntries(resolved);
  if (renamed.size > 0) resolving.keys.set(result, renamed);
  return result;
}

function resolveText(resolving: Resolving, text: string, place: ResolvePlace & { readonly key?: boolean }): unknown {
  const { at, wanted, key = false } = place;
  const result = interpolate(resolving, text, wanted);
  if (result.ok) return jsonOf(result.value);
  for (const problem of result.problems) resolving.tell({ at, key }, problem);
  return '';
}

function interpolate({ scope, parsing }: Resolving, text: string, wanted: Wanted): Interpolated<Value> {
  if (wanted === 'command') return interpolateText(text, { scope, options: parsing });
  if (wanted === 'text') return interpolateText(text, { scope });
  const result = interpolateValue(text, { scope });
  // As a part of a text, a list or a map is told to be one.
  return wanted === 'scalar' && result.ok && !isScalarValue(result.value) ? interpolateText(text, { scope }) : result;
}

/** A place of resolved data as the keys are written in the file. */
export function asWritten(root: unknown, keys: Resolving['keys'], at: YamlPath): YamlPath {
  let around: unknown = root;
  return at.map((step) => {
    const written = typeof step === 'string' ? (keys.get(around)?.get(step) ?? step) : step;
    around = isIndexable(around) ? around[step] : undefined;
    return written;
  });
}

function isIndexable(value: unknown): value is Readonly<Record<string | number, unknown>> {
  return value !== null && typeof value === 'object';
}
