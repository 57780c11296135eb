import { type Dirent, readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { writeFileAtomic } from '../base/atomic-file.ts';
import type { ProjectPath } from '../base/brand.ts';
import { isErrno, LockstepError } from '../base/error.ts';
import { comparePaths, joinPath, ROOT } from '../base/project-path.ts';
import { PIPELINE_NAMES } from '../pipeline/file-names.ts';

/** What was seen in one directory: enough to go on without reading it again while its stat stays the same. */
interface Seen {
  readonly stamp: string;
  readonly pipelines: readonly string[];
  readonly dataFiles: readonly string[];
  readonly directories: readonly string[];
}

type Index = Record<string, Seen>;

/** Directories never hold pipeline files of this project when they are hidden, installed packages, or another root. */
const PASSED_OVER = new Set(['node_modules', '__pycache__']);
const OTHER_ROOT = new Set(['.lockstep', '.dvc', '.git', 'pyvenv.cfg']);

/** A directory changed this recently may change again without a new mtime. */
const RACY_MS = 50;

export interface Discovered {
  /** All pipeline files of the project, sorted. */
  readonly files: readonly ProjectPath[];
  /** All `.dvc` files, sorted. */
  readonly dataFiles: readonly ProjectPath[];
  /** Every directory that was looked through. */
  readonly directories: readonly ProjectPath[];
}

/** Reads only directories that changed since the last look. */
export function discoverPipelines(root: string, indexFile: string): Discovered {
  const before = readIndex(indexFile);
  const after: Index = {};
  const found: ProjectPath[] = [];
  const dataFiles: ProjectPath[] = [];
  const directories: ProjectPath[] = [];
  let changed = false;
  const open: ProjectPath[] = [ROOT];
  for (let directory = open.pop(); directory !== undefined; directory = open.pop()) {
    const stamp = stampOf(join(root, directory));
    if (stamp === undefined) continue;
    directories.push(directory);
    const known = before[directory];
    const seen = known !== undefined && stamp.text === known.stamp ? known : look(root, directory, stamp.text);
    if (seen !== known) changed = true;
    if (!stamp.racy) after[directory] = seen;
    if (seen.pipelines.length > 1) throw twoFiles(directory);
    for (const name of seen.pipelines) found.push(joinPath(directory, name));
    for (const name of seen.dataFiles) dataFiles.push(joinPath(directory, name));
    for (const name of seen.directories) open.push(joinPath(directory, name));
  }
  if (changed || Object.keys(before).length !== Object.keys(after).length) {
    writeIfPossible(indexFile, after);
  }
  return { files: found.sort(comparePaths), dataFiles: dataFiles.sort(comparePaths), directories };
}

function look(root: string, directory: string, stamp: string): Seen {
  const entries = list(join(root, directory));
  const other = directory !== ROOT && entries.some((entry) => OTHER_ROOT.has(entry.name));
  if (other) return { stamp, pipelines: [], dataFiles: [], directories: [] };
  const isOpen = (entry: Dirent) => entry.isDirectory() && !entry.name.startsWith('.') && !PASSED_OVER.has(entry.name);
  return {
    stamp,
    pipelines: PIPELINE_NAMES.filter((name) => entries.some((entry) => entry.name === name && !entry.isDirectory())),
    dataFiles: entries.filter((entry) => !entry.isDirectory() && /.\.dvc$/.test(entry.name)).map((entry) => entry.name),
    directories: entries.filter(isOpen).map((entry) => entry.name),
  };
}

function list(directory: string): readonly Dirent[] {
  try {
    return readdirSync(directory, { withFileTypes: true });
  } catch (error) {
    if (isErrno(error, 'EACCES', 'ENOENT', 'ENOTDIR', 'EPERM')) return [];
    throw error;
  }
}

function stampOf(directory: string): { readonly text: string; readonly racy: boolean } | undefined {
  const stat = statSync(directory, { bigint: true, throwIfNoEntry: false });
  if (stat === undefined) return undefined;
  return { text: `${stat.ino} ${stat.mtimeNs} ${stat.ctimeNs}`, racy: Date.now() - Number(stat.ctimeMs) < RACY_MS };
}

function twoFiles(directory: string): LockstepError {
  return new LockstepError('bad-pipeline', `both ${PIPELINE_NAMES.join(' and ')} stand in ${directory}`, {
    hint: 'keep one of them; where import-dvc or export-dvc was interrupted, run it again',
  });
}

/** It only saves work: a project that may only be read is looked through anew each time. */
function writeIfPossible(file: string, index: Index): void {
  try {
    writeFileAtomic(file, JSON.stringify(index), { durable: false });
  } catch (error) {
    if (!(error instanceof LockstepError)) throw error;
  }
}

function readIndex(file: string): Index {
  try {
    return JSON.parse(readFileSync(file, 'utf8')) as Index;
  } catch (error) {
    if (isErrno(error, 'ENOENT', 'ENOTDIR', 'EACCES') || error instanceof SyntaxError) return {};
    throw error;
  }
}
