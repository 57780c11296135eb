import { z } from 'zod';
import type { ProjectPath } from '../../base/brand.ts';
import type { Diagnostic } from '../../base/error.ts';
import { placeAt } from '../read-yaml.ts';
import type { DvcLockEntry, DvcLocked, DvcLockedParams } from './lock-entry.ts';
import { DVC_LOCK_SCHEMA } from './lockfile.ts';
import { type Check, checked, createCheck, inFileOrder, listOf, mapEntries, ownFields } from './shape.ts';
import { type DvcValue, isMapValue, memberOf } from './value.ts';
import { readValues } from './yaml-values.ts';

export interface DvcLockfile {
  /** 1 is that of DVC before 2.0: the stages stand at the top, and there is no key `schema`. */
  readonly schema: 1 | 2;
  readonly entries: ReadonlyMap<string, DvcLockEntry>;
  /** Kept as it stands, and not understood. */
  readonly datasets?: DvcValue | undefined;
}

export interface ParsedDvcLockfile {
  /** Undefined when the file has mistakes. */
  readonly lockfile: DvcLockfile | undefined;
  readonly diagnostics: readonly Diagnostic[];
}

const MARKER = /^(?:<<<<<<<|=======|>>>>>>>)(?: .*)?$/m;
const RESTORE_HINT = 'restore the file from git, or delete it: `lockstep repro` then writes it anew';

export function parseDvcLockfile(file: ProjectPath, text: string): ParsedDvcLockfile {
  const marker = MARKER.exec(text);
  if (marker !== null) {
    const message = 'conflict markers: a merge of this lockfile was not finished';
    const hint = `take one side whole (\`git checkout --theirs -- ${file}\`), then \`lockstep repro\``;
    return { lockfile: undefined, diagnostics: [{ message, place: placeAt(file, text, marker.index), hint }] };
  }
  const read = readValues(file, text);
  if (!read.ok) {
    return { lockfile: undefined, diagnostics: read.diagnostics.map((one) => ({ ...one, hint: RESTORE_HINT })) };
  }
  const check = createCheck(read.placeOf, RESTORE_HINT);
  const lockfile = readLockfile(check, read.value);
  return { lockfile: check.diagnostics.length > 0 ? undefined : lockfile, diagnostics: inFileOrder(check) };
}

function readLockfile(check: Check, root: DvcValue): DvcLockfile | undefined {
  // An empty file is one to which nothing was written yet.
  if (root === null) return { schema: 2, entries: new Map() };
  if (!isMapValue(root)) return check.mistake([], 'expected a map');
  const stages = memberOf(root, 'stages');
  const isOld = memberOf(root, 'schema') === undefined && (stages === undefined || hasCommand(stages));
  if (isOld) return { schema: 1, entries: readStages(check, root, []) };
  const fields = checked(check, [], lockfileSchema, ownFields(root));
  if (fields === undefined) return undefined;
  if (fields.schema !== DVC_LOCK_SCHEMA) {
    const written = typeof fields.schema === 'string' ? `'${fields.schema}'` : 'something else';
    return check.mistake(['schema'], `the schema of this lockfile is ${written}, and only '2.0' can be read`);
  }
  const entries = fields.stages === undefined ? new Map() : readStages(check, fields.stages, ['stages']);
  return { schema: 2, entries, datasets: fields.datasets };
}

function hasCommand(value: DvcValue): boolean {
  return isMapValue(value) && typeof memberOf(value, 'cmd') === 'string';
}

const anything = z.custom<DvcValue>((value) => value !== undefined);
const something = z.custom<DvcValue>((value) => value !== undefined && value !== null, 'expected a value');
const lockfileSchema = z.strictObject({
  schema: anything,
  stages: anything.optional(),
  datasets: anything.optional(),
});

function readStages(check: Check, value: DvcValue, at: readonly string[]): ReadonlyMap<string, DvcLockEntry> {
  const entries = new Map<string, DvcLockEntry>();
  for (const [name, stage] of mapEntries(check, value, at)) {
    const entry = readEntry(check, stage, [...at, name]);
    if (entry !== undefined) entries.set(name, entry);
  }
  return entries;
}

const entrySchema = z.strictObject({
  cmd: z.union([z.string(), z.array(z.string())], 'expected a command or a list of commands'),
  deps: anything.optional(),
  params: anything.optional(),
  outs: anything.optional(),
});

/** One entry: of a dvc.lock, or a whole file of DVC's run cache. */
function readEntry(check: Check, value: DvcValue, at: readonly PropertyKey[]): DvcLockEntry | undefined {
  if (!isMapValue(value)) return check.mistake(at, 'expected a map');
  const members = ownFields(value);
  const fields = checked(check, at, entrySchema, members);
  const locked = (key: 'deps' | 'outs') => {
    const list = listOf(check, members[key], [...at, key]);
    return list.flatMap((one, index) => readLocked(check, one, [...at, key, index]) ?? []);
  };
  const parts = { deps: locked('deps'), params: readParams(check, members.params, at), outs: locked('outs') };
  return fields === undefined ? undefined : { cmd: fields.cmd, ...parts };
}

function readParams(check: Check, value: DvcValue | undefined, at: readonly PropertyKey[]): readonly DvcLockedParams[] {
  if (value === undefined) return [];
  return mapEntries(check, value, [...at, 'params']).map(([file, values]) => {
    return { file, values: mapEntries(check, values, [...at, 'params', file]) };
  });
}

const count = z.bigint('expected a whole number').nonnegative('expected a whole number').transform(Number);
// Digits alone, which YAML takes for a number, are text here.
const checksum = z
  .union([z.null(), z.string(), z.bigint().transform(String)], 'expected a checksum')
  .transform((text) => (text === null || text === '' ? undefined : text));

export const lockedFields = {
  path: z.string('expected text'),
  hash: z.string('expected text').optional(),
  md5: checksum.optional().transform((text) => text?.toLowerCase()),
  etag: checksum.optional(),
  checksum: checksum.optional().transform((text) => text?.toLowerCase()),
  size: count.optional(),
  nfiles: count.optional(),
  isexec: z.boolean('expected true or false').optional(),
  version_id: z.string('expected text').optional(),
  cloud: something.optional(),
  files: something.optional(),
};

const lockedSchema = z.strictObject({ ...lockedFields, dataset: something.optional() });

function readLocked(check: Check, value: DvcValue, at: readonly PropertyKey[]): DvcLocked | undefined {
  if (!isMapValue(value)) return check.mistake(at, 'expected a map');
  return checked(check, at, lockedSchema, ownFields(value));
}

/** The entry that a file of DVC's run cache holds; undefined for one that is damaged. */
export function parseDvcEntry(file: string, text: string): DvcLockEntry | undefined {
  const read = readValues(file, text);
  if (!read.ok) return undefined;
  const check = createCheck(read.placeOf, RESTORE_HINT);
  const entry = readEntry(check, read.value, []);
  return check.diagnostics.length > 0 ? undefined : entry;
}
