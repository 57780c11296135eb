import { type Document, isMap, isNode } from 'yaml';
import { z } from 'zod';
import type { Literal, ProjectPath } from '../base/brand.ts';
import type { Content } from '../base/content.ts';
import type { Diagnostic } from '../base/error.ts';
import { isDigest } from '../base/hash.ts';
import { directoryOf, resolveInProject } from '../base/project-path.ts';
import { literalOf } from './literal.ts';
import type { LockEntry, LockedOut, Lockfile, ReadLockEntry } from './lock-entry.ts';
import type { LockFormat } from './lock-format.ts';
import { entryChecksum, LOCKFILE_VERSION, lockfileToJson } from './lockfile.ts';
import { placeAt, readYaml } from './read-yaml.ts';

export interface ParsedLockfile {
  /** Undefined when the file has mistakes. */
  readonly lockfile: Lockfile | undefined;
  readonly diagnostics: readonly Diagnostic[];
}

const count = z.bigint().nonnegative().transform(Number);
const contentFields = {
  path: z.string(),
  digest: z.string().refine(isDigest, 'expected sha256: and 64 hex digits'),
  size: count,
  exec: z.boolean().optional(),
  files: count.optional(),
};
const depSchema = z.strictObject(contentFields);
const outSchema = z.strictObject({ ...contentFields, persist: z.boolean().optional() });

const entrySchema = z.strictObject({
  cmd: z.union([z.string(), z.array(z.string())]),
  wdir: z.string().optional(),
  env: z.record(z.string(), z.string()).optional(),
  params: z.record(z.string(), z.record(z.string(), z.unknown())).optional(),
  deps: z.array(depSchema).optional(),
  outs: z.array(outSchema).optional(),
  checksum: z.string().optional(),
});

const lockfileSchema = z.strictObject({
  lockfile: z.literal(BigInt(LOCKFILE_VERSION)),
  stages: z.record(z.string(), entrySchema),
});

type WrittenEntry = z.infer<typeof entrySchema>;
type WrittenContent = z.infer<typeof depSchema>;

const MARKER = /^(?:<<<<<<<|=======|>>>>>>>)(?: .*)?$/m;
const RESTORE_HINT = 'restore the file from git, or delete it: `lockstep repro` then writes it anew';

/** A pipeline.lock as JSON, see `LockFormat`. */
export function readNativeLock(file: ProjectPath, text: string): ReturnType<LockFormat['read']> {
  const { lockfile, diagnostics } = parseLockfile(file, text, directoryOf(file));
  return { json: lockfile === undefined ? undefined : lockfileToJson(lockfile), diagnostics };
}

/** Reads a lockfile. `directory` is the one it and its pipeline file stand in. */
export function parseLockfile(file: ProjectPath, text: string, directory: ProjectPath): ParsedLockfile {
  const marker = MARKER.exec(text);
  if (marker !== null) return refused(markerDiagnostic(file, text, marker.index));
  const read = readYaml(file, text);
  if (!read.ok) return refused(...read.diagnostics.map((each) => ({ ...each, hint: RESTORE_HINT })));
  const { document, value: written } = read;
  const locate = (path: readonly PropertyKey[]) => placeAt(file, text, offsetOf(document, path));
  const version = versionOf(written);
  if (version !== undefined && version > LOCKFILE_VERSION) {
    const message = `made by a newer lockstep: this lockfile is of version ${version}, and version ${LOCKFILE_VERSION} is the newest that this lockstep reads`;
    return refused({ message, place: locate(['lockfile']), hint: 'install the lockstep that the project uses' });
  }
  const checked = lockfileSchema.safeParse(written);
  if (!checked.success) {
    const issues = checked.error.issues.flatMap((issue) => unfold(issue, document));
    return refused(...issues.map(({ path, message }) => ({ message, place: locate(path), hint: RESTORE_HINT })));
  }
  return collect(checked.data.stages, directory, locate);
}

function refused(...diagnostics: readonly Diagnostic[]): ParsedLockfile {
  return { lockfile: undefined, diagnostics };
}

function markerDiagnostic(file: ProjectPath, text: string, offset: number): Diagnostic {
  return {
    message: 'conflict markers: a merge of this lockfile was not finished',
    place: placeAt(file, text, offset),
    hint: `take one side whole (\`git checkout --theirs -- ${file}\`), then \`lockstep repro\`; with \`lockstep install\` git merges lockfiles per stage`,
  };
}

function versionOf(written: unknown): number | undefined {
  const version =
    typeof written === 'object' && written !== null && 'lockfile' in written ? written.lockfile : undefined;
  return typeof version === 'bigint' ? Number(version) : undefined;
}

interface Issue {
  readonly path: readonly PropertyKey[];
  readonly message: string;
}

/** One issue of zod's as messages in our words, each at the nearest thing that stands in the file. */
function unfold(issue: z.core.$ZodIssue, document: Document): readonly Issue[] {
  if (issue.code === 'unrecognized_keys') {
    return issue.keys.map((key) => ({ path: [...issue.path, key], message: `unknown key '${key}'` }));
  }
  if (issue.code === 'invalid_union') return [{ path: issue.path, message: 'expected a script or a list of scripts' }];
  const key = issue.path.at(-1);
  if (key !== undefined && !document.hasIn(issue.path)) {
    return [{ path: issue.path, message: `missing key '${String(key)}'` }];
  }
  const subject = typeof key === 'string' ? `'${key}': ` : '';
  if (issue.code === 'invalid_value') return [{ path: issue.path, message: `${subject}expected ${LOCKFILE_VERSION}` }];
  if (issue.code !== 'invalid_type') return [{ path: issue.path, message: subject + issue.message }];
  return [{ path: issue.path, message: `${subject}expected ${EXPECTED[issue.expected] ?? issue.expected}` }];
}

const EXPECTED: Readonly<Record<string, string>> = {
  object: 'a map',
  record: 'a map',
  array: 'a list',
  string: 'text',
  bigint: 'a whole number',
  boolean: 'true or false',
};

/** Where a path of keys stands, or the nearest thing above it that is there; a map's member is shown at its key. */
function offsetOf(document: Document, path: readonly PropertyKey[]): number {
  for (let length = path.length; length > 0; length -= 1) {
    const parent = document.getIn(path.slice(0, length - 1), true);
    const last = path[length - 1];
    const node = isMap(parent)
      ? parent.items.find((item) => isNode(item.key) && String(item.key) === last)?.key
      : document.getIn(path.slice(0, length), true);
    if (isNode(node) && node.range) return node.range[0];
  }
  return 0;
}

function collect(
  stages: Readonly<Record<string, WrittenEntry>>,
  directory: ProjectPath,
  locate: (path: readonly PropertyKey[]) => NonNullable<Diagnostic['place']>,
): ParsedLockfile {
  const entries = new Map<string, ReadLockEntry>();
  const diagnostics: Diagnostic[] = [];
  for (const [name, written] of Object.entries(stages)) {
    const outside: string[] = [];
    const entry = resolveEntry(written, directory, outside);
    const edited = written.checksum !== entryChecksum(entry, directory);
    entries.set(name, { entry, edited });
    for (const path of outside) {
      const message = `'${path}' of stage '${name}' is outside the project`;
      diagnostics.push({ message, place: locate(['stages', name]), hint: RESTORE_HINT });
    }
  }
  return diagnostics.length > 0 ? refused(...diagnostics) : { lockfile: { entries }, diagnostics };
}

/** The entry in the project's paths; those that lead out of it are added to `outside`. */
function resolveEntry(written: WrittenEntry, directory: ProjectPath, outside: string[]): LockEntry {
  const resolve = (base: ProjectPath, path: string): ProjectPath => {
    const resolved = resolveInProject(base, path);
    if (resolved === undefined) outside.push(path);
    return resolved ?? base;
  };
  const wdir = written.wdir === undefined ? directory : resolve(directory, written.wdir);
  const params = new Map<ProjectPath, Map<string, Literal>>();
  for (const [path, values] of Object.entries(written.params ?? {})) {
    const literals = Object.entries(values).map(([key, value]) => [key, literalOf(value)] as const);
    params.set(resolve(wdir, path), new Map(literals));
  }
  const deps = new Map<ProjectPath, Content>();
  for (const dep of written.deps ?? []) deps.set(resolve(wdir, dep.path), contentOf(dep));
  const outs = new Map<ProjectPath, LockedOut>();
  for (const out of written.outs ?? []) {
    outs.set(resolve(wdir, out.path), { content: contentOf(out), persist: out.persist ?? false });
  }
  return { cmd: written.cmd, wdir, env: written.env ?? {}, params, deps, outs };
}

function contentOf(written: WrittenContent): Content {
  const { digest, size, files } = written;
  if (files !== undefined) return { kind: 'tree', digest, size, files };
  return { kind: 'file', digest, size, exec: written.exec ?? false };
}
