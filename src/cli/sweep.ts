import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { RunId } from '../base/brand.ts';
import { LockstepError } from '../base/error.ts';
import { plainOf } from '../pipeline/literal.ts';
import { setParams } from '../pipeline/set-param.ts';
import { snapshotTree } from '../provenance/scratch-worktree.ts';
import type { Run } from '../tracking/run.ts';
import { defineCommand, type OptionValues } from './command.ts';
import type { Context } from './context.ts';
import { EXIT, type ExitCode } from './exit-code.ts';
import { openProject, type Project } from './project.ts';
import { renderTable } from './render-table.ts';
import { stylesOf } from './style.ts';
import { bestOf, type Goal, metricOf, requireMetric } from './sweep/best.ts';
import type { Ended } from './sweep/configuration.ts';
import { type Axis, configurationsOf, parseAxis } from './sweep/grid.ts';
import { type SweepPlan, unfinishedSweep } from './sweep/plan.ts';
import { runSweep } from './sweep/run-sweep.ts';

const options = {
  set: {
    type: 'string',
    short: 'S',
    multiple: true,
    value: 'KEY=VALUES',
    help: 'a param and the values it is to take, with commas between them',
  },
  metric: { type: 'string', value: 'NAME', help: 'the number by which one configuration is better than another' },
  maximize: { type: 'boolean', help: 'the highest is the best (this is the default)' },
  minimize: { type: 'boolean', help: 'the lowest is the best' },
  random: { type: 'string', value: 'N', help: 'only N of the combinations, drawn at random' },
  seed: { type: 'string', value: 'N', help: 'what the drawing begins with (default: 1)' },
  jobs: { type: 'string', short: 'j', value: 'N', help: 'run N configurations at the same time (default: 1)' },
  resume: { type: 'boolean', help: 'go on with the last sweep that was interrupted' },
  json: {
    type: 'boolean',
    help: '{"sweep", "best", "configurations": [{"name", "run", "status", "params", "metrics"}]}',
  },
} as const;

type Options = OptionValues<typeof options>;

export const command = defineCommand({
  usage: 'sweep [targets…]',
  summary: 'Run the pipeline with many values of its params, each in a copy of the workspace',
  details:
    'The copies are work trees of git with the uncommitted changes in them; they share the cache, so that only what a ' +
    'param touches runs. The workspace is left as it is: lockstep runs apply RUN brings a result into it.',
  options,
  positionals: { min: 0, max: Number.POSITIVE_INFINITY },
  completes: 'stage',
  examples: [
    'lockstep sweep -S train.lr=0.1,0.05 -S train.depth=4,6 --metric auc',
    'lockstep sweep -S seed=1,2,3,4 --metric loss --minimize -j 2',
    'lockstep sweep --resume',
  ],
  run: async (context, given, targets) => {
    const project = await openProject(context);
    try {
      return await sweep(context, project, { given, targets });
    } finally {
      await project.close();
    }
  },
});

interface Call {
  readonly given: Options;
  readonly targets: readonly string[];
}

async function sweep(context: Context, project: Project, call: Call): Promise<ExitCode> {
  const { given } = call;
  const jobs = wholeNumber(given.jobs ?? '1', '-j');
  const loaded = await project.load();
  const { plan, done } =
    given.resume === true
      ? await unfinishedSweep(await project.tracking())
      : { plan: await newPlan(context, project, call), done: [] };
  const count = plan.configurations.length;
  context.stderr.write(`${count} configurations${done.length > 0 ? `, ${done.length} of them done` : ''}\n`);
  const onEnded = (ended: Ended) => context.stderr.write(lineOf(ended, plan.goal));
  const runs = await runSweep(context, { project, loaded }, { plan, done, jobs, onEnded });
  if (given.json === true) context.stdout.write(`${JSON.stringify(sweepJson(plan, runs))}\n`);
  else context.stdout.write(tableOf(context, plan, runs));
  if (context.signal.aborted) {
    context.stderr.write('interrupted; lockstep sweep --resume goes on from here\n');
    return EXIT.interrupted;
  }
  if (plan.goal !== undefined) requireMetric(runs, plan.goal.metric);
  return runs.some(({ status }) => status !== 'FINISHED') ? EXIT.failed : EXIT.ok;
}

async function newPlan(context: Context, project: Project, { given, targets }: Call): Promise<SweepPlan> {
  const axes = (given.set ?? []).map((text) => parseAxis(text, project.here));
  if (axes.length === 0) {
    throw new LockstepError('usage', 'a sweep needs a param to turn', {
      hint: 'for example: lockstep sweep -S train.lr=0.1,0.05 --metric accuracy',
    });
  }
  for (const axis of axes) checkAxis(project.root, axis);
  if (given.maximize === true && given.minimize === true) {
    throw new LockstepError('usage', '--maximize and --minimize cannot both be');
  }
  const direction = given.minimize === true ? 'minimize' : 'maximize';
  const sample =
    given.random === undefined
      ? undefined
      : { count: wholeNumber(given.random, '--random'), seed: wholeNumber(given.seed ?? '1', '--seed') };
  const combinations = configurationsOf(axes, sample);
  const digits = Math.max(3, String(combinations.length - 1).length);
  const place = { cwd: project.root, env: context.env };
  const id = context.randomId() as RunId;
  return {
    id,
    startTime: context.now(),
    tree: await snapshotTree(place, join(project.tools.tmp, 'sweeps', `${id}.index`)),
    targets,
    goal: given.metric === undefined ? undefined : { metric: given.metric, direction },
    configurations: combinations.map((assignments, index) => ({
      name: `config-${String(index).padStart(digits, '0')}`,
      assignments,
    })),
  };
}

/** Better now than in the middle of a sweep. */
function checkAxis(root: string, { file, key, values }: Axis): void {
  const path = join(root, file);
  if (!existsSync(path)) throw new LockstepError('usage', `there is no file ${file} to set ${key} in`);
  const text = readFileSync(path, 'utf8');
  for (const value of values) setParams(file, text, [{ key, value }]);
}

function wholeNumber(text: string, option: string): number {
  const number = Number(text);
  if (Number.isInteger(number) && number >= 1) return number;
  throw new LockstepError('usage', `${option} takes a whole number from 1, not '${text}'`);
}

function lineOf({ configuration, run, summary, error }: Ended, goal: Goal | undefined): string {
  const params = configuration.assignments.map(({ key, value }) => `${key}=${value}`).join(' ');
  const value = goal === undefined ? undefined : metricOf(run, goal.metric);
  const result = value === undefined ? '' : `  ${goal?.metric} ${value}`;
  if (summary === undefined) return `✘ ${configuration.name}  ${params}  ${error ?? 'failed'}\n`;
  const counts = (['ran', 'restored', 'kept', 'failed', 'blocked'] as const)
    .filter((what) => summary[what].length > 0)
    .map((what) => `${summary[what].length} ${what}`);
  return `${run.status === 'FINISHED' ? '✔' : '✘'} ${configuration.name}  ${params}${result}  ${counts.join(', ')}\n`;
}

function tableOf(context: Context, plan: SweepPlan, runs: readonly Run[]): string {
  const best = plan.goal === undefined ? undefined : bestOf(runs, plan.goal);
  const keys = [...new Set(runs.flatMap(({ params }) => params.map(({ key }) => key)))];
  const metrics =
    plan.goal === undefined
      ? [...new Set(runs.flatMap((run) => run.metrics.map(({ key }) => key)))]
      : [plan.goal.metric];
  const columns = [
    { title: 'configuration' },
    { title: 'run' },
    { title: 'status' },
    ...keys.map((title) => ({ title, align: 'right' as const })),
    ...metrics.map((title) => ({ title, align: 'right' as const })),
  ];
  const rows = runs.map((run) => [
    `${run.tags['mlflow.runName'] ?? ''}${run === best ? ' ★ best' : ''}`,
    run.id.slice(0, 8),
    run.status,
    ...keys.map((key) => run.params.find((param) => param.key === key)?.value ?? ''),
    ...metrics.map((key) => String(metricOf(run, key) ?? '')),
  ]);
  const { bold } = stylesOf(context.stdout);
  return renderTable(columns, rows, { columns: context.stdout.columns, title: bold });
}

function sweepJson(plan: SweepPlan, runs: readonly Run[]): object {
  const best = plan.goal === undefined ? undefined : bestOf(runs, plan.goal);
  return {
    sweep: plan.id,
    best: best?.id ?? null,
    configurations: runs.map((run) => ({
      name: run.tags['mlflow.runName'],
      run: run.id,
      status: run.status,
      params: Object.fromEntries(run.params.map(({ key, value }) => [key, plainOf(value)])),
      metrics: Object.fromEntries(run.metrics.map(({ key, value }) => [key, value])),
    })),
  };
}
