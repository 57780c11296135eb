import { mkdirSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { writeFileAtomic } from '../base/atomic-file.ts';
import { isErrno, LockstepError } from '../base/error.ts';
import { renderPage } from '../plots/page.ts';
import { plotText } from '../plots/text-plot.ts';
import type { OptionValues } from './command.ts';
import type { Context, Output } from './context.ts';
import type { DrawnPlot, PlotOptions } from './draw-plots.ts';
import { oneLine } from './fit-text.ts';
import type { Project } from './project.ts';
import { countText } from './quantity.ts';
import { stylesOf } from './style.ts';
import { vegaScripts } from './vega-scripts.ts';

/** Options that `plots show` and `plots diff` share. */
export const PLOT_OPTIONS = {
  out: { type: 'string', short: 'o', value: 'DIR', help: 'write index.html there (.lockstep/plots)' },
  text: { type: 'boolean', help: 'draw in the terminal only; write no page' },
  json: { type: 'boolean', help: '{"data": {PLOT: [{"type", "revisions", "content"}]}}; writes no page' },
  'show-vega': { type: 'boolean', help: 'print the Vega-Lite spec of the one target' },
  open: { type: 'boolean', help: 'open the page in the browser' },
  template: { type: 'string', short: 't', value: 'NAME', help: 'a built-in template, or a file' },
  x: { type: 'string', short: 'x', value: 'FIELD', help: 'the column of the x axis' },
  y: { type: 'string', short: 'y', value: 'FIELD', help: 'the column of the y axis' },
  'no-header': { type: 'boolean', help: 'a table’s first row is data; its columns are 0, 1, 2, …' },
  title: { type: 'string', value: 'TEXT', help: 'over the plot' },
  'x-label': { type: 'string', value: 'TEXT', help: 'along the x axis' },
  'y-label': { type: 'string', value: 'TEXT', help: 'along the y axis' },
  'html-template': { type: 'string', value: 'PATH', help: 'a page of your own with {plot_divs} and {scripts}' },
} as const;

export type Given = OptionValues<typeof PLOT_OPTIONS>;

export function plotOptions(given: Given, targets: readonly string[]): PlotOptions {
  if ([given.json, given.text, given['show-vega']].filter((flag) => flag === true).length > 1) {
    throw new LockstepError('usage', '--json, --text and --show-vega exclude each other');
  }
  if (given['show-vega'] === true && targets.length !== 1) {
    throw new LockstepError('usage', '--show-vega takes exactly one target');
  }
  return {
    targets,
    template: given.template,
    x: given.x,
    y: given.y,
    title: given.title,
    xLabel: given['x-label'],
    yLabel: given['y-label'],
    header: given['no-header'] === true ? false : undefined,
  };
}

/** Says what there is to see in the way that was asked for. */
export async function showPlots(
  project: Project,
  context: Context,
  { plots, given }: { readonly plots: readonly DrawnPlot[]; readonly given: Given },
): Promise<void> {
  const { stdout } = context;
  if (given.json === true) return stdout.write(`${JSON.stringify(plotsJson(plots))}\n`);
  if (given['show-vega'] === true) return stdout.write(`${JSON.stringify(onlySpec(plots))}\n`);
  for (const plot of plots) {
    if (plot.kind === 'failed') context.stderr.write(`warning: ${oneLine(plot.id)}: ${plot.why}\n`);
  }
  if (plots.length === 0) {
    context.stderr.write('no stage declares plots\n');
    return;
  }
  if (given.text === true || stdout.isTerminal) stdout.write(textOf(plots, stdout));
  if (given.text === true) return;
  const file = writePage(project, context, { plots, given });
  stdout.write(`${pathToFileURL(file).href}\n`);
  if (given.open === true) await openPage(context, file);
}

function onlySpec(plots: readonly DrawnPlot[]): unknown {
  const [plot] = plots;
  if (plot?.kind === 'vega') return plot.spec;
  const why = plot?.kind === 'failed' ? plot.why : 'it is a picture';
  throw new LockstepError('usage', `${plot?.id ?? 'the target'} has no spec: ${why}`);
}

function plotsJson(plots: readonly DrawnPlot[]): unknown {
  const data: Record<string, unknown[]> = {};
  const errors: unknown[] = [];
  for (const plot of plots) {
    if (plot.kind === 'failed') errors.push({ name: plot.id, msg: plot.why });
    else data[plot.id] = [...(data[plot.id] ?? []), ...entriesOf(plot)];
  }
  return { data, ...(errors.length > 0 && { errors }) };
}

function entriesOf(plot: Exclude<DrawnPlot, { kind: 'failed' }>): readonly unknown[] {
  if (plot.kind === 'vega') return [{ type: 'vega', revisions: plot.points.revisions, content: plot.spec }];
  return plot.images.map(({ revision, url }) => ({ type: 'image', revisions: [revision], url }));
}

const PAINTS = ['cyan', 'yellow', 'magenta', 'green', 'blue', 'red'] as const;
const WIDEST = 72;

function textOf(plots: readonly DrawnPlot[], output: Output): string {
  const style = stylesOf(output);
  const columns = Math.min(WIDEST, Math.max(24, output.columns));
  const paint = (text: string, series: number) => style[PAINTS[series % PAINTS.length] ?? 'cyan'](text);
  return plots.map((plot) => `${style.bold(oneLine(plot.id))}\n${bodyOf(plot, { columns, paint })}\n\n`).join('');
}

function bodyOf(plot: DrawnPlot, room: Omit<Parameters<typeof plotText>[1], 'template'>): string {
  switch (plot.kind) {
    case 'vega':
      return plotText(plot.points, { ...room, template: plot.template });
    case 'images':
      return `${countText(plot.images.length, 'picture')}: ${plot.images.map(({ revision }) => revision).join(', ')}`;
    case 'failed':
      return plot.why;
  }
}

interface Page {
  readonly plots: readonly DrawnPlot[];
  readonly given: Given;
}

function writePage(project: Project, context: Context, { plots, given }: Page): string {
  const directory = given.out === undefined ? join(project.root, '.lockstep/plots') : resolve(context.cwd, given.out);
  const template = given['html-template'];
  const html = renderPage(plots, {
    title: 'Plots',
    scripts: vegaScripts(),
    template: template === undefined ? undefined : readPageTemplate(context, template),
  });
  mkdirSync(directory, { recursive: true });
  const file = join(directory, 'index.html');
  writeFileAtomic(file, html, { durable: false });
  return file;
}

function readPageTemplate(context: Context, name: string): string {
  const text = readPage(resolve(context.cwd, name), name);
  if (text.includes('{plot_divs}')) return text;
  throw new LockstepError('usage', `${name} has no {plot_divs}, so no plot would be in the page`);
}

function readPage(file: string, name: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    if (!isErrno(error, 'ENOENT', 'EISDIR', 'EACCES')) throw error;
    throw new LockstepError('usage', `the page ${name} cannot be read: ${error.code}`, { cause: error });
  }
}

async function openPage(context: Context, file: string): Promise<void> {
  const [{ execa }, { platform }] = await Promise.all([import('execa'), import('node:os')]);
  const opener = { darwin: 'open', win32: 'explorer' }[platform() as string] ?? 'xdg-open';
  const result = await execa(opener, [file], { reject: false, stdio: 'ignore', env: context.env, extendEnv: false });
  if (result.exitCode === undefined)
    context.stderr.write(`warning: ${opener} cannot be started; open the page by hand\n`);
}
