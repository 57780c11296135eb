import {
  constants,
  cpSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { parseDocument } from 'yaml';
import type { ProjectPath } from '../../base/brand.ts';
import { contains } from '../../base/project-path.ts';
import type { Loaded } from '../../repro/loaded.ts';
import { dvcOptionOf, setDvcOption } from '../edit-dvc-config.ts';
import type { Project } from '../project.ts';
import { prepareStateDirectory } from '../project-root.ts';

/**
 * Makes a fresh work tree a project like the first: with its environments, and on the same cache, so that what was made
 * in one is there for all.
 */
export function furnish(project: Project, root: string): void {
  shareCache(project, root);
  for (const name of readdirSync(project.root)) {
    if (isEnvironment(name) && !existsSync(join(root, name))) symlinkSync(join(project.root, name), join(root, name));
  }
}

/** Brings the data that git does not know and no stage makes. */
export function bringSources(project: Project, loaded: Loaded, root: string): void {
  for (const path of sourcesOf(loaded)) bring(project.root, root, path);
}

/** What programs are installed in. They are found by their place, and are no input that a param could change. */
function isEnvironment(name: string): boolean {
  return name === 'node_modules' || /^\.?venv/.test(name);
}

/** Deps and params files that no stage makes. */
function sourcesOf({ stages }: Loaded): ReadonlySet<ProjectPath> {
  const all = [...stages.values()];
  const made = all.flatMap(({ outs }) => outs.map(({ path }) => path));
  const wanted = all.flatMap(({ deps, params }) => [...deps, ...params.map(({ file }) => file)]);
  return new Set(wanted.filter((path) => !made.some((out) => contains(out, path) || contains(path, out))));
}

function bring(from: string, to: string, path: ProjectPath): void {
  if (existsSync(join(to, path)) || !existsSync(join(from, path))) return;
  mkdirSync(dirname(join(to, path)), { recursive: true });
  const mode = constants.COPYFILE_FICLONE;
  cpSync(join(from, path), join(to, path), { recursive: true, preserveTimestamps: true, verbatimSymlinks: true, mode });
}

function shareCache(project: Project, root: string): void {
  const state = join(root, '.lockstep');
  prepareStateDirectory(state);
  const own = parseDocument(readOr(join(project.root, '.lockstep', 'config.local.yaml'), '{}'));
  own.setIn(['cache', 'dir'], project.cacheDir);
  writeFileSync(join(state, 'config.local.yaml'), own.toString());
  if (project.tools.scheme !== 'dvc') return;
  const option = dvcOptionOf('cache.dir');
  const file = join(root, '.dvc', 'config.local');
  const text = readOr(join(project.root, '.dvc', 'config.local'), '');
  if (option !== undefined) writeFileSync(file, setDvcOption(text, option, project.cacheDir));
  // The run cache of our own, which in a DVC project is not among DVC's objects.
  mkdirSync(join(project.root, '.lockstep', 'cache'), { recursive: true });
  symlinkSync(join(project.root, '.lockstep', 'cache'), join(state, 'cache'));
}

function readOr(file: string, otherwise: string): string {
  return existsSync(file) ? readFileSync(file, 'utf8') : otherwise;
}
