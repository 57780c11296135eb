import type { ProjectPath } from '../base/brand.ts';
import { LockstepError } from '../base/error.ts';
import { contains } from '../base/project-path.ts';
import { type Datapoints, datapointsOf } from '../plots/datapoints.ts';
import { definePlot, filesOf, type PlotDefinition } from '../plots/definition.ts';
import { fillTemplate, type Json } from '../plots/fill.ts';
import type { Picture } from '../plots/page.ts';
import { DEFAULT_TEMPLATE } from '../plots/templates.ts';
import { resolveTargets, shownPath } from './compared-states.ts';
import { plotDefinitions } from './plot-definitions.ts';
import { isImage, picturesOf, readPlotFiles, rowsOf, type StateFiles, spreadDirectories } from './plot-files.ts';
import { readTemplate } from './plot-templates.ts';
import type { Project } from './project.ts';
import type { ProjectState } from './project-state.ts';

/** A plot with its data, ready for a page, for `--json` or for the terminal. */
export type DrawnPlot = { readonly id: string } & (
  | { readonly kind: 'vega'; readonly template: string; readonly points: Datapoints; readonly spec: Json }
  | { readonly kind: 'images'; readonly images: readonly Picture[] }
  | { readonly kind: 'failed'; readonly why: string }
);

/** What a command says over the definitions. */
export interface PlotOptions {
  readonly targets: readonly string[];
  readonly template: string | undefined;
  readonly x: string | undefined;
  readonly y: string | undefined;
  readonly title: string | undefined;
  readonly xLabel: string | undefined;
  readonly yLabel: string | undefined;
  readonly header: boolean | undefined;
}

/** All wanted plots, each over all states. */
export async function drawPlots(
  project: Project,
  states: readonly ProjectState[],
  options: PlotOptions,
): Promise<readonly DrawnPlot[]> {
  const known = distinct(states.flatMap(plotDefinitions));
  const spread = (await Promise.all(known.map((plot) => spreadDirectories(plot, states)))).flat();
  const wanted = wantedPlots(project.here, distinct(spread), options.targets);
  const more = (await Promise.all(wanted.map((plot) => spreadDirectories(plot, states)))).flat();
  const plots = distinct(more).map((plot) => override(plot, options));
  const files = await readPlotFiles(states, plots);
  for (const plot of plots) checkThere(project.here, plot, { files, targets: options.targets });
  return plots.map((plot) => drawPlot(project, plot, files));
}

function distinct(plots: readonly PlotDefinition[]): readonly PlotDefinition[] {
  return [...new Map(plots.map((plot) => [JSON.stringify(plot), plot])).values()];
}

/** Plots by name, by file, or by a directory they are in; any other file is drawn as it comes. */
function wantedPlots(
  here: ProjectPath,
  plots: readonly PlotDefinition[],
  targets: readonly string[],
): readonly PlotDefinition[] {
  if (targets.length === 0) return plots;
  return targets.flatMap((target) => {
    const named = plots.filter(({ id }) => id === target);
    if (named.length > 0) return named;
    const [path] = resolveTargets(here, [target]);
    if (path === undefined) return [];
    const below = plots.filter((plot) => filesOf(plot).some((file) => contains(path, file as ProjectPath)));
    return below.length > 0 ? below : [definePlot(path, {})];
  });
}

function override(plot: PlotDefinition, options: PlotOptions): PlotDefinition {
  const { template, title, xLabel, yLabel, header } = options;
  const given = Object.entries({ template, title, xLabel, yLabel, header }).filter(([, value]) => value !== undefined);
  const [file] = filesOf(plot);
  const y = options.y === undefined || file === undefined ? {} : { ys: [{ file, field: options.y }] };
  const x = options.x;
  const ys = y.ys ?? plot.ys;
  return {
    ...plot,
    ...Object.fromEntries(given),
    ...y,
    ...(x === undefined ? {} : { xs: ys.map((column) => ({ file: column.file, field: x })) }),
  };
}

interface Findings {
  readonly files: readonly StateFiles[];
  readonly targets: readonly string[];
}

function checkThere(here: ProjectPath, plot: PlotDefinition, { files, targets }: Findings): void {
  const isThere = files.some((state) => filesOf(plot).some((file) => state.files.has(file as ProjectPath)));
  if (isThere || targets.length === 0) return;
  throw new LockstepError('usage', `${shownPath(here, plot.id as ProjectPath)} is neither a plot nor a file`, {
    hint: 'lockstep plots show draws all plots that stages declare',
  });
}

function drawPlot(project: Project, plot: PlotDefinition, states: readonly StateFiles[]): DrawnPlot {
  const isFile = filesOf(plot).includes(plot.id);
  const id = isFile ? shownPath(project.here, plot.id as ProjectPath) : plot.id;
  const present = states.filter(({ files }) => filesOf(plot).some((file) => files.has(file as ProjectPath)));
  if (present.length === 0) return { id, kind: 'failed', why: 'its file is not there' };
  if (isFile && isImage(plot.id)) return { id, kind: 'images', images: picturesOf(plot.id as ProjectPath, present) };
  const points = datapointsOf(
    plot,
    present.map((state) => tablesIn(plot, state)),
  );
  if (typeof points === 'string') return { id, kind: 'failed', why: points };
  const template = plot.template ?? DEFAULT_TEMPLATE;
  const spec = fillTemplate(readTemplate(project, template), points, plot.title ?? id);
  return { id, kind: 'vega', template, points, spec };
}

function tablesIn(plot: PlotDefinition, { name, files }: StateFiles) {
  const tables = filesOf(plot).flatMap((file) => {
    const bytes = files.get(file as ProjectPath);
    return bytes === undefined ? [] : [[file, rowsOf(file, bytes, plot.header !== false)] as const];
  });
  return { name, tables: new Map(tables) };
}
