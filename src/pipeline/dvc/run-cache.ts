import { hashSync } from 'hasha';
import type { DvcLockEntry, DvcLocked } from './lock-entry.ts';
import { inDvcOrder } from './lock-entry.ts';
import { entryMap } from './lockfile.ts';
import { pythonJson } from './python-json.ts';
import { type DvcMap, type DvcValue, isList, mapOf } from './value.ts';
import { yamlText } from './yaml-text.ts';

/** Where an entry of DVC's run cache stands, and what it holds. */
export interface DvcRun {
  /** Of what went in: `runs/<first 2>/<key>/` is where all results of it are. */
  readonly key: string;
  /** Of what went in and came out: the name of the file. */
  readonly value: string;
  readonly text: string;
}

/** What decides, besides its entry, whether DVC remembers a stage. Paths of outs are as the entry has them. */
export interface RunTraits {
  readonly alwaysChanged: boolean;
  readonly persistent: readonly string[];
  /** Neither cached nor metrics nor plots. */
  readonly uncached: readonly string[];
  /** Deps and outs that are not files of this machine, and outs outside of the project. */
  readonly elsewhere: readonly string[];
}

/** Whether DVC would remember a run of this stage, and look for one. */
export function isRemembered(entry: DvcLockEntry, traits: RunTraits): boolean {
  if (traits.alwaysChanged || entry.cmd.length === 0) return false;
  if (entry.deps.length + entry.params.length === 0 || entry.outs.length === 0) return false;
  if ([traits.persistent, traits.uncached, traits.elsewhere].some((paths) => paths.length > 0)) return false;
  return entry.deps.every(hasHash);
}

function hasHash({ md5, etag, checksum }: DvcLocked): boolean {
  return (md5 ?? etag ?? checksum) !== undefined;
}

/** Undefined for an entry that DVC cannot hash: with a date, or a map whose keys are of two kinds, in its params. */
export function runOf(entry: DvcLockEntry): DvcRun | undefined {
  const data = entryMap(inDvcOrder(entry));
  const key = runKey(entry);
  const value = hashOf(data);
  return key === undefined || value === undefined ? undefined : { key, value, text: yamlText(data) };
}

/** The key alone, for looking up what a stage's outs would be: of the outs only the paths are in it. */
export function runKey(entry: DvcLockEntry): string | undefined {
  const ordered = inDvcOrder(entry);
  const inputs = entryMap({ ...ordered, outs: [] });
  return hashOf(mapOf([...inputs.entries, ['outs', ordered.outs.map(({ path }) => path)]]));
}

function hashOf(data: DvcMap): string | undefined {
  const json = pythonJson(withoutSizes(data));
  return json === undefined ? undefined : hashSync(json, { algorithm: 'sha256' });
}

/**
 * DVC leaves out sizes at every depth, and so also params of these names: two runs that differ only in a param called
 * `size` have one key. `hidesParams` tells where a result by this key is not to be believed.
 */
const LEFT_OUT: readonly DvcValue[] = ['size', 'nfiles'];

function withoutSizes(value: DvcValue): DvcValue {
  if (value === null || typeof value !== 'object') return value;
  if (isList(value)) return value.map(withoutSizes);
  if (value.kind === 'date') return value;
  const kept = value.entries.filter(([key]) => !LEFT_OUT.includes(key));
  return mapOf(kept.map(([key, member]) => [key, withoutSizes(member)] as const));
}

/** Whether the key leaves out a param, so that it also stands for runs with other values of it. */
export function hidesParams(entry: DvcLockEntry): boolean {
  const hides = (value: DvcValue): boolean => {
    if (value === null || typeof value !== 'object') return false;
    if (isList(value)) return value.some(hides);
    return value.kind === 'map' && value.entries.some(([key, member]) => LEFT_OUT.includes(key) || hides(member));
  };
  return hides(mapOf(entry.params.map(({ file, values }) => [file, mapOf(values)] as const)));
}
