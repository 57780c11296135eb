import { join } from 'node:path';
import type { ProjectPath, StageId } from '../base/brand.ts';
import { type Diagnostic, isErrno, LockstepError } from '../base/error.ts';
import { digestOf } from '../base/hash.ts';
import { directoryOf, joinPath } from '../base/project-path.ts';
import { readText } from '../base/read-text.ts';
import type { Graph } from '../pipeline/graph.ts';
import { labels } from '../pipeline/labels.ts';
import type { Lockfile } from '../pipeline/lock-entry.ts';
import { type LockfileJson, lockfileFromJson, lockfileToJson } from '../pipeline/lockfile.ts';
import type { Mistake } from '../pipeline/mistake.ts';
import type { Pipeline } from '../pipeline/stage.ts';
import type { ParseCache } from '../store/parse-cache.ts';
import { discoverPipelines } from './discover.ts';
import type { Loaded } from './loaded.ts';
import { locateIn, mistaken } from './mistakes.ts';
import { dataFilesOf, type PipelineReading, readPipeline } from './read-pipeline.ts';

interface Source {
  readonly root: string;
  readonly parseCache: ParseCache;
  /** Absolute path of the file that remembers where pipeline files were found. */
  readonly discoveryIndex: string;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly parsing?: PipelineReading['parsing'];
}

/**
 * Reads every pipeline file and lockfile of the project. Throws with all mistakes of all files at once. What was
 * parsed is kept by the text's digest; the parsers are loaded only for a text that was never seen.
 */
export async function readProject(source: Source): Promise<Loaded> {
  const { files, directories } = discoverPipelines(source.root, source.discoveryIndex);
  if (files.length === 0) {
    throw new LockstepError('no-project', 'no pipeline.yaml in this project', {
      hint: 'lockstep init writes a small one that works',
    });
  }
  const texts = new Map(files.map((file) => [file, readText(join(source.root, file), file)] as const));
  const diagnostics: Diagnostic[] = [];
  const pipelines: Pipeline[] = [];
  const identities = new Map<ProjectPath, string>();
  const { parseCache, parsing } = source;
  const reading: PipelineReading = { parseCache, parsing, readData: dataFilesOf(source.root) };
  let partial = false;
  for (const [file, text] of texts) {
    const parsed = await readPipeline(reading, file, text);
    identities.set(file, parsed.identity);
    diagnostics.push(...parsed.diagnostics);
    if (parsed.pipeline !== undefined) pipelines.push(parsed.pipeline);
    if (parsed.diagnostics.length > 0) partial = true;
  }
  const read = await readLocks(source, files);
  diagnostics.push(...read.diagnostics);
  const { graph, mistakes } = await readGraph(parseCache, pipelines, identities);
  if (mistakes.length > 0) diagnostics.push(...(await locateIn(mistakes, texts)));
  const stages = new Map(pipelines.flatMap((pipeline) => pipeline.stages.map((stage) => [stage.id, stage] as const)));
  const loaded: Loaded = {
    pipelines,
    stages,
    graph,
    locks: read.locks,
    lockTexts: read.texts,
    labels: labels(pipelines),
    sources: [...directories, ...files, ...files.map(lockfileOf), ...pipelines.flatMap(({ sources = [] }) => sources)],
  };
  if (diagnostics.length > 0) throw mistaken([...diagnostics, ...(await furtherMistakes(source, loaded, partial))]);
  return loaded;
}

/** What else is wrong, with the stages that could be read: nobody likes to mend a file and hear of the next mistake. */
async function furtherMistakes(source: Source, loaded: Loaded, partial: boolean): Promise<readonly Diagnostic[]> {
  const { findOnDisk } = await import('./check.ts');
  return await findOnDisk(source, loaded, { partial });
}

/** What was read, with the lockfiles as they are now: the same object where nobody wrote them meanwhile. */
export async function refreshLocks(source: Pick<Source, 'root' | 'parseCache'>, loaded: Loaded): Promise<Loaded> {
  const files = [...loaded.locks.keys()];
  if (files.every((file) => lockText(source.root, file) === loaded.lockTexts.get(file))) return loaded;
  const { locks, texts, diagnostics } = await readLocks(source, files);
  if (diagnostics.length > 0) throw mistaken(diagnostics);
  return { ...loaded, locks, lockTexts: texts };
}

interface ReadLocks {
  readonly locks: ReadonlyMap<ProjectPath, Lockfile>;
  readonly texts: ReadonlyMap<ProjectPath, string>;
  readonly diagnostics: readonly Diagnostic[];
}

async function readLocks(
  source: Pick<Source, 'root' | 'parseCache'>,
  files: readonly ProjectPath[],
): Promise<ReadLocks> {
  const locks = new Map<ProjectPath, Lockfile>();
  const texts = new Map<ProjectPath, string>();
  const diagnostics: Diagnostic[] = [];
  for (const file of files) {
    const text = lockText(source.root, file);
    const empty = { lockfile: undefined, diagnostics: [] };
    const read = text === '' ? empty : await readLockText(source.parseCache, lockfileOf(file), text);
    diagnostics.push(...read.diagnostics);
    locks.set(file, read.lockfile ?? { entries: new Map() });
    texts.set(file, text);
  }
  return { locks, texts, diagnostics };
}

function lockText(root: string, pipelineFile: ProjectPath): string {
  const file = lockfileOf(pipelineFile);
  try {
    return readText(join(root, file), file);
  } catch (error) {
    if (isErrno(error, 'ENOENT')) return '';
    throw error;
  }
}

/** The lockfile beside a pipeline file. */
export function lockfileOf(pipelineFile: ProjectPath): ProjectPath {
  return joinPath(directoryOf(pipelineFile), 'pipeline.lock');
}

/** The text of a lockfile as data; undefined when it has mistakes. */
export async function readLockText(
  parseCache: ParseCache,
  file: ProjectPath,
  text: string,
): Promise<{ readonly lockfile: Lockfile | undefined; readonly diagnostics: readonly Diagnostic[] }> {
  const kind = lockKind(file);
  const kept = parseCache.get(kind, text) as LockfileJson | undefined;
  if (kept !== undefined) return { lockfile: lockfileFromJson(kept), diagnostics: [] };
  const { parseLockfile } = await import('../pipeline/parse-lockfile.ts');
  const { lockfile, diagnostics } = parseLockfile(file, text, directoryOf(file));
  if (lockfile !== undefined && diagnostics.length === 0) parseCache.set(kind, text, lockfileToJson(lockfile));
  return { lockfile, diagnostics };
}

/** What lockfiles are called in the parse cache, so that the writer can leave them there for the next reader. */
export function lockKind(file: ProjectPath): string {
  return `lock:${file}`;
}

interface KeptGraph {
  readonly order: readonly StageId[];
  readonly upstream: readonly (readonly [StageId, readonly StageId[]])[];
  readonly downstream: readonly (readonly [StageId, readonly StageId[]])[];
}

async function readGraph(
  parseCache: ParseCache,
  pipelines: readonly Pipeline[],
  identities: ReadonlyMap<ProjectPath, string>,
): Promise<{ readonly graph: Graph; readonly mistakes: readonly Mistake[] }> {
  const key = [...identities].map(([file, identity]) => `${file} ${digestOf(identity)}`).join('\n');
  const kept = parseCache.get('graph', key) as KeptGraph | undefined;
  if (kept !== undefined) {
    const { order, upstream, downstream } = kept;
    return { graph: { order, upstream: new Map(upstream), downstream: new Map(downstream) }, mistakes: [] };
  }
  const { buildGraph } = await import('../pipeline/graph.ts');
  const built = buildGraph(pipelines);
  if (built.mistakes.length === 0 && pipelines.length === identities.size) {
    const { order, upstream, downstream } = built.graph;
    parseCache.set('graph', key, { order, upstream: [...upstream], downstream: [...downstream] });
  }
  return built;
}
