import type { Literal, ProjectPath, StageId } from '../base/brand.ts';
import { comparePaths, directoryOf, joinPath, ROOT } from '../base/project-path.ts';
import { type FlatValues, isMetricValue } from '../pipeline/flat-values.ts';
import { literalOf, numberOf } from '../pipeline/literal.ts';
import { type ParamsTree, selectParams } from '../pipeline/params.ts';
import { parseParams } from '../pipeline/parse-params.ts';
import type { ParamsRequest } from '../pipeline/stage.ts';
import { parseData } from '../provenance/table-file.ts';
import { latestMetrics } from '../tracking/latest-metrics.ts';
import type { Run } from '../tracking/run.ts';
import { type ProjectState, reportedOuts } from './project-state.ts';

/** A file of metrics or params, read as data; `values` are flat. */
export type ValueFile =
  | { readonly kind: 'read'; readonly tree: ParamsTree; readonly values: ReadonlyMap<string, Literal> }
  | { readonly kind: 'missing' }
  | { readonly kind: 'broken'; readonly message: string };

export type ValueFiles = ReadonlyMap<ProjectPath, ValueFile>;

/** Numbers that a run logged and that stand in none of its files are shown as if they were of a file of this name. */
const LOGGED = '$LOCKSTEP_METRICS' as ProjectPath;

export function metricFilesOf(state: ProjectState): readonly ProjectPath[] {
  const recorded = state.runs.flatMap(reportedOuts).filter(({ reports }) => reports === 'metric');
  const ofStages = state.stages.flatMap(({ outs }) => outs.filter(({ kind }) => kind === 'metric'));
  const declared = state.pipelines.flatMap(({ metrics = [] }) => metrics);
  const paths =
    state.runs.length > 0 ? recorded.map(({ path }) => path) : [...ofStages.map(({ path }) => path), ...declared];
  return [...new Set(paths)].sort(comparePaths);
}

export async function readMetrics(state: ProjectState, files: readonly ProjectPath[]): Promise<ValueFiles> {
  const read = new Map(await readValueFiles(state, files, isMetricValue));
  const known = new Set([...read.values()].flatMap((file) => (file.kind === 'read' ? [...file.values.keys()] : [])));
  const logged = new Map(state.runs.flatMap(loggedBy).filter(([key]) => !known.has(key) && !key.includes('[')));
  if (logged.size > 0) {
    read.set(LOGGED, { kind: 'read', tree: Object.fromEntries(logged), values: logged });
  }
  return read;
}

function loggedBy(run: Run): readonly (readonly [string, Literal])[] {
  return latestMetrics(run.metrics).map(({ key, value }) => [key, literalOf(value)]);
}

/** What stages ask for and pipelines declare, each file whole; and the params.yaml that everybody expects. */
export function paramFilesOf(state: ProjectState): readonly ProjectPath[] {
  const requested = state.stages.flatMap(({ params }) => params.map(({ file }) => file));
  const declared = state.pipelines.flatMap(({ params = [] }) => params);
  return [...new Set([joinPath(ROOT, 'params.yaml'), ...requested, ...declared])].sort(comparePaths);
}

/** What templates take from files that are nobody's params otherwise. */
export function templateRequestsOf(state: ProjectState): readonly ParamsRequest[] {
  const whole = new Set(paramFilesOf(state));
  const used = state.pipelines.flatMap(({ templateParams = [] }) => templateParams);
  return used.filter(({ file }) => !whole.has(file));
}

/** Only what stages ask for. */
export function paramRequestsOf(state: ProjectState): readonly ParamsRequest[] {
  return state.stages.flatMap(({ params }) => params);
}

export async function readParams(state: ProjectState, files: readonly ProjectPath[]): Promise<ValueFiles> {
  return await readValueFiles(state, files, () => true);
}

/** The params that runs recorded, by their files. */
export function recordedParams(state: ProjectState): FlatValues {
  const files = new Map<ProjectPath, Map<string, Literal>>();
  for (const run of state.runs) {
    const stage = state.stages.find(({ id }) => id === (`${run.file}:${run.stage}` as StageId));
    const directory = stage?.wdir ?? directoryOf((run.file ?? 'pipeline.yaml') as ProjectPath);
    for (const { key, value } of run.params) {
      const [, file = joinPath(directory, 'params.yaml'), name = key] = PREFIXED.exec(key) ?? [];
      const values = files.get(file as ProjectPath) ?? new Map<string, Literal>();
      files.set(file as ProjectPath, values.set(name, value));
    }
  }
  return files;
}

/** How a run calls a param that is not of the default file. */
const PREFIXED = /^(.+?\.(?:ya?ml|json|toml|py)):(.*)$/s;

/** The values that some requests select. */
export function selectValues(files: ValueFiles, requests: readonly ParamsRequest[]): FlatValues {
  const selected = new Map<ProjectPath, Map<string, Literal>>();
  for (const { file, keys } of requests) {
    const read = files.get(file);
    if (read?.kind !== 'read') continue;
    const values = selected.get(file) ?? new Map<string, Literal>();
    for (const [key, literal] of selectParams(read.tree, keys).values) values.set(key, literal);
    selected.set(file, values);
  }
  return selected;
}

export function valuesOf(files: ValueFiles): FlatValues {
  return new Map([...files].flatMap(([path, file]) => (file.kind === 'read' ? [[path, file.values] as const] : [])));
}

async function readValueFiles(
  state: ProjectState,
  files: readonly ProjectPath[],
  isWanted: (literal: Literal) => boolean,
): Promise<ValueFiles> {
  const contents = await state.read(files);
  return new Map(files.map((path) => [path, valueFileOf(path, contents.get(path), isWanted)]));
}

/** Such files are written by hand or are a few numbers; what is larger is some other thing. */
const LARGEST = 16_000_000;

function valueFileOf(
  path: ProjectPath,
  bytes: Uint8Array | undefined,
  isWanted: (literal: Literal) => boolean,
): ValueFile {
  if (bytes === undefined) return { kind: 'missing' };
  if (bytes.length > LARGEST) return { kind: 'broken', message: `${path} is too large for a file of values` };
  const text = new TextDecoder().decode(bytes);
  const { tree, diagnostics } = parseParams(path, text);
  if (tree === undefined) {
    const single = singleValue(path, text);
    return single ?? { kind: 'broken', message: diagnostics[0]?.message ?? `${path} cannot be read` };
  }
  const { values } = selectParams(tree, null);
  return { kind: 'read', tree, values: new Map([...values].filter(([, literal]) => isWanted(literal))) };
}

/** A file that holds one number and nothing else. */
function singleValue(path: ProjectPath, text: string): ValueFile | undefined {
  const data = parseData(path, text);
  if (typeof data !== 'number') return undefined;
  const written = text.trim() as Literal;
  const literal = numberOf(written) === undefined ? literalOf(data) : written;
  return { kind: 'read', tree: { '': literal }, values: new Map([['', literal]]) };
}
