import type { ProjectPath } from '../base/brand.ts';
import { compareValues } from '../pipeline/flat-values.ts';
import { defineCommand } from './command.ts';
import {
  COMPARING_OPTIONS,
  checkFormat,
  filesNamed,
  openBoth,
  parsePrecision,
  resolveTargets,
  sayNothingDiffers,
  warnOfFiles,
} from './compared-states.ts';
import { EXIT } from './exit-code.ts';
import { openProject } from './project.ts';
import type { ProjectState } from './project-state.ts';
import { renderValues, renderValuesMarkdown, valuesJson } from './render-values.ts';
import { metricFilesOf, readMetrics, valuesOf } from './state-values.ts';

export const command = defineCommand({
  usage: 'metrics diff [rev [rev]]',
  summary: 'Compare the metrics of two revisions or runs',
  details:
    'By default HEAD and the workspace. A rev is a revision of git, the beginning of a run’s id, latest, latest:STAGE, current:STAGE, or workspace.',
  options: COMPARING_OPTIONS,
  positionals: { min: 0, max: 2 },
  completes: 'rev',
  examples: ['lockstep metrics diff', 'lockstep metrics diff main', 'lockstep metrics diff 3fa9 latest:train --md'],
  run: async (context, given, revisions) => {
    checkFormat(given);
    const precision = parsePrecision(given.precision);
    const project = await openProject(context);
    try {
      const { here } = project;
      const states = await openBoth(project, context, revisions);
      const files = filesNamed(sharedFiles(states), resolveTargets(here, given.targets ?? []));
      const [before, after] = [await readMetrics(states[0], files), await readMetrics(states[1], files)];
      warnOfFiles(context, states[0].name, before);
      warnOfFiles(context, states[1].name, after);
      const pairs = compareValues(valuesOf(before), valuesOf(after), { all: given.all === true });
      const names = [states[0].name, states[1].name] as const;
      if (given.json === true) {
        context.stdout.write(`${JSON.stringify(valuesJson(pairs, here))}\n`);
        return EXIT.ok;
      }
      if (pairs.length === 0) sayNothingDiffers(context, 'metric', names);
      const shape = { noun: 'Metric', withPath: given['no-path'] !== true, withChange: true };
      const table = { pairs, names, here, precision, ...shape };
      context.stdout.write(given.md === true ? renderValuesMarkdown(table) : renderValues(table, context.stdout));
      return EXIT.ok;
    } finally {
      await project.close();
    }
  },
});

/** A run is of some stages: next to it, other stages' metrics would only look as if they were lost. */
function sharedFiles(states: readonly ProjectState[]): readonly ProjectPath[] {
  const runs = states.filter((state) => state.runs.length > 0);
  return [...new Set((runs.length > 0 ? runs : states).flatMap(metricFilesOf))];
}
