import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import type { Digest, ProjectPath, StageId } from '../base/brand.ts';
import type { Content } from '../base/content.ts';
import { type Diagnostic, isErrno, LockstepError } from '../base/error.ts';
import { comparePaths, contains, joinPath } from '../base/project-path.ts';
import type { ReadLockEntry } from '../pipeline/lock-entry.ts';
import type { Pipeline, Stage } from '../pipeline/stage.ts';
import type { GitPlace } from '../provenance/git-files.ts';
import type { Run } from '../tracking/run.ts';
import { readSide } from './diff-report.ts';
import { type DiffSource, revisionSource } from './diff-source.ts';
import type { Project } from './project.ts';
import { resolveRun } from './run-reference.ts';

export const WORKSPACE = 'workspace';

/** A project as it is or was: the files on disk, a revision of git, or what a recorded run left behind. */
export interface ProjectState {
  /** As it is called towards the user. */
  readonly name: string;
  /** None for what is no run; the runs in it for a whole `repro`. */
  readonly runs: readonly Run[];
  readonly stages: readonly Stage[];
  readonly pipelines: readonly Pipeline[];
  /** What could not be read of it, though there is something. */
  readonly diagnostics: readonly Diagnostic[];
  /** The bytes of those of some files that are there. */
  read(paths: Iterable<ProjectPath>): Promise<ReadonlyMap<ProjectPath, Uint8Array>>;
  /** The file itself, or all files below a directory. */
  list(path: ProjectPath): Promise<readonly ProjectPath[]>;
}

/** The state that a word means: `workspace`, a revision of git, or a run. */
export async function openState(project: Project, place: GitPlace, name: string): Promise<ProjectState> {
  if (name === WORKSPACE) return await workspaceState(project);
  if (/^latest(:|$)/.test(name)) return await runState(project, name);
  try {
    return await revisionState(project, place, name);
  } catch (error) {
    if (!(error instanceof LockstepError) || error.code !== 'git' || !/^[0-9a-f]{4,32}$/i.test(name)) throw error;
    const run = await (await project.tracking()).find(name.toLowerCase());
    if (run === undefined) throw error;
    return await stateOfRun(project, run);
  }
}

export async function workspaceState(project: Project): Promise<ProjectState> {
  const { stages, pipelines } = await project.load();
  const { root } = project;
  return {
    name: WORKSPACE,
    runs: [],
    stages: [...stages.values()],
    pipelines,
    diagnostics: [],
    read: async (paths) => readAll(paths, async (path) => readIfFile(join(root, path))),
    list: async (path) => listFiles(root, path),
  };
}

async function readAll(
  paths: Iterable<ProjectPath>,
  read: (path: ProjectPath) => Promise<Uint8Array | undefined>,
): Promise<ReadonlyMap<ProjectPath, Uint8Array>> {
  const found = new Map<ProjectPath, Uint8Array>();
  for (const path of paths) {
    const bytes = await read(path);
    if (bytes !== undefined) found.set(path, bytes);
  }
  return found;
}

function readIfFile(path: string): Uint8Array | undefined {
  const stat = statSync(path, { throwIfNoEntry: false });
  return stat?.isFile() === true ? readFileSync(path) : undefined;
}

function listFiles(root: string, path: ProjectPath): readonly ProjectPath[] {
  const stat = statSync(join(root, path), { throwIfNoEntry: false });
  if (stat?.isFile() === true) return [path];
  if (stat?.isDirectory() !== true) return [];
  try {
    const names = readdirSync(join(root, path)).sort(comparePaths);
    return names.flatMap((name) => listFiles(root, joinPath(path, name)));
  } catch (error) {
    if (isErrno(error, 'EACCES', 'ENOENT')) return [];
    throw error;
  }
}

async function revisionState(project: Project, place: GitPlace, name: string): Promise<ProjectState> {
  const source = await revisionSource(place, name);
  const { state, pipelines, unreadable } = await readSide(project, source);
  const kept = keptFiles(project, lockedOuts(state.locked));
  return {
    name,
    runs: [],
    stages: [...state.declared.values()],
    pipelines,
    diagnostics: [...unreadable.values()].flat(),
    read: async (paths) => await readRevision(project, { source, kept }, [...paths]),
    async list(path) {
      const committed = source.below(path);
      return committed.length > 0 ? committed : [...(await kept(path)).keys()];
    },
  };
}

/** Which kept files are at or below a path. */
type KeptFiles = (path: ProjectPath) => Promise<ReadonlyMap<ProjectPath, Digest>>;

interface RevisionFiles {
  readonly source: DiffSource;
  readonly kept: KeptFiles;
}

/** What git does not have is in the cache, by the lock entry of that revision. */
async function readRevision(project: Project, { source, kept }: RevisionFiles, paths: readonly ProjectPath[]) {
  const committed = await source.read(paths);
  return await readAll(
    paths,
    async (path) => committed.get(path) ?? (await readObject(project, (await kept(path)).get(path))),
  );
}

async function readObject(project: Project, digest: Digest | undefined): Promise<Uint8Array | undefined> {
  return digest === undefined ? undefined : await project.store().read(digest);
}

interface KeptOut {
  readonly path: ProjectPath;
  readonly digest: Digest;
  /** Undefined: only the object can tell. */
  readonly kind: Content['kind'] | undefined;
}

function keptFiles(project: Project, outs: readonly KeptOut[]): KeptFiles {
  const listings = new Map<Digest, ReadonlyMap<string, Digest> | undefined>();
  const listingOf = ({ digest, kind }: KeptOut): ReadonlyMap<string, Digest> | undefined => {
    if (kind === 'file') return undefined;
    if (!listings.has(digest)) listings.set(digest, project.store().filesOf(digest));
    return listings.get(digest);
  };
  return async (path) => {
    const found = new Map<ProjectPath, Digest>();
    for (const out of outs) {
      if (!contains(path, out.path) && !contains(out.path, path)) continue;
      const listing = listingOf(out);
      if (listing === undefined && out.kind !== 'tree' && contains(path, out.path)) found.set(out.path, out.digest);
      for (const [name, digest] of listing ?? []) {
        const member = joinPath(out.path, name);
        if (contains(path, member)) found.set(member, digest);
      }
    }
    return found;
  };
}

function lockedOuts(locked: ReadonlyMap<StageId, ReadLockEntry>): readonly KeptOut[] {
  return [...locked.values()].flatMap(({ entry }) =>
    [...entry.outs].map(([path, { content }]) => ({ path, digest: content.digest, kind: content.kind })),
  );
}

async function runState(project: Project, reference: string): Promise<ProjectState> {
  return await stateOfRun(project, await resolveRun(project, reference));
}

const SHOWN_ID = 8;

async function stateOfRun(project: Project, run: Run): Promise<ProjectState> {
  const tracking = await project.tracking();
  const runs = run.stage === null ? (await tracking.list({})).filter(({ parent }) => parent === run.id) : [run];
  const { stages } = await project.load();
  const kept = keptFiles(project, runs.flatMap(reportedOuts));
  return {
    name: run.id.slice(0, SHOWN_ID),
    runs,
    stages: runs.flatMap(({ file, stage }) => stages.get(`${file}:${stage}` as StageId) ?? []),
    pipelines: [],
    diagnostics: [],
    read: async (paths) =>
      await readAll(paths, async (path) => await readObject(project, (await kept(path)).get(path))),
    list: async (path) => [...(await kept(path)).keys()],
  };
}

const OUTS = 'outs/';

/** The metrics and plots that a run recorded. */
export function reportedOuts(run: Run): readonly (KeptOut & { readonly reports: 'metric' | 'plot' })[] {
  return run.artifacts.flatMap(({ path, digest, kind, stored }) => {
    if (!stored || !path.startsWith(OUTS) || (kind !== 'metric' && kind !== 'plot')) return [];
    return [{ path: path.slice(OUTS.length) as ProjectPath, digest, kind: undefined, reports: kind }];
  });
}
