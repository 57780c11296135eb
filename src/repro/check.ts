import { existsSync, readdirSync, statSync } from 'node:fs';
import { join, resolve } from 'node:path';
import type { ProjectPath, StageId } from '../base/brand.ts';
import { type Diagnostic, isErrno, LockstepError } from '../base/error.ts';
import { nearest } from '../base/nearest.ts';
import { baseName, contains, directoryOf, isOutside, joinPath, relativeTo } from '../base/project-path.ts';
import type { Mistake } from '../pipeline/mistake.ts';
import { flatKeys } from '../pipeline/params.ts';
import type { Stage } from '../pipeline/stage.ts';
import { ignoredByGit, trackedFiles } from '../provenance/git-tracked.ts';
import type { Considered } from './consider.ts';
import { type Loaded, labelOf, lockedEntry } from './loaded.ts';
import { locateMistakes, mistaken } from './mistakes.ts';
import type { MissingParam } from './observation.ts';
import { createParamsReader } from './params-reader.ts';
import type { Tools } from './tools.ts';

/**
 * Holds the wanted stages against the disk before anything runs, so that no mistake shows only after an hour.
 * Throws with all mistakes at once.
 */
export async function checkWorkspace(
  tools: Tools,
  loaded: Loaded,
  considered: ReadonlyMap<StageId, Considered>,
  options: { readonly missingDeps: 'refuse' | 'allow' } = { missingDeps: 'refuse' },
): Promise<void> {
  const findings = [...considered.values()].map(({ stage, observation, decision }): Finding => {
    const reasons = decision.do === 'keep' ? [] : decision.reasons;
    const missing = reasons.flatMap((reason) => (reason.reason === 'dep-missing' ? [reason.path] : []));
    return { stage, missingParams: observation.missingParams, missingDeps: missing };
  });
  const { mistakes, missing } = await judge(tools, loaded, findings);
  if (mistakes.length > 0) throw mistaken(await locateMistakes(tools.root, [...mistakes, ...missing]));
  if (missing.length > 0 && options.missingDeps === 'refuse') throw await missingDeps(tools.root, missing);
}

type Place = Pick<Tools, 'root' | 'env' | 'parseCache' | 'scheme' | 'ignore'>;

/**
 * What is wrong with stages that are not going to run, as others have mistakes. With `partial` there are stages that
 * could not be read, and whatever is missing might be made by them.
 */
export async function findOnDisk(
  place: Place,
  loaded: Loaded,
  { partial }: { readonly partial: boolean },
): Promise<readonly Diagnostic[]> {
  const reader = createParamsReader(place, { once: true });
  const findings: Finding[] = [];
  const unreadable: Diagnostic[] = [];
  for (const stage of loaded.stages.values()) {
    const params = await readable(reader.read(stage.params));
    if (params instanceof LockstepError) unreadable.push(...params.diagnostics);
    const missingParams = params instanceof LockstepError ? [] : params.missing;
    const missingDeps = stage.deps.filter((path) => !existsSync(resolve(place.root, path)));
    findings.push({ stage, missingParams, missingDeps });
  }
  const { mistakes, missing } = await judge(place, loaded, findings);
  const certain = partial ? mistakes.filter(({ absent }) => absent !== true) : [...mistakes, ...missing];
  return [...unreadable, ...(await locateMistakes(place.root, certain))];
}

/** What was read, or why it could not be. */
async function readable<T>(reading: Promise<T>): Promise<T | LockstepError> {
  try {
    return await reading;
  } catch (error) {
    if (error instanceof LockstepError) return error;
    throw error;
  }
}

/** What one stage lacks. */
interface Finding {
  readonly stage: Stage;
  readonly missingParams: readonly MissingParam[];
  readonly missingDeps: readonly ProjectPath[];
}

/** `absent`: something is not there that another stage might have made. */
type Found = Mistake & { readonly absent?: true };

async function judge(
  place: Place,
  loaded: Loaded,
  findings: readonly Finding[],
): Promise<{ readonly mistakes: readonly Found[]; readonly missing: readonly Mistake[] }> {
  const mistakes: Found[] = [];
  const missing: Mistake[] = [];
  const made = [...loaded.stages.values()].flatMap((stage) => stage.outs.map((out) => out.path));
  const looked = new Set<ProjectPath>();
  for (const finding of findings) {
    const { stage } = finding;
    if (!looked.has(stage.wdir)) {
      mistakes.push(...wdirMistakes(place.root, stage, loaded));
      looked.add(stage.wdir);
    }
    if (finding.missingParams.length > 0) mistakes.push(...(await paramMistakes(place, made, finding)));
    for (const path of finding.missingDeps) {
      if (!made.some((out) => overlap(out, path))) missing.push(missingDep(place.root, loaded, { stage, path }));
    }
  }
  const stages = findings.map(({ stage }) => stage);
  mistakes.push(...ignoredOuts(place, stages), ...(await ignoredFiles(place, stages)));
  return { mistakes: [...mistakes, ...(await trackedOuts(place, loaded, stages))], missing };
}

function overlap(a: ProjectPath, b: ProjectPath): boolean {
  return contains(a, b) || contains(b, a);
}

async function missingDeps(root: string, missing: readonly Mistake[]): Promise<LockstepError> {
  const message = missing.length === 1 ? 'a dep is missing' : `${missing.length} deps are missing`;
  return new LockstepError('missing-dep', message, { diagnostics: await locateMistakes(root, missing) });
}

function missingDep(root: string, loaded: Loaded, at: { stage: Stage; path: ProjectPath }): Mistake {
  const { stage, path } = at;
  const close = nearestExisting(root, path);
  return {
    file: stage.file,
    at: ['stages', stage.name, 'deps', stage.deps.indexOf(path)],
    message: `stage '${labelOf(loaded, stage.id)}' needs ${path}, which is not there, and no stage makes it`,
    hint: close === undefined ? 'create it, or correct the path' : `did you mean ${close}?`,
  };
}

/** The nearest name in the deepest directory of the path that exists. */
function nearestExisting(root: string, path: ProjectPath): string | undefined {
  if (isOutside(path)) return undefined;
  const directory = directoryOf(path);
  try {
    const close = nearest(baseName(path), readdirSync(join(root, directory)));
    return close === undefined ? undefined : joinPath(directory, close);
  } catch (error) {
    if (isErrno(error, 'ENOENT', 'ENOTDIR', 'EACCES'))
      return directory === '.' ? undefined : nearestExisting(root, directory);
    throw error;
  }
}

function wdirMistakes(root: string, stage: Stage, loaded: Loaded): Found[] {
  if (statSync(join(root, stage.wdir), { throwIfNoEntry: false })?.isDirectory() === true) return [];
  // Git keeps no directory in which there are only outs: where the stage ran before, a clone makes it with its outs.
  const wasThere = lockedEntry(loaded, stage)?.entry.wdir === stage.wdir;
  const makers = [...loaded.stages.values()].filter(({ wdir }) => wasThere || wdir !== stage.wdir);
  if (makers.some(({ outs }) => outs.some((out) => overlap(out.path, stage.wdir)))) return [];
  const at = ['stages', stage.name, 'wdir'];
  const message = `the working directory ${stage.wdir} does not exist`;
  return [{ file: stage.file, at, message, hint: 'create it', absent: true }];
}

async function paramMistakes(
  place: Place,
  made: readonly ProjectPath[],
  { stage, missingParams }: Finding,
): Promise<Found[]> {
  const reader = createParamsReader(place);
  const mistakes: Found[] = [];
  const absent = new Set<ProjectPath>();
  for (const missing of missingParams) {
    const { file, key } = missing;
    const at = ['stages', stage.name, 'params', ...writtenParam(stage, missing)];
    const tree = await reader.tree(file);
    if (tree !== undefined && key !== null) {
      const close = nearest(key, flatKeys(tree));
      const hint = close === undefined ? `add it to ${file}` : `did you mean '${close}'?`;
      mistakes.push({ file: stage.file, at, message: `there is no param '${key}' in ${file}`, hint });
    }
    if (tree !== undefined || absent.has(file) || made.some((out) => overlap(out, file))) continue;
    absent.add(file);
    const message = `the params file ${file} does not exist`;
    mistakes.push({ file: stage.file, at: at.slice(0, 4), key: true, message, hint: 'create it', absent: true });
  }
  return mistakes;
}

/** How a param is found in the stage's list: keys of params.yaml stand bare, those of other files below their file. */
function writtenParam(stage: Stage, { file, key }: MissingParam): string[] {
  const written = relativeTo(stage.wdir, file);
  return written === 'params.yaml' && key !== null ? [key] : [written, ...(key === null ? [] : [key])];
}

/** Cached outs that git tracks: two masters of one file would fight over it. */
async function trackedOuts(place: Place, loaded: Loaded, stages: readonly Stage[]): Promise<Mistake[]> {
  const cached = stages.flatMap((stage) => stage.outs.filter((out) => out.cache).map((out) => ({ stage, out })));
  if (cached.length === 0) return [];
  const tracked = await trackedFiles(place.root, { env: place.env, memo: place.parseCache });
  if (tracked.size === 0) return [];
  return cached.flatMap(({ stage, out }) => {
    const inside = tracked.has(out.path) ? out.path : [...below(tracked, out.path)][0];
    if (inside === undefined) return [];
    const path = relativeTo('.' as ProjectPath, out.path);
    const message = `git tracks ${inside}, which stage '${labelOf(loaded, stage.id)}' writes as a cached out`;
    const hint = `git rm -r --cached ${path}, or declare the out with cache: false`;
    return [{ file: stage.file, at: outPlace(stage, out.path), message, hint }];
  });
}

/** DVC would not see what such a stage wrote. */
function ignoredOuts({ root, ignore }: Place, stages: readonly Stage[]): Mistake[] {
  if (ignore === undefined) return [];
  return stages.flatMap((stage) =>
    stage.outs.flatMap(({ path }): Mistake[] => {
      const isDirectory = statSync(join(root, path), { throwIfNoEntry: false })?.isDirectory() === true;
      const kind = isDirectory ? 'directory' : 'file';
      const place = ignore.ignores(path, kind) ? ignore.ruleOf(path, kind)?.place : undefined;
      if (place === undefined) return [];
      const message = `the out \`${path}\` is left out by line ${place.line} of ${place.file}`;
      const hint = `\`lockstep check-ignore -d ${path}\` shows the line; take the path out of it`;
      return [{ file: stage.file, at: outPlace(stage, path), message, hint }];
    }),
  );
}

/** A pipeline file that stays out of git makes results that no clone has; DVC refuses it. */
async function ignoredFiles(place: Place, stages: readonly Stage[]): Promise<Mistake[]> {
  if (place.scheme !== 'dvc') return [];
  const tracked = await trackedFiles(place.root, { env: place.env, memo: place.parseCache });
  const untracked = [...new Set(stages.map(({ file }) => file))].filter((file) => !tracked.has(file));
  const directories = untracked.map(directoryOf).filter((directory) => directory !== '.');
  const ignored = new Set(await ignoredByGit(place.root, [...untracked, ...directories], place.env));
  // In a directory that is ignored as a whole nothing is expected of git.
  const alone = untracked.filter((file) => ignored.has(file) && !ignored.has(directoryOf(file)));
  const hint = 'take it out of .gitignore, or have git track it: git add -f';
  return alone.map((file): Mistake => ({ file, at: [], message: `git ignores ${file}`, hint }));
}

function* below(tracked: ReadonlySet<string>, path: ProjectPath): Iterable<string> {
  if (!tracked.has(`${path}/`)) return;
  for (const file of tracked) if (!file.endsWith('/') && file.startsWith(`${path}/`)) yield file;
}

function outPlace(stage: Stage, path: ProjectPath): (string | number)[] {
  const out = stage.outs.find((candidate) => candidate.path === path);
  const section = out?.kind === 'metric' ? 'metrics' : out?.kind === 'plot' ? 'plots' : 'outs';
  const peers = stage.outs.filter((candidate) => candidate.kind === out?.kind);
  return ['stages', stage.name, section, peers.findIndex((candidate) => candidate.path === path)];
}
