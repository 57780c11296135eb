import { availableParallelism, totalmem } from 'node:os';
import { LockstepError } from '../base/error.ts';
import type { OnEvent, Summary } from '../repro/event.ts';
import type { Limits } from '../repro/order.ts';
import { repro } from '../repro/repro.ts';
import type { ReproRequest } from '../repro/repro-request.ts';
import { select } from '../repro/select.ts';
import { defineCommand, type OptionValues } from './command.ts';
import type { Config } from './config.ts';
import type { Context } from './context.ts';
import { EXIT, type ExitCode } from './exit-code.ts';
import type { Follower } from './mirror/follow.ts';
import { openRenderer } from './open-renderer.ts';
import { openProject, type Project } from './project.ts';
import { rememberStill } from './remember-still.ts';
import type { OpenSupply } from './remotes/supply.ts';

const options = {
  jobs: {
    type: 'string',
    short: 'j',
    value: 'N',
    help: 'run at most N stages at the same time (default: the number of cores)',
  },
  force: { type: 'boolean', short: 'f', help: 'run stages even if nothing changed' },
  'force-downstream': { type: 'boolean', help: 'run whatever depends on a stage that ran' },
  'single-item': { type: 'boolean', short: 's', help: 'only the targets, not what they need' },
  downstream: { type: 'boolean', help: 'the targets and what depends on them, not what they need' },
  'keep-going': { type: 'boolean', short: 'k', help: 'after a failure, go on with what does not need it' },
  'ignore-errors': { type: 'boolean', help: 'after a failure, go on with everything' },
  dry: { type: 'boolean', help: 'show what would be done and why, and do nothing' },
  'exit-code': { type: 'boolean', help: 'with --dry: exit with 1 if there is anything to do' },
  'no-run-cache': { type: 'boolean', help: 'do not bring back results of earlier runs' },
  'no-commit': { type: 'boolean', help: 'do not put outs into the cache' },
  pull: { type: 'boolean', help: 'bring what is missing from a remote, when a stage needs it' },
  remote: { type: 'string', short: 'r', value: 'NAME', help: 'with --pull, another remote than the default one' },
  'allow-missing': { type: 'boolean', help: 'take missing data that the lock knows as unchanged' },
  interactive: { type: 'boolean', short: 'i', help: 'ask before each stage' },
  glob: { type: 'boolean', help: 'targets are patterns' },
  'all-pipelines': { type: 'boolean', short: 'P', help: 'all pipeline files of the project' },
  watch: { type: 'boolean', help: 'stay, and run again when deps, params or pipeline files change' },
  json: { type: 'boolean', help: 'one event a line on stdout; the last is the summary' },
} as const;

type Options = OptionValues<typeof options>;

export const command = defineCommand({
  usage: 'repro [targets…]',
  summary: 'Run what changed, restore what is known, keep the rest',
  options,
  positionals: { min: 0, max: Number.POSITIVE_INFINITY },
  completes: 'stage',
  examples: [
    'lockstep repro',
    'lockstep repro train -j 4',
    'lockstep repro --dry --exit-code',
    'lockstep repro --pull',
    'lockstep repro --watch',
  ],
  run: async (context, given, targets) => {
    const project = await openProject(context);
    try {
      if (given.watch === true) {
        const { watch } = await import('./watch.ts');
        return await watch(context, project, () => once(context, project, { given, targets }));
      }
      return await once(context, project, { given, targets });
    } finally {
      await project.close();
    }
  },
});

interface Call {
  readonly given: Options;
  readonly targets: readonly string[];
}

/** One pass over the project as it is now. */
async function once(context: Context, project: Project, { given, targets }: Call): Promise<ExitCode> {
  const since = context.now();
  const loaded = await project.load();
  const { named, wanted } = select(loaded, project.here, {
    targets,
    glob: given.glob === true,
    allPipelines: given['all-pipelines'] === true,
    singleItem: given['single-item'] === true,
    downstream: given.downstream === true,
  });
  const renderer = await openRenderer(context, loaded, {
    json: given.json === true,
    // A view that is drawn again and again would wipe the questions away.
    live: given.interactive !== true,
  });
  const supply = await supplied(context, project, { given, onEvent: renderer.onEvent });
  const follower = await followed(context, project, { given, onEvent: renderer.onEvent });
  const request: ReproRequest = {
    ...(follower !== undefined && { run: follower.run }),
    wanted,
    forced: given.force === true ? (given['single-item'] === true ? named : wanted) : new Set(),
    forceDownstream: given['force-downstream'] === true,
    allowMissing: given['allow-missing'] === true,
    keepGoing: given['keep-going'] === true,
    ignoreErrors: given['ignore-errors'] === true,
    limits: limitsOf(context, project.config, given.jobs),
    supply,
    confirm: given.interactive === true ? confirmation(context) : undefined,
    dry: given.dry === true,
    commit: given['no-commit'] !== true,
    useRunCache: given['no-run-cache'] !== true,
    grace: project.config.grace * 1000,
    signal: context.signal,
    emit: follower?.onEvent ?? renderer.onEvent,
    command: 'repro',
  };
  try {
    const { summary, planned } = await repro(project.tools, loaded, request);
    if (isPlain(given)) rememberStill(project, { command: 'repro', targets }, { loaded, planned, since });
    return exitOf(summary, given, context);
  } finally {
    follower?.end();
    await renderer.stop();
    await supply?.close();
  }
}

/** Only with `--pull`. */
async function supplied(
  context: Context,
  project: Project,
  { given, onEvent }: { readonly given: Options; readonly onEvent: OnEvent },
): Promise<OpenSupply | undefined> {
  if (given.pull !== true) {
    if (given.remote === undefined) return undefined;
    throw new LockstepError('usage', '--remote says where --pull brings things from, and there is no --pull');
  }
  const { openSupply } = await import('./remotes/supply.ts');
  return openSupply({ project, context }, { remote: given.remote, dry: given.dry === true, emit: onEvent });
}

/** Only where there is a server that records are sent to. */
async function followed(
  context: Context,
  project: Project,
  { given, onEvent }: { readonly given: Options; readonly onEvent: OnEvent },
): Promise<Follower | undefined> {
  if (project.config.tracking === undefined || given.dry === true) return undefined;
  const { followRepro } = await import('./mirror/follow.ts');
  return followRepro(context, project, onEvent);
}

/** Whether the answer rests on the workspace only, and on no option. */
function isPlain({ jobs: _, ...given }: Options): boolean {
  return Object.values(given).every((value) => value === undefined);
}

function exitOf(summary: Summary, given: Options, context: Context): ExitCode {
  if (context.signal.aborted) return EXIT.interrupted;
  if (summary.interrupted.length > 0) return EXIT.failed;
  if (summary.failed.length > 0 && given['ignore-errors'] !== true) return EXIT.failed;
  // Nothing failed and nobody was asked: what is blocked here lacks data, and was not done.
  const left = given.dry !== true && given.interactive !== true && given['ignore-errors'] !== true;
  if (left && summary.blocked.length > 0) return EXIT.failed;
  const todo = summary.ran.length + summary.restored.length + summary.blocked.length;
  return given['exit-code'] === true && given.dry === true && todo > 0 ? EXIT.failed : EXIT.ok;
}

function confirmation(context: Context): ReproRequest['confirm'] {
  const { ask } = context;
  if (ask === undefined) throw new LockstepError('usage', '--interactive needs a terminal to ask on');
  let last: Promise<unknown> = Promise.resolve();
  return (stage) => {
    const answer = last.then(() => ask(`Run stage '${stage.name}'? [y/N] `));
    last = answer.catch(() => undefined);
    return answer.then(
      (text) => /^y(es)?$/i.test(text.trim()),
      (error) => {
        if (context.signal.aborted) return false;
        throw error;
      },
    );
  };
}

export function limitsOf(context: Context, config: Config, jobs: string | undefined): Limits {
  const wanted = jobs === undefined ? (config.jobs ?? availableParallelism()) : Number(jobs);
  if (!Number.isInteger(wanted) || wanted < 1) {
    throw new LockstepError('usage', `-j takes a whole number from 1, not '${jobs}'`);
  }
  const visible = context.env.CUDA_VISIBLE_DEVICES?.split(',').filter((device) => device !== '');
  return {
    jobs: wanted,
    cpus: Math.max(wanted, config.resources.cpus ?? availableParallelism()),
    memory: config.resources.memory ?? totalmem(),
    gpus: config.resources.gpus ?? visible ?? [],
  };
}
