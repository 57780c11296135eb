import type { z } from 'zod';
import type { Diagnostic, Place } from '../../base/error.ts';
import { nearest } from '../../base/nearest.ts';
import { type DvcMap, type DvcValue, isList, isMapValue } from './value.ts';

/** Collects the mistakes of one file. */
export interface Check {
  readonly diagnostics: Diagnostic[];
  mistake(at: readonly PropertyKey[], message: string, hint?: string): undefined;
}

export function createCheck(placeOf: (at: readonly PropertyKey[]) => Place, defaultHint: string): Check {
  const diagnostics: Diagnostic[] = [];
  return {
    diagnostics,
    mistake(at, message, hint = defaultHint) {
      diagnostics.push({ message, place: placeOf(at), hint });
      return undefined;
    },
  };
}

/** The mistakes in the order of the file. */
export function inFileOrder({ diagnostics }: Check): readonly Diagnostic[] {
  const at = ({ place }: Diagnostic): readonly [number, number] => [place?.line ?? 0, place?.column ?? 0];
  return [...diagnostics].sort((a, b) => at(a)[0] - at(b)[0] || at(a)[1] - at(b)[1]);
}

/** The members of a map whose keys are known: any other key that is no text is as unknown as a wrong one. */
export function ownFields(map: DvcMap): Readonly<Record<string, DvcValue>> {
  return Object.fromEntries(map.entries.map(([key, value]) => [String(key), value]));
}

/** Fields held against their schema; undefined when there was a mistake. */
export function checked<S extends z.ZodObject>(
  check: Check,
  at: readonly PropertyKey[],
  schema: S,
  fields: Readonly<Record<string, DvcValue>>,
): z.infer<S> | undefined {
  const result = schema.safeParse(fields);
  if (result.success) return result.data;
  for (const issue of result.error.issues) {
    if (issue.code === 'unrecognized_keys') {
      for (const key of issue.keys) check.mistake([...at, key], `unknown key '${key}'`, hintFor(key, schema));
      continue;
    }
    const key = String(issue.path[0] ?? '');
    if (key !== '' && !Object.hasOwn(fields, key)) check.mistake(at, `missing key '${key}'`);
    else check.mistake([...at, ...issue.path], key === '' ? issue.message : `'${key}': ${issue.message}`);
  }
  return undefined;
}

function hintFor(key: string, schema: z.ZodObject): string | undefined {
  const meant = nearest(key, Object.keys(schema.shape));
  return meant === undefined ? undefined : `did you mean '${meant}'?`;
}

/** The entries of a map with keys of text. */
export function mapEntries(
  check: Check,
  value: DvcValue,
  at: readonly PropertyKey[],
): readonly (readonly [string, DvcValue])[] {
  if (!isMapValue(value)) {
    check.mistake(at, 'expected a map');
    return [];
  }
  return value.entries.flatMap(([key, member]) => {
    if (typeof key === 'string') return [[key, member] as const];
    check.mistake([...at, String(key)], `the key '${String(key)}' must be text`, 'put it in quotes');
    return [];
  });
}

/** The items of a list that may be absent. */
export function listOf(check: Check, value: DvcValue | undefined, at: readonly PropertyKey[]): readonly DvcValue[] {
  if (value === undefined || isList(value)) return value ?? [];
  check.mistake(at, 'expected a list');
  return [];
}
