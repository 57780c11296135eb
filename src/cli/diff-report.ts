import type { ProjectPath, StageId } from '../base/brand.ts';
import type { Content } from '../base/content.ts';
import type { Diagnostic } from '../base/error.ts';
import { digestOf } from '../base/hash.ts';
import { directoryOf, joinPath } from '../base/project-path.ts';
import { partsOfId } from '../pipeline/file-names.ts';
import { explainChange, type LockDiff, type LockState } from '../pipeline/lock-diff.ts';
import type { ReadLockEntry } from '../pipeline/lock-entry.ts';
import { isDvcLock, isLockfile } from '../pipeline/lock-format.ts';
import { findWarnings, type LockWarning } from '../pipeline/lock-warnings.ts';
import { type MetricChange, metricChanges } from '../pipeline/metric-changes.ts';
import type { ParamsTree } from '../pipeline/params.ts';
import { parseParams } from '../pipeline/parse-params.ts';
import type { Pipeline, Stage } from '../pipeline/stage.ts';
import { ownerOf, readLockText } from '../repro/read-locks.ts';
import { type ReadPipeline, readPipeline } from '../repro/read-pipeline.ts';
import type { ParseCache } from '../store/parse-cache.ts';
import type { DiffSource } from './diff-source.ts';
import type { Project } from './project.ts';

/** All that there is to say about the change from one side to the other. */
export interface DiffReport extends LockDiff {
  readonly from: Pick<DiffSource, 'name' | 'commit'>;
  readonly to: Pick<DiffSource, 'name' | 'commit'>;
  readonly metrics: readonly MetricChange[];
  readonly warnings: readonly LockWarning[];
  /** How stages are called: by their bare names where these are unique. */
  readonly labels: ReadonlyMap<StageId, string>;
}

export async function reportChange(project: Project, from: DiffSource, to: DiffSource): Promise<DiffReport> {
  const [before, after] = [await readSide(project, from), await readSide(project, to)];
  const unreadable = new Set([...before.unreadable.keys(), ...after.unreadable.keys()]);
  const states = { before: without(before.state, unreadable), after: without(after.state, unreadable) };
  const diff = explainChange(states.before, states.after);
  const warnings: LockWarning[] = [
    ...[...before.unreadable.values()].flat().map((diagnostic) => unreadableWarning('before', diagnostic)),
    ...[...after.unreadable.values()].flat().map((diagnostic) => unreadableWarning('after', diagnostic)),
    ...findWarnings({
      ...states,
      params: await paramsOf(to, states.after),
      nested: new Set(to.files.filter(isDvcLock).map(directoryOf)),
    }),
  ];
  const sides = { from, to };
  return {
    ...diff,
    from: { name: from.name, commit: from.commit },
    to: { name: to.name, commit: to.commit },
    metrics: metricChanges(await metricsFiles(project, diff, sides)),
    warnings,
    labels: labelsOf([states.before, states.after]),
  };
}

export interface ReadSide {
  readonly state: LockState;
  readonly pipelines: readonly Pipeline[];
  /** Directory → what is wrong with its pipeline file or lockfile. */
  readonly unreadable: ReadonlyMap<ProjectPath, readonly Diagnostic[]>;
  /** Of these, what is wrong with lockfiles. */
  readonly lockMistakes: readonly Diagnostic[];
}

/** What reading a revision needs of a project. */
export interface Reading {
  readonly tools: Pick<Project['tools'], 'parseCache'>;
}

export async function readSide(project: Reading, source: DiffSource): Promise<ReadSide> {
  const { parseCache } = project.tools;
  const decoder = new TextDecoder();
  const locked = new Map<StageId, ReadLockEntry>();
  const declared = new Map<StageId, Stage>();
  const pipelines: Pipeline[] = [];
  const unreadable = new Map<ProjectPath, readonly Diagnostic[]>();
  const lockMistakes: Diagnostic[] = [];
  const texts = await source.read(source.files);
  const note = (file: ProjectPath, diagnostics: readonly Diagnostic[]) => {
    const directory = directoryOf(file);
    unreadable.set(directory, [...(unreadable.get(directory) ?? []), ...diagnostics]);
  };
  for (const file of source.files.filter((one) => !isLockfile(one))) {
    const read = await pipelineOf({ source, parseCache }, file, decoder.decode(texts.get(file)));
    if (read.diagnostics.length > 0) note(file, read.diagnostics);
    else if (read.pipeline !== undefined) pipelines.push(read.pipeline);
  }
  for (const { stages } of pipelines) for (const stage of stages) declared.set(stage.id, stage);
  for (const file of source.files.filter(isLockfile)) {
    const pipeline = ownerFor(file, pipelines);
    const read = await readLockText(parseCache, file, {
      text: decoder.decode(texts.get(file)),
      owner: ownerOf(pipeline),
    });
    if (read.diagnostics.length > 0) note(file, read.diagnostics);
    lockMistakes.push(...read.diagnostics);
    for (const [name, entry] of read.lockfile?.entries ?? []) locked.set(`${pipeline.file}:${name}` as StageId, entry);
  }
  return { state: { locked, declared }, pipelines, unreadable, lockMistakes };
}

/** The pipeline beside a lockfile, or an empty one where it went away or cannot be read. */
function ownerFor(lockfile: ProjectPath, pipelines: readonly Pipeline[]): Pipeline {
  const directory = directoryOf(lockfile);
  const name = isDvcLock(lockfile) ? 'dvc.yaml' : 'pipeline.yaml';
  const beside = pipelines.find(({ file }) => directoryOf(file) === directory);
  return beside ?? { file: joinPath(directory, name), stages: [] };
}

/** A pipeline with the files of values that it names. Which these are shows only as it is read. */
async function pipelineOf(
  { source, parseCache }: { readonly source: DiffSource; readonly parseCache: ParseCache },
  file: ProjectPath,
  text: string,
): Promise<ReadPipeline> {
  const known = new Map<ProjectPath, string | undefined>();
  for (;;) {
    const unknown: ProjectPath[] = [];
    const readData = (path: ProjectPath): string | undefined => {
      if (!known.has(path)) unknown.push(path);
      return known.get(path);
    };
    const read = await readPipeline({ parseCache, readData }, file, text);
    if (unknown.length === 0) return read;
    const found = await source.read(unknown);
    for (const path of unknown) {
      const bytes = found.get(path);
      known.set(path, bytes === undefined ? undefined : new TextDecoder().decode(bytes));
    }
  }
}

/** The state without the stages of directories where a file could not be read: half of it would look like a removal. */
function without(state: LockState, unreadable: ReadonlySet<ProjectPath>): LockState {
  if (unreadable.size === 0) return state;
  const readable = ([id]: readonly [StageId, unknown]): boolean => !unreadable.has(directoryOf(fileOf(id)));
  return {
    locked: new Map([...state.locked].filter(readable)),
    declared: new Map([...state.declared].filter(readable)),
  };
}

export function fileOf(id: StageId): ProjectPath {
  return partsOfId(id)?.file ?? (id as string as ProjectPath);
}

function unreadableWarning(side: 'before' | 'after', diagnostic: Diagnostic): LockWarning {
  return { warning: 'unreadable', side, diagnostic };
}

async function paramsOf(source: DiffSource, state: LockState): Promise<ReadonlyMap<ProjectPath, ParamsTree>> {
  const files = new Set([...state.declared.values()].flatMap((stage) => stage.params.map((request) => request.file)));
  const trees = new Map<ProjectPath, ParamsTree>();
  for (const [file, bytes] of await source.read(files)) {
    const { tree } = parseParams(file, new TextDecoder().decode(bytes));
    if (tree !== undefined) trees.set(file, tree);
  }
  return trees;
}

/** Metrics files are small; what is not, is some other thing. */
const LARGEST_METRICS = 4_000_000;

async function metricsFiles(project: Project, diff: LockDiff, sides: { from: DiffSource; to: DiffSource }) {
  const changed = diff.stages.flatMap((stage) => stage.outs.filter((out) => out.kind === 'metric'));
  return await Promise.all(
    changed.map(async ({ path, was, now }) => ({
      path,
      before: await textOf(project, sides.from, { path, content: was }),
      after: await textOf(project, sides.to, { path, content: now }),
    })),
  );
}

/** The locked bytes, from the side itself or from the cache; else what git has there, though the lock names other bytes. */
async function textOf(
  project: Project,
  source: DiffSource,
  { path, content }: { readonly path: ProjectPath; readonly content: Content | null },
): Promise<string | undefined> {
  if (content === null || content.kind === 'tree' || content.size > LARGEST_METRICS) return undefined;
  const present = (await source.read([path])).get(path);
  const isLocked = present !== undefined && digestOf(present) === content.digest;
  const locked = isLocked ? present : await project.store().read(content.digest);
  const bytes = locked ?? (source.commit === null ? undefined : present);
  return bytes === undefined ? undefined : new TextDecoder().decode(bytes);
}

function labelsOf(states: readonly LockState[]): ReadonlyMap<StageId, string> {
  const ids = new Set(states.flatMap((state) => [...state.locked.keys(), ...state.declared.keys()]));
  const nameOf = (id: StageId) => partsOfId(id)?.name ?? id;
  const uses = new Map<string, number>();
  for (const id of ids) uses.set(nameOf(id), (uses.get(nameOf(id)) ?? 0) + 1);
  return new Map([...ids].map((id) => [id, uses.get(nameOf(id)) === 1 ? nameOf(id) : id]));
}
