import { unreachable } from '../../base/unreachable.ts';
import type { DvcLockEntry, DvcLocked } from './lock-entry.ts';
import type { DvcLockfile } from './parse-lockfile.ts';
import { type DvcValue, isList, mapOf } from './value.ts';

/** A value as JSON, which knows neither integers from floats nor keys that are no text. */
type ValueJson =
  | null
  | boolean
  | string
  | { readonly kind: 'integer' | 'float' | 'date'; readonly text: string }
  | { readonly kind: 'map'; readonly entries: readonly (readonly [ValueJson, ValueJson])[] }
  | readonly ValueJson[];

interface LockedJson extends Omit<DvcLocked, 'cloud' | 'files' | 'dataset'> {
  /** Of the three that are values. */
  readonly values: readonly (ValueJson | undefined)[];
}

interface EntryJson {
  readonly cmd: DvcLockEntry['cmd'];
  readonly deps: readonly LockedJson[];
  readonly params: readonly { readonly file: string; readonly values: readonly (readonly [string, ValueJson])[] }[];
  readonly outs: readonly LockedJson[];
}

/** A read dvc.lock as JSON, to be kept by the content of the file it was read from. */
export interface DvcLockfileJson {
  readonly schema: 1 | 2;
  readonly entries: readonly (readonly [name: string, entry: EntryJson])[];
  readonly datasets?: ValueJson;
}

export function dvcLockfileToJson({ schema, entries, datasets }: DvcLockfile): DvcLockfileJson {
  const coded = [...entries].map(([name, entry]) => [name, entryToJson(entry)] as const);
  return { schema, entries: coded, ...(datasets !== undefined && { datasets: toJson(datasets) }) };
}

/** The reverse; throws a TypeError for JSON that is nothing of the kind. */
export function dvcLockfileFromJson(json: unknown): DvcLockfile {
  const { schema, entries, datasets } = json as DvcLockfileJson;
  const decoded = new Map(entries.map(([name, entry]) => [name, entryFromJson(entry)] as const));
  return { schema, entries: decoded, datasets: datasets === undefined ? undefined : fromJson(datasets) };
}

function entryToJson({ cmd, deps, params, outs }: DvcLockEntry): EntryJson {
  const coded = params.map(({ file, values }) => {
    return { file, values: values.map(([key, value]) => [key, toJson(value)] as const) };
  });
  return { cmd, deps: deps.map(lockedToJson), params: coded, outs: outs.map(lockedToJson) };
}

function entryFromJson({ cmd, deps, params, outs }: EntryJson): DvcLockEntry {
  const decoded = params.map(({ file, values }) => {
    return { file, values: values.map(([key, value]) => [key, fromJson(value)] as const) };
  });
  return { cmd, deps: deps.map(lockedFromJson), params: decoded, outs: outs.map(lockedFromJson) };
}

function lockedToJson({ cloud, files, dataset, ...rest }: DvcLocked): LockedJson {
  // None of the three is ever null itself, so that null can stand for what is absent.
  const values = [cloud, files, dataset].map((value) => (value === undefined ? undefined : toJson(value)));
  return { ...rest, values: values.every((value) => value === undefined) ? [] : values.map((value) => value ?? null) };
}

function lockedFromJson({ values, ...rest }: LockedJson): DvcLocked {
  const [cloud, files, dataset] = values.map((value) => (value == null ? undefined : fromJson(value)));
  return {
    ...rest,
    ...(cloud !== undefined && { cloud }),
    ...(files !== undefined && { files }),
    ...(dataset !== undefined && { dataset }),
  };
}

function toJson(value: DvcValue): ValueJson {
  if (typeof value === 'bigint') return { kind: 'integer', text: String(value) };
  if (typeof value === 'number') return { kind: 'float', text: Object.is(value, -0) ? '-0' : String(value) };
  if (value === null || typeof value !== 'object') return value;
  if (isList(value)) return value.map(toJson);
  if (value.kind === 'date') return value;
  return { kind: 'map', entries: value.entries.map(([key, member]) => [toJson(key), toJson(member)] as const) };
}

function fromJson(json: ValueJson): DvcValue {
  if (json === null || typeof json !== 'object') return json;
  if (!('kind' in json)) return json.map(fromJson);
  switch (json.kind) {
    case 'integer':
      return BigInt(json.text);
    case 'float':
      return Number(json.text);
    case 'date':
      return { kind: 'date', text: json.text };
    case 'map':
      return mapOf(json.entries.map(([key, member]) => [fromJson(key), fromJson(member)] as const));
    default:
      return unreachable(json);
  }
}
