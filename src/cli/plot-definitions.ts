import type { PlotDefinition as Declared, PlotField } from '../pipeline/declaration.ts';
import { definePlot, type PlotDefinition, type WrittenPlot } from '../plots/definition.ts';
import { type ProjectState, reportedOuts } from './project-state.ts';

/** All plots of a project: those that pipelines declare, those of stages, and of a run what else it recorded. */
export function plotDefinitions(state: Pick<ProjectState, 'stages' | 'pipelines' | 'runs'>): readonly PlotDefinition[] {
  const declared = state.pipelines.flatMap(({ plots = [] }) => plots.map(declaredPlot));
  const named = new Set(declared.map(({ id }) => id));
  const ofStages = state.stages.flatMap(({ outs }) =>
    outs
      // Of a file that is declared by itself, a stage that merely writes it says nothing new.
      .filter(({ kind, path, plot }) => kind === 'plot' && (plot !== undefined || !named.has(path)))
      .flatMap(({ path, plot }) => [plot ?? {}].flat().map((written: WrittenPlot) => definePlot(path, written))),
  );
  const known = new Set([...named, ...ofStages.map(({ id }) => id)]);
  const recorded = state.runs
    .flatMap(reportedOuts)
    .filter(({ path, reports }) => reports === 'plot' && !known.has(path))
    .map(({ path }) => definePlot(path, {}));
  return [...declared, ...ofStages, ...recorded];
}

/** Where no file is named, the plot is called after it. */
function declaredPlot({ id, path, x = [], y = [], ...rest }: Declared): PlotDefinition {
  const own = path ?? id;
  const inFile = ({ file, field }: PlotField) => ({ file: file ?? own, field });
  const ys = y.length > 0 ? y.map(inFile) : [{ file: own, field: null }];
  const [first] = x;
  // A bare column of x is one of each file that has a y.
  const isBare = first !== undefined && x.length === 1 && first.file === undefined;
  const xs = isBare ? ys.map(({ file }) => ({ file, field: first.field })) : x.map(inFile);
  const isOwnFile = ys.every(({ file }) => file === own);
  return { ...rest, id: isOwnFile ? own : id, ys, xs };
}
