import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { writeFileAtomic } from '../base/atomic-file.ts';
import type { ProjectPath } from '../base/brand.ts';
import { type Diagnostic, isErrno } from '../base/error.ts';
import { directoryOf } from '../base/project-path.ts';
import { readText } from '../base/read-text.ts';
import type { Lockfile } from '../pipeline/lock-entry.ts';
import {
  isDataFile,
  isDvcLock,
  type LockEditor,
  type LockFormat,
  type LockOwner,
  lockfileOf,
  type StandingLock,
  type Unwritten,
} from '../pipeline/lock-format.ts';
import { nativeLock } from '../pipeline/native-lock.ts';
import type { Pipeline, Stage } from '../pipeline/stage.ts';
import type { ParseCache } from '../store/parse-cache.ts';
import type { Loaded } from './loaded.ts';
import type { Tools } from './tools.ts';

export type LockSource = Pick<Tools, 'root' | 'tmp' | 'parseCache' | 'scheme'>;

export interface ReadLocks {
  /** By pipeline file. */
  readonly locks: ReadonlyMap<ProjectPath, StandingLock>;
  readonly diagnostics: readonly Diagnostic[];
}

/** The lockfiles beside these pipeline files. */
export async function readLocks(source: LockSource, pipelines: readonly Pipeline[]): Promise<ReadLocks> {
  const locks = new Map<ProjectPath, StandingLock>();
  const diagnostics: Diagnostic[] = [];
  const unwritten = source.scheme === 'dvc' ? readUnwritten(source) : {};
  for (const pipeline of pipelines) {
    const { file } = pipeline;
    const text = lockText(source, file);
    const owner = ownerOf(pipeline, unwritten[file]);
    const lock = await readLockText(source.parseCache, lockfileOf(file, source.scheme), { text, owner });
    diagnostics.push(...lock.diagnostics);
    locks.set(file, { text, json: lock.json, lockfile: lock.lockfile ?? { entries: new Map() } });
  }
  return { locks, diagnostics };
}

/** The text of the lockfile beside a pipeline file; empty where there is none. */
export function lockText({ root, scheme }: Pick<LockSource, 'root' | 'scheme'>, pipelineFile: ProjectPath): string {
  const file = lockfileOf(pipelineFile, scheme);
  try {
    return readText(join(root, file), file);
  } catch (error) {
    if (isErrno(error, 'ENOENT')) return '';
    throw error;
  }
}

export function ownerOf({ file, stages }: Pipeline, unwritten: Readonly<Record<string, Unwritten>> = {}): LockOwner {
  return {
    directory: directoryOf(file),
    stages: new Map(stages.map((stage): [string, Stage] => [stage.name, stage])),
    unwritten: new Map(Object.entries(unwritten)),
  };
}

interface ReadLock {
  readonly json: unknown;
  /** Undefined when it has mistakes. */
  readonly lockfile: Lockfile | undefined;
  readonly diagnostics: readonly Diagnostic[];
}

/** The text of a lockfile as data. */
export async function readLockText(
  parseCache: ParseCache,
  file: ProjectPath,
  { text, owner }: { readonly text: string; readonly owner: LockOwner },
): Promise<ReadLock> {
  if (text === '') return { json: [], lockfile: { entries: new Map() }, diagnostics: [] };
  const format = await formatOf(file);
  const kept = parseCache.get(lockKind(file), text);
  if (kept !== undefined) return { json: kept, lockfile: format.bind(kept, owner), diagnostics: [] };
  const { json, diagnostics } = await format.read(file, text);
  if (json === undefined || diagnostics.length > 0) return { json: [], lockfile: undefined, diagnostics };
  parseCache.set(lockKind(file), text, json);
  return { json, lockfile: format.bind(json, owner), diagnostics };
}

/** What lockfiles are called in the parse cache. */
function lockKind(file: ProjectPath): string {
  return `lock:${file}`;
}

interface LazyFormat extends Omit<LockFormat, 'read'> {
  read(file: ProjectPath, text: string): Promise<ReturnType<LockFormat['read']>>;
}

/** The parts that a format needs are loaded when they are. */
async function formatOf(file: ProjectPath): Promise<LazyFormat> {
  if (isDataFile(file)) {
    const { dataLock } = await import('../pipeline/dvc/data-file.ts');
    return { ...dataLock, read: async (path, text) => dataLock.read(path, text) };
  }
  if (isDvcLock(file)) {
    const { dvcLock } = await import('../pipeline/dvc/lock-format.ts');
    return { ...dvcLock, read: async (path, text) => dvcLock.read(path, text) };
  }
  return {
    ...nativeLock,
    read: async (path, text) => {
      const { readNativeLock } = await import('../pipeline/parse-lockfile.ts');
      return readNativeLock(path, text);
    },
  };
}

/** A lockfile's text that entries are written into, by itself. */
export async function editorFor(file: ProjectPath, standing: StandingLock, owner: LockOwner): Promise<LockEditor> {
  return (await formatOf(file)).edit(standing, owner);
}

/** One lockfile that results are written into. */
export interface OpenLock extends LockEditor {
  /** Replaces the file by the text as it is now. */
  save(): void;
  /** Leaves what was written to the next command as parsed data. */
  leaveParsed(): void;
}

export async function openLock(
  source: LockSource,
  pipelineFile: ProjectPath,
  { pipelines, locks }: Pick<Loaded, 'pipelines' | 'locks'>,
): Promise<OpenLock> {
  const pipeline = pipelines.find((one) => one.file === pipelineFile);
  const standing = locks.get(pipelineFile);
  if (pipeline === undefined || standing === undefined) throw new Error(`nothing was read from ${pipelineFile}`);
  const file = lockfileOf(pipeline.file, source.scheme);
  const owner = isDvcLock(file) ? await dvcOwner(source, pipeline, pipelines) : ownerOf(pipeline);
  const editor = await editorFor(file, standing, owner);
  let saved: string | undefined;
  return {
    ...editor,
    save() {
      saved = editor.text();
      writeFileAtomic(join(source.root, file), saved, { durable: true });
      if (!isDvcLock(file)) return;
      const all = { ...readUnwritten(source), [pipeline.file]: Object.fromEntries(editor.unwritten()) };
      writeFileAtomic(unwrittenFile(source), JSON.stringify(all), { durable: false });
    },
    leaveParsed() {
      if (saved !== undefined) source.parseCache.set(lockKind(file), saved, editor.json());
    },
  };
}

async function dvcOwner(source: LockSource, pipeline: Pipeline, all: readonly Pipeline[]): Promise<LockOwner> {
  const { dvcRunOrder } = await import('../pipeline/dvc/run-order.ts');
  const names = new Map(pipeline.stages.map(({ id, name }) => [id, name]));
  const order = dvcRunOrder(all).flatMap((id) => names.get(id) ?? []);
  return { ...ownerOf(pipeline, readUnwritten(source)[pipeline.file]), order };
}

type UnwrittenOfAll = Readonly<Record<string, Readonly<Record<string, Unwritten>>>>;

/** What lockstep knows of entries that dvc.lock has no words for; without it such a change goes unseen, as by DVC. */
function readUnwritten(source: LockSource): UnwrittenOfAll {
  try {
    return JSON.parse(readFileSync(unwrittenFile(source), 'utf8')) as UnwrittenOfAll;
  } catch (error) {
    if (isErrno(error, 'ENOENT', 'ENOTDIR', 'EACCES') || error instanceof SyntaxError) return {};
    throw error;
  }
}

function unwrittenFile({ tmp }: Pick<LockSource, 'tmp'>): string {
  return join(tmp, 'index', 'dvc-unwritten.json');
}
