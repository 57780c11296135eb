import { defineCommand } from './command.ts';
import { drawPlots } from './draw-plots.ts';
import { EXIT } from './exit-code.ts';
import { PLOT_OPTIONS, plotOptions, showPlots } from './plots-output.ts';
import { openProject } from './project.ts';
import { workspaceState } from './project-state.ts';

export const command = defineCommand({
  usage: 'plots show [targets…]',
  summary: 'Draw the plots of the workspace: a page, and text in the terminal',
  details:
    'Writes one HTML file that works without a network, and prints where it is. Targets are plots, files or directories.',
  options: PLOT_OPTIONS,
  positionals: { min: 0, max: Number.POSITIVE_INFINITY },
  completes: 'path',
  examples: ['lockstep plots show --open', 'lockstep plots show logs.csv -x step -y loss --text'],
  run: async (context, given, targets) => {
    const options = plotOptions(given, targets);
    const project = await openProject(context);
    try {
      const plots = await drawPlots(project, [await workspaceState(project)], options);
      await showPlots(project, context, { plots, given });
      return EXIT.ok;
    } finally {
      await project.close();
    }
  },
});
