import { existsSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { writeFileAtomic } from '../base/atomic-file.ts';
import type { ProjectPath } from '../base/brand.ts';
import { LockstepError } from '../base/error.ts';
import { removeStage } from '../pipeline/edit.ts';
import { isDataFile, isDvcLock, lockfileOf } from '../pipeline/lock-format.ts';
import type { Pipeline, Stage } from '../pipeline/stage.ts';
import { type Loaded, labelOf } from '../repro/loaded.ts';
import { openLock } from '../repro/read-locks.ts';
import { select } from '../repro/select.ts';
import { defineCommand } from './command.ts';
import { resolveTargets } from './compared-states.ts';
import type { Context } from './context.ts';
import { EXIT } from './exit-code.ts';
import { withWorkspace } from './hold-workspace.ts';
import type { Project } from './project.ts';

export const command = defineCommand({
  usage: 'remove <targets…>',
  summary: 'Take stages out of the pipeline, or stop tracking data',
  details:
    'A target is a stage or a .dvc file. Its lock entry and its lines in .gitignore go with it; its outs stay where they are.',
  options: { outs: { type: 'boolean', help: 'also its outs; what the cache cannot bring back is moved to the trash' } },
  positionals: { min: 1, max: Number.POSITIVE_INFINITY },
  completes: 'stage',
  examples: ['lockstep remove train', 'lockstep remove data/raw.csv.dvc --outs'],
  run: async (context, given, targets) => {
    return await withWorkspace(context, 'remove', async (project) => {
      const loaded = await project.load();
      const chosen = [...new Set(targets.flatMap((target) => stagesNamed(project, loaded, target)))];
      for (const pipeline of loaded.pipelines) {
        const stages = chosen.filter(({ file }) => file === pipeline.file);
        if (stages.length === 0) continue;
        if (isDataFile(pipeline.file)) rmSync(join(project.root, pipeline.file));
        else await removeFrom(project, loaded, { pipeline, stages });
        await project.store().unignore(stages.flatMap(({ outs }) => outs.map(({ path }) => path)));
        for (const stage of stages) say(context, `removed ${labelOf(loaded, stage.id)}\n`);
      }
      if (given.outs === true) await removeOuts(project, context, chosen);
      return EXIT.ok;
    });
  },
});

/** Only by their names: somebody who names a file means the file. */
function stagesNamed(project: Project, loaded: Loaded, target: string): readonly Stage[] {
  const { named } = select(loaded, project.here, { targets: [target], singleItem: true });
  const stages = [...named].flatMap((id) => loaded.stages.get(id) ?? []);
  const [path] = resolveTargets(project.here, [target]);
  const name = target.slice(target.lastIndexOf(':') + 1);
  const isNamed = ({ file, name: own, data }: Stage) =>
    data === true ? file === path : own === name || own.startsWith(`${name}@`);
  const [stage] = stages;
  if (stage !== undefined && !stages.every(isNamed)) {
    throw new LockstepError('usage', `${target} is neither a stage nor a .dvc file`, {
      hint: `did you mean ${stage.data === true ? stage.file : labelOf(loaded, stage.id)}?`,
    });
  }
  return stages;
}

interface Removal {
  readonly pipeline: Pipeline;
  readonly stages: readonly Stage[];
}

async function removeFrom(project: Project, loaded: Loaded, { pipeline, stages }: Removal): Promise<void> {
  const path = join(project.root, pipeline.file);
  const names = new Set(stages.map(({ name }) => writtenName(pipeline, stages, name)));
  const text = [...names].reduce(removeStage, readFileSync(path, 'utf8'));
  writeFileAtomic(path, text, { durable: false });
  const standing = loaded.locks.get(pipeline.file);
  const locked = stages.filter(({ name }) => standing?.lockfile.entries.has(name));
  if (standing === undefined || locked.length === 0) return;
  const lock = await openLock(project.tools, pipeline.file, loaded);
  for (const { name } of locked) lock.drop(name);
  lock.save();
  const file = lockfileOf(pipeline.file, project.tools.scheme);
  // DVC has no empty dvc.lock either.
  if (isDvcLock(file) && locked.length === standing.lockfile.entries.size) rmSync(join(project.root, file));
}

/** What a foreach or a matrix made can go only all together. */
function writtenName(pipeline: Pipeline, stages: readonly Stage[], name: string): string {
  const [group = name] = name.split('@');
  if (group === name) return name;
  const siblings = pipeline.stages.filter((stage) => stage.name.startsWith(`${group}@`));
  if (siblings.every((stage) => stages.includes(stage))) return group;
  throw new LockstepError('usage', `'${name}' is one of the stages that '${group}' of ${pipeline.file} stands for`, {
    hint: `lockstep remove ${group} removes them all; one alone is taken out of its list in the file`,
  });
}

async function removeOuts(project: Project, context: Context, stages: readonly Stage[]): Promise<void> {
  for (const path of stages.flatMap(({ outs }) => outs.map((out): ProjectPath => out.path))) {
    if (!existsSync(join(project.root, path))) continue;
    const trashed = await project.store().clear(path);
    say(context, trashed === null ? `deleted ${path}\n` : `moved ${path} to ${trashed}\n`);
  }
}

function say(context: Context, text: string): void {
  if (!context.quiet) context.stderr.write(text);
}
