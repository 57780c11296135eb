import { join } from 'node:path';
import type { ProjectPath, StageId } from '../base/brand.ts';
import { type Diagnostic, LockstepError } from '../base/error.ts';
import { digestOf } from '../base/hash.ts';
import { relativeTo } from '../base/project-path.ts';
import { readText } from '../base/read-text.ts';
import type { Graph } from '../pipeline/graph.ts';
import { labels } from '../pipeline/labels.ts';
import { lockfileOf } from '../pipeline/lock-format.ts';
import type { Mistake } from '../pipeline/mistake.ts';
import type { Pipeline } from '../pipeline/stage.ts';
import type { ParseCache } from '../store/parse-cache.ts';
import { discoverPipelines } from './discover.ts';
import type { Loaded } from './loaded.ts';
import { locateIn, mistaken } from './mistakes.ts';
import { type LockSource, lockText, readLocks } from './read-locks.ts';
import { dataFilesOf, type PipelineReading, readPipeline } from './read-pipeline.ts';
import type { Tools } from './tools.ts';

interface Source extends LockSource {
  /** Absolute path of the file that remembers where pipeline files were found. */
  readonly discoveryIndex: string;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly ignore: Tools['ignore'];
  readonly parsing?: PipelineReading['parsing'] | undefined;
}

/**
 * Reads every pipeline file and lockfile of the project. Throws with all mistakes of all files at once. What was
 * parsed is kept by the text's digest; the parsers are loaded only for a text that was never seen.
 */
export async function readProject(source: Source): Promise<Loaded> {
  const { files: written, dataFiles, directories } = discoverPipelines(source.root, source.discoveryIndex);
  const files = [...written, ...dataFiles].filter((file) => source.ignore?.ignores(file, 'file') !== true);
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
  const read = await readLocks(source, pipelines);
  diagnostics.push(...read.diagnostics);
  diagnostics.push(
    ...(await locateIn(
      pipelines.flatMap((one) => absoluteInside(source.root, one)),
      texts,
    )),
  );
  const { graph, mistakes } = await readGraph(parseCache, pipelines, identities);
  if (mistakes.length > 0) diagnostics.push(...(await locateIn(mistakes, texts)));
  const stages = new Map(pipelines.flatMap((pipeline) => pipeline.stages.map((stage) => [stage.id, stage] as const)));
  const loaded: Loaded = {
    pipelines,
    stages,
    graph,
    locks: read.locks,
    labels: labels(pipelines),
    sources: [
      ...directories,
      ...files,
      ...files.map((file) => lockfileOf(file, source.scheme)),
      ...pipelines.flatMap(({ sources = [] }) => sources),
    ],
  };
  if (diagnostics.length > 0) throw mistaken([...diagnostics, ...(await furtherMistakes(source, loaded, partial))]);
  return loaded;
}

/** A path by which nobody would know that it is what another stage makes. */
function absoluteInside(root: string, { file, stages }: Pipeline): readonly Mistake[] {
  return stages.flatMap(({ name, wdir, deps }) =>
    deps.flatMap((path, index): Mistake[] => {
      if (!path.startsWith(`${root}/`)) return [];
      const hint = `write it as \`${relativeTo(wdir, path.slice(root.length + 1) as ProjectPath)}\``;
      const message = `\`${path}\` is in the project, and only there on this machine`;
      return [{ file, at: ['stages', name, 'deps', index], message, hint }];
    }),
  );
}

/** What else is wrong, with the stages that could be read: nobody likes to mend a file and hear of the next mistake. */
async function furtherMistakes(source: Source, loaded: Loaded, partial: boolean): Promise<readonly Diagnostic[]> {
  const { findOnDisk } = await import('./check.ts');
  return await findOnDisk(source, loaded, { partial });
}

/** What was read, with the lockfiles as they are now: the same object where nobody wrote them meanwhile. */
export async function refreshLocks(source: LockSource, loaded: Loaded): Promise<Loaded> {
  if ([...loaded.locks].every(([file, { text }]) => lockText(source, file) === text)) return loaded;
  const { locks, diagnostics } = await readLocks(source, loaded.pipelines);
  if (diagnostics.length > 0) throw mistaken(diagnostics);
  return { ...loaded, locks };
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
