import type { ProjectPath } from '../base/brand.ts';
import type { Diagnostic } from '../base/error.ts';
import { baseName, directoryOf, joinPath } from '../base/project-path.ts';
import type { LockEntry, Lockfile } from './lock-entry.ts';
import type { ParamsNode } from './params.ts';
import type { Stage } from './stage.ts';

/** What a project is kept as: lockstep's own files and SHA-256, or DVC's files and MD5, for both tools in turn. */
export type Scheme = 'native' | 'dvc';

/** The lockfile beside a pipeline file. */
export function lockfileOf(pipelineFile: ProjectPath, scheme: Scheme): ProjectPath {
  if (isDataFile(pipelineFile)) return pipelineFile;
  const name = scheme === 'dvc' && baseName(pipelineFile) === 'dvc.yaml' ? DVC_LOCK : NATIVE_LOCK;
  return joinPath(directoryOf(pipelineFile), name);
}

const NATIVE_LOCK = 'pipeline.lock';
export const DVC_LOCK = 'dvc.lock';
export const LOCK_NAMES: readonly string[] = [NATIVE_LOCK, DVC_LOCK];

export function isLockfile(file: ProjectPath): boolean {
  return LOCK_NAMES.includes(baseName(file));
}

/** `data.xml.dvc`: data that DVC tracks without a stage. The file is its own lockfile. */
export function isDataFile(file: ProjectPath): boolean {
  return baseName(file).endsWith('.dvc');
}

export function isDvcLock(file: ProjectPath): boolean {
  return baseName(file) === DVC_LOCK;
}

/** How the lock entries of one pipeline file are written down. */
export interface LockFormat {
  /** The text as JSON, to be kept by the text; undefined when it has mistakes. */
  read(file: ProjectPath, text: string): { readonly json: unknown; readonly diagnostics: readonly Diagnostic[] };
  /** What was read, as the stages' entries. Throws a TypeError for JSON that `read` never gave. */
  bind(json: unknown, owner: LockOwner): Lockfile;
  edit(standing: StandingLock, owner: LockOwner): LockEditor;
}

/** Whose lockfile it is. */
export interface LockOwner {
  /** The one that it and its pipeline file stand in. */
  readonly directory: ProjectPath;
  /** By name. */
  readonly stages: ReadonlyMap<string, Stage>;
  /** What the format has no words for, as it was when an entry was written; for DVC's only. */
  readonly unwritten: ReadonlyMap<string, Unwritten>;
  /** The names in the order of a first run, in which new entries are written; absent: as they come. */
  readonly order?: readonly string[];
}

/** The parts of an entry that dvc.lock cannot hold. */
export interface Unwritten {
  /** Digest of the entry that was written at the same time; of another entry nothing is known. */
  readonly entry: string;
  readonly wdir: ProjectPath;
  readonly env: Readonly<Record<string, string>>;
  readonly persist: readonly ProjectPath[];
}

/** A param as it stands in its file, where the order of a map's keys is known. */
export type NodeOf = (file: ProjectPath, key: string) => ParamsNode | undefined;

/** A lockfile as it was read; an empty text where there is none. */
export interface StandingLock {
  readonly text: string;
  readonly json: unknown;
  readonly lockfile: Lockfile;
}

/** A lockfile that is being changed; what is not changed keeps its bytes. */
export interface LockEditor {
  /** Whether the text changed. */
  set(name: string, entry: LockEntry, nodeOf: NodeOf): boolean;
  drop(name: string): void;
  text(): string;
  /** As `read` would give it of the text. */
  json(): unknown;
  /** To be kept for the next `bind`. */
  unwritten(): ReadonlyMap<string, Unwritten>;
}
