import { definePlot, type PlotDefinition, type WrittenPlot } from '../plots/definition.ts';
import { type ProjectState, reportedOuts } from './project-state.ts';

/** All plots of a project: those of its stages, by their paths, and of a run what else it recorded. */
export function plotDefinitions(state: Pick<ProjectState, 'stages' | 'pipelines' | 'runs'>): readonly PlotDefinition[] {
  const declared = state.stages.flatMap(({ outs }) =>
    outs
      .filter(({ kind }) => kind === 'plot')
      .flatMap(({ path, plot }) => [plot ?? {}].flat().map((written: WrittenPlot) => definePlot(path, written))),
  );
  const known = new Set(declared.map(({ id }) => id));
  const recorded = state.runs
    .flatMap(reportedOuts)
    .filter(({ path, reports }) => reports === 'plot' && !known.has(path))
    .map(({ path }) => definePlot(path, {}));
  return [...declared, ...recorded];
}
