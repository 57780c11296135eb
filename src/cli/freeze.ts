import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { writeFileAtomic } from '../base/atomic-file.ts';
import type { ProjectPath } from '../base/brand.ts';
import { isDataFile } from '../pipeline/lock-format.ts';
import type { Stage } from '../pipeline/stage.ts';
import { select } from '../repro/select.ts';
import { type Command, defineCommand } from './command.ts';
import type { Context } from './context.ts';
import { EXIT, type ExitCode } from './exit-code.ts';
import { openProject } from './project.ts';

export const freeze: Command = defineCommand({
  usage: 'freeze <stages…>',
  summary: 'Take stages as they are: they are not run until unfrozen',
  options: {},
  positionals: { min: 1, max: Number.POSITIVE_INFINITY },
  completes: 'stage',
  examples: ['lockstep freeze download'],
  run: async (context, _, targets) => await setFrozenState(context, targets, { frozen: true }),
});

export const unfreeze: Command = defineCommand({
  usage: 'unfreeze <stages…>',
  summary: 'Let frozen stages run again',
  options: {},
  positionals: { min: 1, max: Number.POSITIVE_INFINITY },
  completes: 'stage',
  examples: ['lockstep unfreeze download'],
  run: async (context, _, targets) => await setFrozenState(context, targets, { frozen: false }),
});

async function setFrozenState(
  context: Context,
  targets: readonly string[],
  wish: { frozen: boolean },
): Promise<ExitCode> {
  const project = await openProject(context);
  try {
    const loaded = await project.load();
    const { named } = select(loaded, project.here, { targets, singleItem: true });
    const { setFrozen } = await import('../pipeline/edit.ts');
    for (const { file, stages } of loaded.pipelines) {
      const path = join(project.root, file);
      const isOther = ({ id, data, frozen }: Stage) => named.has(id) && (data === true || frozen !== wish.frozen);
      const chosen = stages.filter(isOther);
      if (chosen.length === 0) continue;
      const before = readFileSync(path, 'utf8');
      const text = isDataFile(file)
        ? await frozenDataFile(file, before, wish.frozen)
        : chosen.reduce((written, stage) => setFrozen(written, stage.name, wish.frozen), before);
      if (text === before) continue;
      writeFileAtomic(path, text, { durable: false });
      for (const { id } of chosen)
        say(context, `${wish.frozen ? 'froze' : 'unfroze'} ${loaded.labels.get(id) ?? id}\n`);
    }
    return EXIT.ok;
  } finally {
    await project.close();
  }
}

/** Of a `.dvc` file, for `lockstep update` and DVC: an import that is frozen is not brought up to date. */
async function frozenDataFile(file: ProjectPath, text: string, frozen: boolean): Promise<string> {
  const [{ parseDvcFile }, { updateDvcFile }] = await Promise.all([
    import('../pipeline/dvc/dvc-file.ts'),
    import('../pipeline/dvc/update-dvc-file.ts'),
  ]);
  const { dvcFile } = parseDvcFile(file, text);
  if (dvcFile === undefined || (dvcFile.frozen ?? false) === frozen) return text;
  return updateDvcFile(text, { ...dvcFile, frozen: frozen || undefined });
}

function say(context: Context, text: string): void {
  if (!context.quiet) context.stderr.write(text);
}
