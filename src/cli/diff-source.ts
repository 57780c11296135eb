import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { ProjectPath } from '../base/brand.ts';
import { isErrno, LockstepError } from '../base/error.ts';
import { baseName, comparePaths, contains, directoryOf } from '../base/project-path.ts';
import { PIPELINE_NAMES } from '../pipeline/file-names.ts';
import { isDataFile, isLockfile, LOCK_NAMES, lockfileOf } from '../pipeline/lock-format.ts';
import { type GitPlace, openRevision, readBlobs } from '../provenance/git-files.ts';
import { discoverPipelines } from '../repro/discover.ts';
import type { Project } from './project.ts';

/** One side of a comparison: a revision of git, or the working tree. */
export interface DiffSource {
  /** As it is called towards the user. */
  readonly name: string;
  /** Null for the working tree. */
  readonly commit: string | null;
  /** Its pipeline files and lockfiles. */
  readonly files: readonly ProjectPath[];
  /** The bytes of those of some files that are there. */
  read(paths: Iterable<ProjectPath>): Promise<ReadonlyMap<ProjectPath, Uint8Array>>;
}

/** A revision also knows all its other files. */
export interface RevisionSource extends DiffSource {
  /** Its `.dvc` files. */
  readonly dataFiles: readonly ProjectPath[];
  /** The file itself, or all committed files below a directory, sorted. */
  below(path: ProjectPath): readonly ProjectPath[];
}

export async function revisionSource(place: GitPlace, name: string): Promise<RevisionSource> {
  const { commit, blobs } = await openRevision(place, name);
  const all = [...blobs.keys()];
  const foreign = new Set(all.flatMap(foreignRoots));
  const isOurs = (path: ProjectPath): boolean =>
    !HIDDEN_OR_INSTALLED.test(path) && !directoriesAbove(path).some((directory) => foreign.has(directory));
  return {
    name,
    commit,
    files: all.filter((path) => NAMES.has(baseName(path)) && isOurs(path)).sort(comparePaths),
    dataFiles: all.filter((path) => isDataFile(path) && isOurs(path)).sort(comparePaths),
    below: (path) => all.filter((file) => contains(path, file)).sort(comparePaths),
    async read(paths) {
      const wanted = new Map([...paths].flatMap((path) => listOf(path, blobs.get(path))));
      const contents = await readBlobs(place, wanted.values());
      return new Map([...wanted].flatMap(([path, blob]) => listOf(path, contents.get(blob))));
    },
  };
}

const NAMES = new Set<string>([...PIPELINE_NAMES, ...LOCK_NAMES]);
const HIDDEN_OR_INSTALLED = /(?:^|\/)(?:\.[^/]*|node_modules|__pycache__)\//;

/** The directory that a file like `sub/.lockstep/config.yaml` makes a project of its own. */
function foreignRoots(path: ProjectPath): ProjectPath[] {
  const root = /^(.+?)\/(?:\.lockstep|\.dvc)\//.exec(path)?.[1];
  return root === undefined ? [] : [root as ProjectPath];
}

function directoriesAbove(path: ProjectPath): ProjectPath[] {
  const directory = directoryOf(path);
  return directory === '.' ? [] : [directory, ...directoriesAbove(directory)];
}

function listOf<V>(path: ProjectPath, value: V | undefined): [ProjectPath, V][] {
  return value === undefined ? [] : [[path, value]];
}

/** The files on disk; of lockfiles without a pipeline file those that the other side has, too. */
export function workingTreeSource(project: Project, other: DiffSource): DiffSource {
  const { root, tools } = project;
  const { files: pipelines } = discoverPipelines(root, join(tools.tmp, 'index', 'discovered.json'));
  const candidates = new Set([
    ...pipelines.map((file) => lockfileOf(file, tools.scheme)),
    ...other.files.filter(isLockfile),
  ]);
  return {
    name: 'working tree',
    commit: null,
    files: [...pipelines, ...[...candidates].filter((path) => existsSync(join(root, path)))],
    read: async (paths) => new Map([...paths].flatMap((path) => listOf(path, readIfThere(join(root, path))))),
  };
}

function readIfThere(path: string): Uint8Array | undefined {
  try {
    return readFileSync(path);
  } catch (error) {
    if (isErrno(error, 'ENOENT', 'ENOTDIR', 'EISDIR')) return undefined;
    if (!isErrno(error, 'EACCES')) throw error;
    throw new LockstepError('unusable-file', `${path} cannot be read: ${error.code}`, { cause: error });
  }
}
