import type { ProjectPath, StageId } from '../base/brand.ts';
import type { Content } from '../base/content.ts';
import { type Diagnostic, LockstepError } from '../base/error.ts';
import type { ReadLockEntry } from '../pipeline/lock-entry.ts';
import { cachedOuts, type Stage } from '../pipeline/stage.ts';
import type { GitPlace } from '../provenance/git-files.ts';
import { type Loaded, lockedEntry } from '../repro/loaded.ts';
import { ownerOf, readLockText } from '../repro/read-locks.ts';
import { readPipeline } from '../repro/read-pipeline.ts';
import { readSide } from './diff-report.ts';
import { type RevisionSource, revisionSource } from './diff-source.ts';
import type { Project } from './project.ts';

/** The outs that the cache keeps: path → what the lockfile says is there, if it says so. */
export type TrackedOuts = ReadonlyMap<ProjectPath, Content | undefined>;

/** As the lockfiles and `.dvc` files on disk have them. */
export function trackedOuts(loaded: Loaded): TrackedOuts {
  const outs = new Map<ProjectPath, Content | undefined>();
  for (const stage of loaded.stages.values()) addOuts(outs, stage, lockedEntry(loaded, stage)?.entry.outs);
  return outs;
}

/** As the last commit has them; none where there is no commit, or no git at all. */
export async function committedOuts(project: Project, place: GitPlace): Promise<TrackedOuts> {
  const source = await sourceOfHead(place);
  if (source === undefined) return new Map();
  return await outsOfRevision(project, source);
}

async function sourceOfHead(place: GitPlace): Promise<RevisionSource | undefined> {
  try {
    return await revisionSource(place, 'HEAD');
  } catch (error) {
    if (error instanceof LockstepError && error.code === 'git') return undefined;
    throw error;
  }
}

/** As a revision of git has them; what cannot be read of it is left out. */
export async function outsOfRevision(project: Reading, source: RevisionSource): Promise<TrackedOuts> {
  const outs = new Map<ProjectPath, Content | undefined>();
  for (const { stage, locked } of await stagesOfRevision(project, source)) addOuts(outs, stage, locked?.entry.outs);
  return outs;
}

interface Reading {
  readonly tools: Pick<Project['tools'], 'parseCache' | 'scheme'>;
}

interface RevisionStage {
  readonly stage: Stage;
  readonly locked: ReadLockEntry | undefined;
}

/** The stages of a revision of git, `.dvc` files among them, and what its lockfiles say of them. */
export async function stagesOfRevision(project: Reading, source: RevisionSource): Promise<readonly RevisionStage[]> {
  return (await readRevision(project, source)).stages;
}

export interface ReadRevision {
  readonly stages: readonly RevisionStage[];
  /** Lock entries of stages that no pipeline file has. */
  readonly strays: ReadonlyMap<StageId, ReadLockEntry>;
  /** What is wrong with lockfiles and `.dvc` files: these may name what is in none of the above. */
  readonly mistakes: readonly Diagnostic[];
}

/** All that the lockfiles of a revision of git name. */
export async function readRevision(project: Reading, source: RevisionSource): Promise<ReadRevision> {
  const { state, lockMistakes } = await readSide(project, source);
  const stages: RevisionStage[] = [...state.declared.values()].map((stage) => ({
    stage,
    locked: state.locked.get(stage.id),
  }));
  const strays = new Map([...state.locked].filter(([id]) => !state.declared.has(id)));
  const mistakes = [...lockMistakes];
  if (project.tools.scheme === 'native') return { stages, strays, mistakes };
  const { parseCache } = project.tools;
  for (const [file, bytes] of await source.read(source.dataFiles)) {
    const text = new TextDecoder().decode(bytes);
    const { pipeline, diagnostics } = await readPipeline({ parseCache, readData: () => undefined }, file, text);
    mistakes.push(...diagnostics);
    if (pipeline === undefined) continue;
    const { lockfile } = await readLockText(parseCache, file, { text, owner: ownerOf(pipeline) });
    for (const stage of pipeline.stages) stages.push({ stage, locked: lockfile?.entries.get(stage.name) });
  }
  return { stages, strays, mistakes };
}

type Locked = ReadonlyMap<ProjectPath, { readonly content: Content }> | undefined;

function addOuts(outs: Map<ProjectPath, Content | undefined>, stage: Stage, locked: Locked): void {
  for (const path of cachedOuts(stage)) outs.set(path, locked?.get(path)?.content);
}
