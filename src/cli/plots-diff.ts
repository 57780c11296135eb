import { defineCommand } from './command.ts';
import { warnOfState } from './compared-states.ts';
import type { Context } from './context.ts';
import { drawPlots } from './draw-plots.ts';
import { EXIT } from './exit-code.ts';
import { PLOT_OPTIONS, plotOptions, showPlots } from './plots-output.ts';
import { openProject, type Project } from './project.ts';
import { openState, type ProjectState, WORKSPACE } from './project-state.ts';

export const command = defineCommand({
  usage: 'plots diff [revs…]',
  summary: 'Draw the plots of several revisions or runs over each other',
  details:
    'By default the workspace and HEAD; with one rev the workspace and that. A rev is a revision of git, the beginning of a run’s id, latest, latest:STAGE, current:STAGE, or workspace.',
  options: {
    targets: { type: 'string', multiple: true, greedy: true, value: 'PATH…', help: 'only these plots' },
    ...PLOT_OPTIONS,
  },
  positionals: { min: 0, max: Number.POSITIVE_INFINITY },
  completes: 'rev',
  examples: ['lockstep plots diff --open', 'lockstep plots diff main v1.0 --targets logs.csv'],
  run: async (context, given, revisions) => {
    const options = plotOptions(given, given.targets ?? []);
    const project = await openProject(context);
    try {
      const plots = await drawPlots(project, await openAll(project, context, revisions), options);
      await showPlots(project, context, { plots, given });
      return EXIT.ok;
    } finally {
      await project.close();
    }
  },
});

async function openAll(project: Project, context: Context, given: readonly string[]): Promise<readonly ProjectState[]> {
  const names = given.length > 1 ? given : [WORKSPACE, ...(given.length === 1 ? given : ['HEAD'])];
  const states: ProjectState[] = [];
  for (const name of new Set(names)) {
    const state = await openState(project, { cwd: project.root, env: context.env }, name);
    warnOfState(context, state);
    states.push(state);
  }
  return states;
}
