import { existsSync, lstatSync, readFileSync, statSync } from 'node:fs';
import { join, relative, resolve } from 'node:path';
import { writeFileAtomic } from '../base/atomic-file.ts';
import type { ProjectPath } from '../base/brand.ts';
import type { Content } from '../base/content.ts';
import { LockstepError } from '../base/error.ts';
import { baseName, ROOT, resolveInProject } from '../base/project-path.ts';
import { recordOf } from '../pipeline/dvc/data-file.ts';
import { type DvcFile, type DvcFileDep, formatDvcFile, importMd5 } from '../pipeline/dvc/dvc-file.ts';
import { updateDvcFile } from '../pipeline/dvc/update-dvc-file.ts';
import { resolveTargets } from './compared-states.ts';
import type { Context } from './context.ts';
import { fetchTo } from './fetch-source.ts';
import type { Project } from './project.ts';
import { withSource } from './source-repository.ts';

export interface Origin {
  /** As it stands in the `.dvc` file. */
  readonly url: string;
  readonly rev?: string | undefined;
  /** In that repository. */
  readonly path: string;
  /** The commit that the data was last taken from. */
  readonly locked?: string | undefined;
}

export interface Imported {
  /** The `.dvc` file. */
  readonly file: ProjectPath;
  readonly out: ProjectPath;
  readonly origin: Origin;
}

/** Fetches data and writes down where it is from; false where the repository has not moved on since. */
export async function importData(
  project: Project,
  context: Context,
  { file, out, origin }: Imported,
): Promise<boolean> {
  const path = resolveInProject(ROOT, origin.path);
  if (path === undefined) throw new LockstepError('usage', `${origin.path} is outside of the repository`);
  // An address that is a path is one as seen from the project's root.
  const at = { ...context, cwd: project.root };
  return await withSource(at, { url: origin.url, rev: origin.rev }, async (source) => {
    const { commit } = source.revision;
    if (commit === null) throw new Error('a revision has a commit');
    if (commit === origin.locked) return false;
    await fetchTo(context, {
      source,
      path,
      target: join(project.root, out),
      free: () => makeRoom(project, context, out),
    });
    const content = await project.store().save(out);
    if (content === 'missing') throw new LockstepError('unusable-file', `${out} went away while it was imported`);
    await project.store().flush();
    const repo = { url: origin.url, ...(origin.rev !== undefined && { rev: origin.rev }), rev_lock: commit };
    await writeImport(project, { file, out, dep: { path: origin.path, repo }, content });
    return true;
  });
}

/** Writes down what was imported and from where, as DVC does, into a new `.dvc` file or one that is there. */
export async function writeImport(
  project: Project,
  written: {
    readonly file: ProjectPath;
    readonly out: ProjectPath;
    readonly dep: DvcFileDep;
    readonly content: Content;
  },
): Promise<void> {
  const { file, out, dep, content } = written;
  const dvcFile: DvcFile = { frozen: true, deps: [dep], outs: [recordOf(baseName(out), content)] };
  const next = { ...dvcFile, md5: importMd5(dvcFile) };
  const place = join(project.root, file);
  const text = existsSync(place) ? updateDvcFile(readFileSync(place, 'utf8'), next) : formatDvcFile(next);
  writeFileAtomic(place, text, { durable: true });
  await project.store().ignore([out]);
}

/** Moves what stands in the way of new data out of it, and says so where the cache does not have it. */
export async function makeRoom(project: Project, context: Context, out: ProjectPath): Promise<void> {
  const trashed = await project.store().clear(out);
  if (trashed !== null) context.stderr.write(`${out} was not in the cache; it was moved to ${trashed}\n`);
}

/** An address as it is to be written down: a path from here becomes one from the project's root. */
export function writtenUrl({ root }: Project, { cwd }: Context, url: string): string {
  const isHere = statSync(resolve(cwd, url), { throwIfNoEntry: false })?.isDirectory() === true;
  return isHere && !url.startsWith('/') ? relative(root, resolve(cwd, url)) || '.' : url;
}

/** Where new data is to stand, and its `.dvc` file. Throws `usage` where there is something already. */
export function placeForImport(
  project: Project,
  name: string,
  force: boolean,
): { readonly out: ProjectPath; readonly file: ProjectPath } {
  const [out = project.here] = resolveTargets(project.here, [name]);
  const file = `${out}.dvc` as ProjectPath;
  for (const one of [out, file]) {
    if (force || lstatSync(join(project.root, one), { throwIfNoEntry: false }) === undefined) continue;
    throw new LockstepError('usage', `${one} is there already`, { hint: '--force replaces it' });
  }
  return { out, file };
}
