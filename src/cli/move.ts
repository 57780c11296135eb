import { lstatSync, mkdirSync, readFileSync, renameSync, rmSync, statSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { writeFileAtomic } from '../base/atomic-file.ts';
import type { ProjectPath } from '../base/brand.ts';
import { LockstepError } from '../base/error.ts';
import { baseName, directoryOf, joinPath, relativeTo, resolveInProject } from '../base/project-path.ts';
import { type DvcFile, type DvcFileDep, importMd5, parseDvcFile } from '../pipeline/dvc/dvc-file.ts';
import { updateDvcFile } from '../pipeline/dvc/update-dvc-file.ts';
import type { Stage } from '../pipeline/stage.ts';
import type { Loaded } from '../repro/loaded.ts';
import { defineCommand } from './command.ts';
import { resolveTargets } from './compared-states.ts';
import { EXIT } from './exit-code.ts';
import { withWorkspace } from './hold-workspace.ts';
import type { Project } from './project.ts';

export const command = defineCommand({
  usage: 'move <from> <to>',
  summary: 'Move data that a .dvc file tracks, and the file with it',
  details: 'Into a directory that is there, or to a new name. The lines in .gitignore follow.',
  options: {},
  positionals: { min: 2, max: 2 },
  completes: 'path',
  examples: ['lockstep move raw.csv data/'],
  run: async (context, _given, targets) => {
    return await withWorkspace(context, 'move', async (project) => {
      const loaded = await project.load();
      const [from, wanted] = resolveTargets(project.here, targets);
      if (from === undefined || wanted === undefined) throw new Error('two paths were given');
      const stage = trackedAt(loaded, from);
      const to = destination(project, { from, to: wanted, intoDirectory: targets[1]?.endsWith('/') === true });
      const file = moved(project, stage, { from, to });
      await project.store().unignore([from]);
      await project.store().ignore([to]);
      if (!context.quiet) context.stderr.write(`moved ${from} to ${to}, which ${file} tracks\n`);
      return EXIT.ok;
    });
  },
});

function trackedAt(loaded: Loaded, path: ProjectPath): Stage {
  const stage = [...loaded.stages.values()].find(({ outs }) => outs.some((out) => out.path === path));
  if (stage === undefined) throw new LockstepError('usage', `no .dvc file tracks ${path}`);
  if (stage.data === true) return stage;
  throw new LockstepError('usage', `${path} is made by stage '${stage.name}'`, {
    hint: `change its path in ${stage.file}, then move the file by hand and run lockstep commit ${stage.name}`,
  });
}

interface Way {
  readonly from: ProjectPath;
  readonly to: ProjectPath;
}

function destination({ root }: Project, { from, to, intoDirectory }: Way & { intoDirectory: boolean }): ProjectPath {
  const isDirectory = statSync(join(root, to), { throwIfNoEntry: false })?.isDirectory() === true;
  const place = isDirectory || intoDirectory ? joinPath(to, baseName(from)) : to;
  for (const path of [place, `${place}.dvc`]) {
    if (lstatSync(join(root, path), { throwIfNoEntry: false }) === undefined) continue;
    throw new LockstepError('usage', `${path} is there already`);
  }
  return place;
}

/** The `.dvc` file that tracks the data afterwards. */
function moved({ root }: Project, stage: Stage, { from, to }: Way): ProjectPath {
  const text = readFileSync(join(root, stage.file), 'utf8');
  const { dvcFile } = parseDvcFile(stage.file, text);
  if (dvcFile === undefined) throw new Error(`${stage.file} was read before`);
  // A file that is called after its data goes along with it.
  const follows = stage.file === `${from}.dvc`;
  const file = follows ? (`${to}.dvc` as ProjectPath) : stage.file;
  const wdir = follows ? directoryOf(to) : stage.wdir;
  const outs = dvcFile.outs.map((out) => {
    return resolveInProject(stage.wdir, out.path) === from ? { ...out, path: relativeTo(wdir, to) } : out;
  });
  const deps = dvcFile.deps.map((dep) => moveDep(dep, stage.wdir, wdir));
  const next: DvcFile = { ...dvcFile, outs, deps, wdir: follows ? undefined : dvcFile.wdir };
  const md5 = next.md5 === undefined ? undefined : importMd5(next);
  mkdirSync(dirname(join(root, to)), { recursive: true });
  renameSync(join(root, from), join(root, to));
  writeFileAtomic(join(root, file), updateDvcFile(text, { ...next, md5 }), { durable: true });
  if (follows) rmSync(join(root, stage.file));
  return file;
}

/** Where an import comes from stays where it is. */
function moveDep(dep: DvcFileDep, from: ProjectPath, to: ProjectPath): DvcFileDep {
  const isLocal = dep.repo === undefined && dep.path !== undefined && !/^\w+:\/\//.test(dep.path);
  const path = isLocal && dep.path !== undefined ? resolveInProject(from, dep.path) : undefined;
  return path === undefined ? dep : { ...dep, path: relativeTo(to, path) };
}
