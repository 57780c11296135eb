import { readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import type { ProjectPath, StageId } from '../base/brand.ts';
import { isErrno, LockstepError } from '../base/error.ts';
import { nearest } from '../base/nearest.ts';
import { baseName, contains, directoryOf, joinPath, relativeTo } from '../base/project-path.ts';
import type { Mistake } from '../pipeline/mistake.ts';
import { flatKeys } from '../pipeline/params.ts';
import type { Stage } from '../pipeline/stage.ts';
import { trackedFiles } from '../provenance/git-tracked.ts';
import type { Considered } from './consider.ts';
import { type Loaded, labelOf } from './loaded.ts';
import { createParamsReader } from './params-reader.ts';
import { locateMistakes, mistaken } from './read.ts';
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
  const mistakes: Mistake[] = [];
  const missing: Mistake[] = [];
  const made = [...loaded.stages.values()].flatMap((stage) => stage.outs.map((out) => out.path));
  const workable = new Set<ProjectPath>();
  for (const { stage, observation, decision } of considered.values()) {
    if (!workable.has(stage.wdir)) mistakes.push(...wdirMistakes(tools.root, stage, made));
    workable.add(stage.wdir);
    if (observation.missingParams.length > 0)
      mistakes.push(...(await paramMistakes(tools, made, { stage, observation })));
    const reasons = decision.do === 'keep' ? [] : decision.reasons;
    for (const reason of reasons) {
      if (reason.reason !== 'dep-missing' || made.some((out) => overlap(out, reason.path))) continue;
      missing.push(missingDep(tools.root, loaded, { stage, path: reason.path }));
    }
  }
  mistakes.push(
    ...(await trackedOuts(
      tools,
      loaded,
      [...considered.values()].map((one) => one.stage),
    )),
  );
  if (mistakes.length > 0) throw mistaken(await locateMistakes(tools.root, [...mistakes, ...missing]));
  if (missing.length > 0 && options.missingDeps === 'refuse') throw await missingDeps(tools.root, missing);
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

function wdirMistakes(root: string, stage: Stage, made: readonly ProjectPath[]): Mistake[] {
  if (statSync(join(root, stage.wdir), { throwIfNoEntry: false })?.isDirectory() === true) return [];
  if (made.some((out) => overlap(out, stage.wdir))) return [];
  const at = ['stages', stage.name, 'wdir'];
  return [{ file: stage.file, at, message: `the working directory ${stage.wdir} does not exist`, hint: 'create it' }];
}

async function paramMistakes(
  tools: Tools,
  made: readonly ProjectPath[],
  { stage, observation }: Pick<Considered, 'stage' | 'observation'>,
): Promise<Mistake[]> {
  const reader = createParamsReader(tools.root, tools.parseCache);
  const at = ['stages', stage.name, 'params'];
  const mistakes: Mistake[] = [];
  for (const { file, key } of observation.missingParams) {
    const tree = await reader.tree(file);
    if (tree === undefined) {
      if (made.some((out) => overlap(out, file)) || mistakes.some((mistake) => mistake.message.includes(file)))
        continue;
      mistakes.push({ file: stage.file, at, message: `the params file ${file} does not exist`, hint: 'create it' });
    } else if (key !== null) {
      const close = nearest(key, flatKeys(tree));
      const hint = close === undefined ? `add it to ${file}` : `did you mean '${close}'?`;
      mistakes.push({ file: stage.file, at, message: `there is no param '${key}' in ${file}`, hint });
    }
  }
  return mistakes;
}

/** Cached outs that git tracks: two masters of one file would fight over it. */
async function trackedOuts(tools: Tools, loaded: Loaded, stages: readonly Stage[]): Promise<Mistake[]> {
  const cached = stages.flatMap((stage) => stage.outs.filter((out) => out.cache).map((out) => ({ stage, out })));
  if (cached.length === 0) return [];
  const tracked = await trackedFiles(tools.root, { env: tools.env, memo: tools.parseCache });
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
