import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { writeFileAtomic } from '../base/atomic-file.ts';
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
      const chosen = stages.filter((stage) => named.has(stage.id) && stage.frozen !== wish.frozen);
      if (chosen.length === 0) continue;
      const path = join(project.root, file);
      const text = chosen.reduce(
        (before, stage) => setFrozen(before, stage.name, wish.frozen),
        readFileSync(path, 'utf8'),
      );
      writeFileAtomic(path, text, { durable: false });
      for (const { id } of chosen)
        say(context, `${wish.frozen ? 'froze' : 'unfroze'} ${loaded.labels.get(id) ?? id}\n`);
    }
    return EXIT.ok;
  } finally {
    await project.close();
  }
}

function say(context: Context, text: string): void {
  if (!context.quiet) context.stderr.write(text);
}
