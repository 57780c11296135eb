import type { ProjectPath, StageId } from '../base/brand.ts';
import { baseName, relativeTo, resolveAnywhere, resolveInProject } from '../base/project-path.ts';
import { parseDuration } from './duration.ts';
import { parseMemory } from './memory.ts';
import type { Mistake, YamlPath } from './mistake.ts';
import type { PlacedOut } from './out-conflicts.ts';
import { indexPaths } from './path-index.ts';
import type { WrittenStage } from './schema-stage.ts';
import type { Out, ParamsRequest, Resources, Stage, WrittenPaths } from './stage.ts';
import { commandMistake, depMistake, outMistake, variableMistake, writtenPathMistake } from './stage-rules.ts';
import { PARAMS_FILE } from './vars.ts';
import { outOf, type WrittenPath, writtenOuts } from './written-out.ts';

/** The stage being expanded, and where its mistakes are collected. */
export interface StageScope {
  readonly file: ProjectPath;
  readonly name: string;
  /** The directory of the file; inside of the stage, its wdir. */
  readonly wdir: ProjectPath;
  readonly add: (mistake: Mistake) => void;
  /** A place of the stage as a place of the file. */
  readonly placeOf: (at: YamlPath) => YamlPath;
}

/** A path of a stage with its place in the file. */
type Placed = Pick<PlacedOut, 'path' | 'file' | 'at' | 'key'> & { readonly text: string };

export interface ExpandedStage {
  readonly stage: Stage;
  readonly placed: readonly PlacedOut[];
}

/** A stage without templates: paths resolved, defaults filled in. */
export function expandStage(outer: StageScope, written: WrittenStage): ExpandedStage | undefined {
  const { file, name } = outer;
  const wdir = written.wdir === undefined ? outer.wdir : resolve(outer, { text: written.wdir, at: ['wdir'] });
  if (wdir === undefined) return undefined;
  const scope: StageScope = { ...outer, wdir };
  const id = `${file}:${name}` as StageId;
  const { outs, placed } = expandOuts(scope, written);
  const deps = resolveDeps(scope, written.deps ?? []);
  const params = expandParams(scope, written);
  checkOwnReads(scope, placed, [...deps, ...params.files]);
  const stage: Stage = {
    id,
    name,
    file,
    wdir,
    cmd: expandCommand(scope, written.cmd),
    env: expandEnv(scope, written.env ?? {}),
    deps: [...new Set(deps.map((dep) => dep.path))],
    params: params.requests,
    outs,
    frozen: written.frozen ?? false,
    alwaysChanged: written.always_changed ?? false,
    retries: typeof written.retries === 'number' ? written.retries : 0,
    resources: expandResources(written.resources ?? {}),
    mutex: [...new Set([written.mutex ?? []].flat())],
    ...expandOptional(written),
    ...writtenPaths(wdir, { deps, outs: placed }),
  };
  return { stage, placed: placed.map(({ text: _, ...out }) => ({ ...out, stage: id, label: name })) };
}

function writtenPaths(
  wdir: ProjectPath,
  { deps, outs }: Readonly<Record<keyof WrittenPaths, readonly Placed[]>>,
): Pick<Stage, 'written'> {
  const plain = [...deps, ...outs].every(({ path, text }) => text === relativeTo(wdir, path));
  if (plain && new Set(deps.map(({ path }) => path)).size === deps.length) return {};
  const texts = (placed: readonly Placed[]) => placed.map(({ path, text }) => [path, text] as const);
  const once = (placed: readonly Placed[]) => texts([...new Map(placed.map((one) => [one.text, one])).values()]);
  return { written: { deps: texts(deps), outs: once(outs) } };
}

function expandOptional(written: WrittenStage): Pick<Stage, 'desc' | 'meta' | 'timeout'> {
  const timeout = written.timeout === undefined ? undefined : parseDuration(written.timeout);
  return {
    ...(written.desc !== undefined && { desc: written.desc }),
    ...(written.meta !== undefined && { meta: written.meta }),
    ...(timeout !== undefined && { timeout }),
  };
}

function expandResources({ cpus, memory, gpus }: NonNullable<WrittenStage['resources']>): Resources {
  const bytes = memory === undefined ? undefined : parseMemory(memory);
  return {
    ...(typeof cpus === 'number' && { cpus }),
    ...(bytes !== undefined && { memory: bytes }),
    ...(typeof gpus === 'number' && { gpus }),
  };
}

function expandCommand(scope: StageScope, cmd: WrittenStage['cmd']): Stage['cmd'] {
  if (typeof cmd === 'string') {
    report(scope, { at: ['cmd'] }, commandMistake(cmd));
    return cmd;
  }
  if (cmd.length === 0) report(scope, { at: ['cmd'] }, 'the list of commands is empty');
  for (const [index, script] of cmd.entries()) report(scope, { at: ['cmd', index] }, commandMistake(script));
  return cmd;
}

function expandEnv(scope: StageScope, env: NonNullable<WrittenStage['env']>): Record<string, string> {
  const variables = Object.entries(env).map(([name, value]): [string, string] => {
    report(scope, { at: ['env', name], key: true }, variableMistake(name));
    if (String(value).includes('\0')) report(scope, { at: ['env', name] }, 'a value cannot contain a NUL character');
    return [name, String(value)];
  });
  return Object.fromEntries(variables);
}

function expandOuts(scope: StageScope, written: WrittenStage): { outs: readonly Out[]; placed: readonly Placed[] } {
  const outs: Out[] = [];
  const placed: Placed[] = [];
  for (const entry of writtenOuts(written)) {
    const path = resolve(scope, entry);
    if (path === undefined) continue;
    const mistake = outMistake(path, scope);
    if (mistake === undefined) {
      placed.push({ path, text: entry.text, file: scope.file, at: atOf(scope, entry), key: entry.key ?? false });
    }
    report(scope, entry, mistake);
    outs.push(outOf(path, entry));
  }
  return { outs, placed };
}

function expandParams(
  scope: StageScope,
  written: WrittenStage,
): { requests: ParamsRequest[]; files: readonly Placed[] } {
  const files: Placed[] = [];
  const keys = new Map<ProjectPath, Set<string> | null>();
  for (const { text, wanted, ...place } of writtenParams(written)) {
    const path = resolve(scope, { text, ...place });
    if (path === undefined) continue;
    files.push({ path, text, file: scope.file, at: atOf(scope, place), key: place.key });
    const known = keys.get(path);
    // Some keys of a file and the whole of it: the whole.
    keys.set(path, wanted === null || known === null ? null : new Set([...(known ?? []), ...wanted]));
  }
  const requests = [...keys].map(([file, wanted]) => ({ file, keys: wanted === null ? null : [...wanted] }));
  return { requests, files };
}

interface WrittenParams extends WrittenPath {
  readonly key: boolean;
  /** Null: the whole file. */
  readonly wanted: readonly string[] | null;
}

function writtenParams(stage: WrittenStage): WrittenParams[] {
  return (stage.params ?? []).flatMap((item, index): WrittenParams[] => {
    const at = ['params', index];
    if (typeof item === 'string') return [{ text: PARAMS_FILE, at, key: false, wanted: [item] }];
    return Object.entries(item).map(([text, keys]) => {
      return { text, at: [...at, text], key: true, wanted: keys === null || keys.length === 0 ? null : keys };
    });
  });
}

/** A stage that reads what it writes would need itself to run first. */
function checkOwnReads(scope: StageScope, outs: readonly Placed[], reads: readonly Placed[]): void {
  const index = indexPaths(reads.map((read) => [read.path, read]));
  for (const out of outs) {
    const read = index.touching(out.path)[0];
    if (read === undefined) continue;
    const { file, at, key = false } = read;
    const related = { file, at, key };
    scope.add({ file, at: out.at, key: out.key ?? false, message: ownRead(out.path, read.path), related });
  }
}

function ownRead(out: ProjectPath, read: ProjectPath): string {
  if (out === read) return `the stage both reads and writes \`${out}\``;
  const inner = out.length > read.length;
  if (inner) return `the out \`${out}\` lies inside of \`${read}\`, which the same stage reads`;
  return `the stage reads \`${read}\`, which lies inside its own out \`${out}\``;
}

/** DVC's stages may read what lies outside of the project. */
function resolveDeps(scope: StageScope, written: readonly string[]): Placed[] {
  const outside = baseName(scope.file) === 'dvc.yaml';
  return written.flatMap((text, index) => {
    const entry = { text, at: ['deps', index] };
    const path = resolve(scope, entry, { outside });
    const mistake = path === undefined ? undefined : depMistake(path);
    if (mistake !== undefined) report(scope, entry, mistake.message, mistake.hint);
    return path === undefined ? [] : [{ path, text, file: scope.file, at: atOf(scope, entry), key: false }];
  });
}

function resolve(scope: StageScope, written: WrittenPath, { outside = false } = {}): ProjectPath | undefined {
  const { text } = written;
  const mistake = writtenPathMistake(text, { outside });
  if (mistake !== undefined) {
    report(scope, written, mistake.message, mistake.hint);
    return undefined;
  }
  const path = outside ? resolveAnywhere(scope.wdir, text) : resolveInProject(scope.wdir, text);
  if (path === undefined) report(scope, written, `the path \`${text}\` leads outside the project`);
  return path;
}

function report(
  scope: StageScope,
  place: { readonly at: YamlPath; readonly key?: boolean },
  ...[message, hint]: readonly [message: string | undefined, hint?: string | undefined]
): void {
  if (message === undefined) return;
  const { key = false } = place;
  scope.add({ file: scope.file, at: atOf(scope, place), key, message, ...(hint !== undefined && { hint }) });
}

function atOf(scope: StageScope, place: { readonly at: YamlPath }): YamlPath {
  return scope.placeOf(place.at);
}
