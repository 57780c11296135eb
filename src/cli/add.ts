import { existsSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { writeFileAtomic } from '../base/atomic-file.ts';
import type { ProjectPath } from '../base/brand.ts';
import type { Content } from '../base/content.ts';
import { LockstepError } from '../base/error.ts';
import { baseName, contains } from '../base/project-path.ts';
import { recordOf } from '../pipeline/dvc/data-file.ts';
import { formatDvcFile } from '../pipeline/dvc/dvc-file.ts';
import type { Stage } from '../pipeline/stage.ts';
import { git } from '../provenance/git-process.ts';
import type { Loaded } from '../repro/loaded.ts';
import { openLock } from '../repro/read-locks.ts';
import { defineCommand } from './command.ts';
import { resolveTargets } from './compared-states.ts';
import type { Context } from './context.ts';
import { dvcIgnoreOf } from './dvc-project.ts';
import { EXIT } from './exit-code.ts';
import { withWorkspace } from './hold-workspace.ts';
import type { Project } from './project.ts';

export const command = defineCommand({
  usage: 'add <paths…>',
  summary: 'Track data without a stage, by a .dvc file',
  details:
    'The bytes go into the cache, PATH.dvc says which they are, and git ignores the data itself. Data that is tracked ' +
    'already is recorded as it is now. In a DVC project the file is the one that DVC writes and reads.',
  options: { 'no-commit': { type: 'boolean', help: 'only write the .dvc file; the cache is left alone' } },
  positionals: { min: 1, max: Number.POSITIVE_INFINITY },
  completes: 'path',
  examples: ['lockstep add data/raw.csv data/images'],
  run: async (context, given, targets) => {
    return await withWorkspace(context, 'add', async (project) => {
      const stages = await stagesOf(project);
      const paths = [...new Set(resolveTargets(project.here, targets))];
      const inner = paths.find((path) => paths.some((other) => other !== path && contains(other, path)));
      if (inner !== undefined) throw new LockstepError('usage', `${inner} is in another of the paths`);
      const wanted = paths.map((path) => ({ path, tracked: trackedBy(stages, path) }));
      for (const { path, tracked } of wanted)
        if (tracked === undefined) await checkFree(project, context, { path, stages });
      const changed: ProjectPath[] = [];
      for (const { path, tracked } of wanted) {
        const keep = given['no-commit'] !== true;
        changed.push(
          ...(tracked === undefined ? await addNew(project, path, keep) : await addAgain(project, tracked, keep)),
        );
      }
      if (!context.quiet && changed.length > 0) {
        context.stderr.write(`to track the changes with git: git add ${[...new Set(changed)].join(' ')}\n`);
      }
      return EXIT.ok;
    });
  },
});

/** A project may begin with data. */
async function stagesOf(project: Project): Promise<readonly Stage[]> {
  return [...((await loadedOf(project))?.stages.values() ?? [])];
}

async function loadedOf(project: Project): Promise<Loaded | undefined> {
  try {
    return await project.load();
  } catch (error) {
    if (error instanceof LockstepError && error.code === 'no-project') return undefined;
    throw error;
  }
}

/** The data that a path is, or is a part of. */
function trackedBy(stages: readonly Stage[], path: ProjectPath): Stage | undefined {
  return stages.find(({ data, outs }) => data === true && outs.some((out) => contains(out.path, path)));
}

interface NewData {
  readonly path: ProjectPath;
  readonly stages: readonly Stage[];
}

async function checkFree(project: Project, { env }: Context, { path, stages }: NewData): Promise<void> {
  for (const stage of stages) {
    const other = stage.outs.find((out) => contains(out.path, path) || contains(path, out.path));
    if (other === undefined) continue;
    const owner = stage.data === true ? stage.file : `stage '${stage.name}' of ${stage.file}`;
    throw new LockstepError('usage', `${path} overlaps with ${other.path} of ${owner}`, {
      hint:
        stage.data === true
          ? `lockstep remove ${stage.file} stops tracking that`
          : 'lockstep commit takes over what a stage made',
    });
  }
  // Not observed: the bytes would be read twice, which is half of what adding many small files costs.
  const absolute = join(project.root, path);
  if (!existsSync(absolute)) throw new LockstepError('usage', `${path} does not exist`);
  if (dvcIgnoreOf(project.root).ignores(path, statSync(absolute).isDirectory() ? 'directory' : 'file')) {
    throw new LockstepError('usage', `${path} is ignored`, { hint: `lockstep check-ignore -d ${path} says by what` });
  }
  const inGit = await git(['ls-files', '-z', '--', path], { cwd: project.root, env });
  if (inGit.kind === 'done' && inGit.stdout.length > 0) {
    throw new LockstepError('usage', `${path} is tracked by git already`, {
      hint: `git rm -r --cached '${path}' makes git let go of it; the files stay`,
    });
  }
}

async function addNew(project: Project, path: ProjectPath, keep: boolean): Promise<readonly ProjectPath[]> {
  const content = await take(project, path, keep);
  const file = `${path}.dvc` as ProjectPath;
  const text = formatDvcFile({ deps: [], outs: [recordOf(baseName(path), content)] });
  writeFileAtomic(join(project.root, file), text, { durable: true });
  return [file, ...(await project.store().ignore([path]))];
}

async function addAgain(project: Project, stage: Stage, keep: boolean): Promise<readonly ProjectPath[]> {
  const loaded = await project.load();
  const outs = new Map<ProjectPath, { content: Content; persist: boolean }>();
  for (const { path } of stage.outs) outs.set(path, { content: await take(project, path, keep), persist: false });
  const lock = await openLock(project.tools, stage.file, loaded);
  const entry = { cmd: [], wdir: stage.wdir, env: {}, params: new Map(), deps: new Map(), outs };
  if (!lock.set(stage.name, entry, () => undefined)) return [];
  lock.save();
  return [stage.file];
}

async function take(project: Project, path: ProjectPath, keep: boolean): Promise<Content> {
  const store = project.store();
  const content = keep ? await store.save(path) : await store.observe(path);
  if (content === 'missing') throw new LockstepError('usage', `${path} does not exist`);
  await store.flush();
  return content;
}
