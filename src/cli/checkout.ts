import { labelOf, lockedEntry } from '../repro/loaded.ts';
import { select } from '../repro/select.ts';
import { defineCommand } from './command.ts';
import { EXIT } from './exit-code.ts';
import { openProject } from './project.ts';
import { filterBy } from './remotes/asked-data.ts';
import { partsOf, type RestoreReport, restoredText, restoreOut } from './restore-outs.ts';

export const command = defineCommand({
  usage: 'checkout [targets…]',
  summary: 'Bring the outs that the lockfile names back from the cache',
  details:
    'Of the whole project, unless targets are named. What is there already is left alone. A file that the cache cannot bring back is moved to the trash before ' +
    'another takes its place. What cannot be restored is named, the rest is restored all the same, and the exit code is 1.',
  options: {
    glob: { type: 'boolean', help: 'targets are patterns' },
    json: {
      type: 'boolean',
      help: '{"restored": [path…], "kept": [path…], "missing": [{"path", "stage"}], "trash": {path: where}}',
    },
  },
  positionals: { min: 0, max: Number.POSITIVE_INFINITY },
  completes: 'stage',
  examples: ['git switch other-branch && lockstep checkout', 'lockstep checkout train data/images/cat.png'],
  run: async (context, given, targets) => {
    const project = await openProject(context);
    try {
      const loaded = await project.load();
      const { named } = select(loaded, project.here, {
        targets,
        glob: given.glob === true,
        allPipelines: targets.length === 0,
      });
      const report: RestoreReport = { restored: [], kept: [], missing: [], trash: {} };
      const stages = [...named].flatMap((id) => loaded.stages.get(id) ?? []);
      const isWanted = targets.length === 0 ? () => 'all' as const : filterBy(project, stages, targets);
      for (const stage of stages) {
        for (const [path, { content }] of lockedEntry(loaded, stage)?.entry.outs ?? []) {
          const part = isWanted(path);
          if (part === 'none') continue;
          const out = { path, content, stage: labelOf(loaded, stage.id) };
          for (const wanted of partsOf(project, out, part === 'all' ? undefined : part)) {
            await restoreOut(project, wanted, report);
          }
        }
      }
      if (given.json === true) context.stdout.write(`${JSON.stringify(report)}\n`);
      else context.stderr.write(restoredText(report));
      return report.missing.length > 0 ? EXIT.failed : EXIT.ok;
    } finally {
      await project.close();
    }
  },
});
