import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { ProjectPath, StageId } from '../base/brand.ts';
import { LockstepError } from '../base/error.ts';
import type { ParsingOptions } from '../pipeline/command-options.ts';
import { isDataFile, type Scheme } from '../pipeline/lock-format.ts';
import { filesIn } from '../pipeline/rename-files.ts';
import type { Pipeline, Stage } from '../pipeline/stage.ts';
import { type CarriedOver, carryOver } from '../repro/carry-over.ts';
import type { Loaded } from '../repro/loaded.ts';
import { editorFor, ownerOf, readLockText } from '../repro/read-locks.ts';
import { dataFilesOf, readPipeline } from '../repro/read-pipeline.ts';
import type { FileText } from './migration.ts';
import type { Project } from './project.ts';

/** A pipeline file as it is to be. */
export interface NewPipeline {
  readonly was: Pipeline;
  /** With new ids; stages have the names they had. */
  readonly now: Pipeline;
  readonly lock: ProjectPath;
  readonly text: string;
}

export interface NewTexts {
  readonly scheme: Scheme;
  /** By the pipeline file as it is called now. */
  readonly texts: ReadonlyMap<ProjectPath, string>;
  readonly parsing: ParsingOptions | undefined;
}

/** Reads the new texts as the other scheme would. Throws `bad-pipeline` for what the other scheme has no room for. */
export async function readNew(
  { root, tools }: Project,
  loaded: Loaded,
  { scheme, texts, parsing }: NewTexts,
): Promise<readonly NewPipeline[]> {
  const pipelines: NewPipeline[] = [];
  for (const was of loaded.pipelines) {
    const { file, lock } = filesIn(scheme, was.file);
    const text = texts.get(was.file) ?? '';
    const reading = { parseCache: tools.parseCache, readData: dataFilesOf(root), parsing };
    const { pipeline, diagnostics } = await readPipeline(reading, file, text);
    if (pipeline === undefined || diagnostics.length > 0) {
      throw new LockstepError('bad-pipeline', `what would be ${file} cannot be used there`, { diagnostics });
    }
    pipelines.push({ was, now: pipeline, lock, text });
  }
  return pipelines;
}

export interface TakenOver {
  /** Lockfiles, and `.dvc` files with what they record. */
  readonly locks: readonly FileText[];
  readonly carried: CarriedOver;
}

/** Brings objects into the other cache, and makes the text of each lockfile. Nothing but the cache is written. */
export async function takeOver(
  from: Project,
  to: Project,
  { loaded, pipelines }: { readonly loaded: Loaded; readonly pipelines: readonly NewPipeline[] },
): Promise<TakenOver> {
  const stages = new Map<StageId, Stage>(pipelines.flatMap((one) => pairsOf(one)));
  const carried = await carryOver({ from: from.tools, to: to.tools, loaded, stages });
  const locks: FileText[] = [];
  for (const { was, now, lock, text } of pipelines) {
    const owner = ownerOf(now);
    const standing = isDataFile(lock) ? text : '';
    const { json, lockfile } = await readLockText(from.tools.parseCache, lock, { text: standing, owner });
    if (lockfile === undefined) throw new Error(`${lock} was read before, and cannot be read now`);
    const editor = await editorFor(lock, { text: standing, json, lockfile }, owner);
    let some = false;
    for (const stage of was.stages) {
      const entry = carried.entries.get(stage.id);
      if (entry === undefined) continue;
      editor.set(stage.name, entry, carried.params.nodeOf);
      some = true;
    }
    if (some) locks.push({ path: lock, text: editor.text() });
  }
  return { locks, carried };
}

function pairsOf({ was, now }: NewPipeline): readonly (readonly [StageId, Stage])[] {
  const byName = new Map(now.stages.map((stage) => [stage.name, stage] as const));
  return was.stages.flatMap(({ id, name }) => {
    const stage = byName.get(name);
    return stage === undefined ? [] : [[id, stage] as const];
  });
}

/** The old files that no new one takes the place of. */
export function removedFiles(
  { root }: Pick<Project, 'root'>,
  pipelines: readonly NewPipeline[],
  oldLock: (file: ProjectPath) => ProjectPath,
): readonly ProjectPath[] {
  const kept = new Set(pipelines.flatMap(({ now, lock }) => [now.file, lock]));
  const old = pipelines.flatMap(({ was }) => [was.file, oldLock(was.file)]);
  return [...new Set(old)].filter((path) => !kept.has(path) && existsSync(join(root, path)));
}

/** What becomes of each lockfile, one line each. */
export function lockLines(pipelines: readonly NewPipeline[], loaded: Loaded, lost: CarriedOver['lost']): string[] {
  return pipelines.flatMap(({ was, lock }) => {
    const entries = loaded.locks.get(was.file)?.lockfile.entries ?? new Map();
    const locked = was.stages.filter(({ name }) => entries.has(name));
    if (locked.length === 0) return [];
    const left = locked.filter(({ id }) => lost.has(id));
    const why = left.map(({ id, name }) => `  left out: ${name}: ${lost.get(id)}`);
    if (isDataFile(lock)) return left.length === 0 ? [`${lock}: recorded anew`] : [`${lock}: left as it is`, ...why];
    return [`${lock}: ${locked.length - left.length} of ${locked.length} entries proven anew`, ...why];
  });
}
