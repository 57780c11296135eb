import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { Literal, ProjectPath } from '../base/brand.ts';
import { LockstepError } from '../base/error.ts';
import { comparePaths, contains, resolveInProject } from '../base/project-path.ts';
import { isMetricValue } from '../pipeline/flat-values.ts';
import { plainOf } from '../pipeline/literal.ts';
import type { ParamsNode, ParamsTree } from '../pipeline/params.ts';
import { defineCommand } from './command.ts';
import {
  checkFormat,
  filesNamed,
  parsePrecision,
  resolveTargets,
  shownPath,
  warnOfFiles,
  warnOfState,
} from './compared-states.ts';
import type { Context, Output } from './context.ts';
import { EXIT } from './exit-code.ts';
import { oneLine } from './fit-text.ts';
import { openProject, type Project } from './project.ts';
import { openState, type ProjectState, WORKSPACE, workspaceState } from './project-state.ts';
import { renderMarkdownTable, renderTable } from './render-table.ts';
import { metricFilesOf, readMetrics, type ValueFile, type ValueFiles } from './state-values.ts';
import { stylesOf } from './style.ts';
import { cellText, PRECISION } from './value-text.ts';

export const command = defineCommand({
  usage: 'metrics show [targets or revs…]',
  summary: 'Show the metrics of the workspace, or of other revisions and runs',
  details:
    'A word that is no file of metrics is a rev: a revision of git, the beginning of a run’s id, latest, latest:STAGE, current:STAGE, or workspace. With revs, only those are shown.',
  options: {
    'all-branches': { type: 'boolean', short: 'a', help: 'also of every branch' },
    'all-tags': { type: 'boolean', short: 'T', help: 'also of every tag' },
    'all-commits': { type: 'boolean', short: 'A', help: 'also of every commit' },
    recursive: { type: 'boolean', short: 'R', help: 'a target that is a directory stands for all files below it' },
    json: { type: 'boolean', help: '{REV: {"data": {PATH: {"data": {…}}}}}, with "" for the workspace' },
    md: { type: 'boolean', help: 'as a Markdown table' },
    precision: { type: 'string', value: 'N', help: `round to N digits behind the point (${PRECISION})` },
  },
  positionals: { min: 0, max: Number.POSITIVE_INFINITY },
  completes: 'path',
  examples: [
    'lockstep metrics show',
    'lockstep metrics show 3fa9 latest:train workspace',
    'lockstep metrics show eval/metrics.json -T --md',
  ],
  run: async (context, given, words) => {
    checkFormat(given);
    const precision = parsePrecision(given.precision);
    const project = await openProject(context);
    try {
      const { targets, states } = await partOf(project, context, words);
      const named = resolveTargets(project.here, targets);
      const shown: Shown[] = [];
      for (const state of states) shown.push(await showOne(project, context, { state, named }));
      const revisions = await revisionsOf(project, context, {
        branches: given['all-branches'] === true,
        tags: given['all-tags'] === true,
        commits: given['all-commits'] === true,
      });
      for (const name of [...(states.length > 0 ? [] : [WORKSPACE]), ...revisions]) {
        shown.push(await showOne(project, context, { state: await stateOf(project, context, name), named }));
      }
      if (given.json === true) {
        context.stdout.write(`${JSON.stringify(metricsJson(shown, project.here))}\n`);
      } else {
        if (shown.every(({ files }) => files.size === 0)) context.stderr.write('no stage declares metrics\n');
        const table = { shown, here: project.here, precision };
        context.stdout.write(given.md === true ? renderMarkdown(table) : render(table, context.stdout));
      }
      const missing = named.length > 0 && shown.every(({ files }) => [...files.values()].every(isAbsent));
      return missing ? EXIT.usage : EXIT.ok;
    } finally {
      await project.close();
    }
  },
});

interface Shown {
  readonly name: string;
  readonly files: ValueFiles;
}

async function revisionsOf(
  project: Project,
  context: Context,
  kinds: Readonly<Record<'branches' | 'tags' | 'commits', boolean>>,
): Promise<readonly string[]> {
  const { listRevisions } = await import('../provenance/git-files.ts');
  const place = { cwd: project.root, env: context.env };
  const names: string[] = [];
  for (const kind of ['branches', 'tags', 'commits'] as const) {
    if (kinds[kind]) names.push(...(await listRevisions(place, kind)));
  }
  return [...new Set(names)];
}

async function stateOf(project: Project, context: Context, name: string): Promise<ProjectState> {
  return await openState(project, { cwd: project.root, env: context.env }, name);
}

/** Which of the words are files, and the states that the others mean. What means nothing is a file that is not there. */
async function partOf(
  project: Project,
  context: Context,
  words: readonly string[],
): Promise<{ readonly targets: readonly string[]; readonly states: readonly ProjectState[] }> {
  if (words.length === 0) return { targets: [], states: [] };
  const known = metricFilesOf(await workspaceState(project));
  const targets: string[] = [];
  const states: ProjectState[] = [];
  for (const word of words) {
    const path = resolveInProject(project.here, word);
    const isFile =
      path !== undefined && (existsSync(join(project.root, path)) || known.some((one) => contains(path, one)));
    const state = isFile ? undefined : await stateMeant(project, context, word);
    if (state === undefined) targets.push(word);
    else states.push(state);
  }
  return { targets, states };
}

async function stateMeant(project: Project, context: Context, word: string): Promise<ProjectState | undefined> {
  try {
    return await stateOf(project, context, word);
  } catch (error) {
    if (error instanceof LockstepError && error.code === 'git') return undefined;
    throw error;
  }
}

interface Question {
  readonly state: ProjectState;
  readonly named: readonly ProjectPath[];
}

async function showOne(project: Project, context: Context, { state, named }: Question): Promise<Shown> {
  const { name } = state;
  warnOfState(context, state);
  const known = metricFilesOf(state);
  const files = await readMetrics(state, filesNamed(known, named));
  warnOfFiles(context, name, files);
  // In a revision, a file that was not asked for and is nowhere any more is no news.
  const quiet = name !== WORKSPACE && named.length === 0;
  const kept = new Map([...files].filter(([, file]) => !quiet || !isAbsent(file)));
  for (const [path, file] of kept) {
    if (isAbsent(file)) context.stderr.write(`warning: ${name}: ${shownPath(project.here, path)} is not there\n`);
  }
  return { name, files: kept };
}

function isAbsent(file: ValueFile): boolean {
  return file.kind === 'missing';
}

function metricsJson(shown: readonly Shown[], here: ProjectPath): Readonly<Record<string, unknown>> {
  // A single state has no name, as scripts written for DVC expect it.
  const nameOf = (name: string) => (shown.length === 1 ? '' : name);
  return Object.fromEntries(
    shown.map(({ name, files }) => {
      const data = [...files].map(([path, file]) => [shownPath(here, path), fileJson(path, file)]);
      return [nameOf(name), { data: Object.fromEntries(data) }];
    }),
  );
}

function fileJson(path: ProjectPath, file: ValueFile): Readonly<Record<string, unknown>> {
  switch (file.kind) {
    case 'read':
      return { data: Object.hasOwn(file.tree, '') ? nodeJson(file.tree['']) : nodeJson(file.tree) };
    case 'missing':
      return { error: { type: 'FileNotFoundError', msg: `${path} is not there` } };
    case 'broken':
      return { error: { type: 'DecodeError', msg: file.message } };
  }
}

/** Metrics only, nested as in the file. */
function nodeJson(node: ParamsNode | undefined): unknown {
  if (node === undefined) return null;
  if (typeof node === 'string') return plainOf(node);
  const members = Object.entries(node as ParamsTree).filter(([, member]) => isMetricNode(member));
  return Object.fromEntries(members.map(([key, member]) => [key, nodeJson(member)]));
}

function isMetricNode(node: ParamsNode): boolean {
  if (typeof node === 'string') return isMetricValue(node);
  return !Array.isArray(node);
}

interface Table {
  readonly shown: readonly Shown[];
  readonly here: ProjectPath;
  readonly precision: number;
}

function cellsOf({ shown, here, precision }: Table): { readonly titles: string[]; readonly rows: string[][] } {
  const files = shown.flatMap(({ files: all }) => [...all.values()]);
  const keys = [...new Set(files.flatMap((file) => [...flat(file).keys()]))].sort(comparePaths);
  const several = shown.length > 1;
  const rows = shown.flatMap(({ name, files: all }) =>
    [...all].map(([path, file]) => [
      ...(several ? [oneLine(name)] : []),
      oneLine(shownPath(here, path)),
      ...keys.map((key) => cellText(flat(file).get(key) ?? null, precision)),
    ]),
  );
  return { titles: [...(several ? ['Revision'] : []), 'Path', ...keys.map(oneLine)], rows };
}

function flat(file: ValueFile): ReadonlyMap<string, Literal> {
  return file.kind === 'read' ? file.values : NONE;
}

const NONE: ReadonlyMap<string, Literal> = new Map();

function renderMarkdown(table: Table): string {
  const { titles, rows } = cellsOf(table);
  return renderMarkdownTable(titles, rows);
}

/** Metrics across; where that is too wide for the terminal, one line for each metric. */
function render(table: Table, output: Output): string {
  const { titles, rows } = cellsOf(table);
  const room = output.isTerminal ? output.columns : Number.POSITIVE_INFINITY;
  const style = stylesOf(output).bold;
  const across = renderTable(
    titles.map((title) => ({ title })),
    rows,
    { columns: Number.POSITIVE_INFINITY, title: (text) => text },
  );
  if (Math.max(...across.split('\n').map((line) => line.length)) <= room) {
    return across.replace(/^.*/, style);
  }
  const several = table.shown.length > 1;
  const heads = ['Path', 'Metric', ...(several ? ['Revision'] : []), 'Value'];
  const down = table.shown.flatMap(({ name, files }) =>
    [...files].flatMap(([path, file]) =>
      [...flat(file)].map(([key, value]) => [
        oneLine(shownPath(table.here, path)),
        oneLine(key),
        ...(several ? [oneLine(name)] : []),
        cellText(value, table.precision),
      ]),
    ),
  );
  down.sort((a, b) => comparePaths(a.slice(0, 2).join('\n'), b.slice(0, 2).join('\n')));
  return renderTable(
    heads.map((title) => ({ title, shrink: true })),
    down,
    { columns: room, title: style },
  );
}
