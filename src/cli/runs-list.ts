import { LockstepError } from '../base/error.ts';
import { parseFilter, parseSubject } from '../tracking/filter.ts';
import { matches, sortRuns } from '../tracking/filter-match.ts';
import type { Run, RunStatus } from '../tracking/run.ts';
import type { RunQuery, TrackingStore } from '../tracking/tracking-store.ts';
import { defineCommand } from './command.ts';
import { EXIT } from './exit-code.ts';
import { openProject } from './project.ts';
import { runsCsv, runsJson, runsTable } from './render-runs-list.ts';
import { ofStage } from './run-reference.ts';

export const command = defineCommand({
  usage: 'runs list',
  summary: 'List the recorded runs, newest first',
  details: `FILTER compares what is recorded: metrics.KEY, params.KEY, tags.KEY, or id, stage, file, status, start_time,
end_time, duration (seconds), git_sha, branch, dirty, command; with = != > >= < <= like ilike, and, or, not and
parentheses. Keys with blanks stand in backticks.`,
  options: {
    stage: { type: 'string', value: 'STAGE', help: 'only runs of this stage' },
    failed: { type: 'boolean', help: 'only runs that failed or were killed' },
    status: {
      type: 'string',
      value: 'STATUS',
      help: 'only runs with this status: running, finished, failed or killed',
    },
    where: { type: 'string', value: 'FILTER', help: "only runs for which this holds: 'metrics.acc > 0.9'" },
    sort: {
      type: 'string',
      value: 'KEY',
      dashed: true,
      help: "sort by metrics.acc, params.lr, duration, …; '-KEY' is descending",
    },
    number: { type: 'string', short: 'n', value: 'N', help: 'only the first N' },
    all: { type: 'boolean', help: 'also each repro, the parent of the runs in it' },
    json: { type: 'boolean', help: '{"runs": [{"id", "stage", "status", "startTime", …}]}' },
    csv: { type: 'boolean', help: 'comma-separated, a column for every param and metric' },
  },
  positionals: { min: 0, max: 0 },
  examples: [
    "lockstep runs list --where 'metrics.acc > 0.9 and params.lr = 0.1'",
    "lockstep runs list --sort '-metrics.acc' -n 5",
  ],
  run: async (context, given) => {
    const request = readRequest(given);
    const project = await openProject(context);
    try {
      const runs = choose(await fetch(await project.tracking(), request), request);
      if (given.json === true) context.stdout.write(runsJson(runs));
      else if (given.csv === true) context.stdout.write(runsCsv(runs));
      else if (runs.length > 0) context.stdout.write(runsTable(runs, { output: context.stdout, now: context.now() }));
      else if (!context.quiet)
        context.stderr.write(`${request.narrowed ? 'no such runs' : 'no runs are recorded yet'}\n`);
      return EXIT.ok;
    } finally {
      await project.close();
    }
  },
});

interface Request {
  readonly stage: string | undefined;
  readonly statuses: readonly RunStatus[];
  readonly keep: (run: Run) => boolean;
  readonly sort: (runs: readonly Run[]) => readonly Run[];
  readonly limit: number | undefined;
  readonly parents: boolean;
  /** Whether anything was left out on purpose. */
  readonly narrowed: boolean;
}

/** Everything that can be wrong with the flags is found here, before anything is opened. */
function readRequest(
  given: {
    readonly [Name in 'stage' | 'status' | 'where' | 'sort' | 'number']?: string;
  } & { readonly [Name in 'failed' | 'all' | 'json' | 'csv']?: boolean },
): Request {
  if (given.json === true && given.csv === true)
    throw new LockstepError('usage', '--json and --csv exclude each other');
  const filter = given.where === undefined ? undefined : parseFilter(given.where);
  return {
    stage: given.stage,
    statuses: readStatuses(given),
    keep: (run) => filter === undefined || matches(run, filter),
    sort: readSort(given.sort),
    limit: readLimit(given.number),
    parents: given.all === true,
    narrowed: [given.stage, given.status, given.where, given.failed].some((value) => value !== undefined),
  };
}

const STATUSES: readonly RunStatus[] = ['RUNNING', 'FINISHED', 'FAILED', 'KILLED'];

/** Empty: any. */
function readStatuses(given: { readonly status?: string; readonly failed?: boolean }): readonly RunStatus[] {
  const asked = given.status?.toUpperCase();
  const status = STATUSES.find((known) => known === asked);
  if (asked !== undefined && status === undefined) {
    throw new LockstepError('usage', `no status '${given.status}'`, {
      hint: `choose from: ${STATUSES.join(', ').toLowerCase()}`,
    });
  }
  const failed: readonly RunStatus[] = given.failed === true ? ['FAILED', 'KILLED'] : [];
  return status === undefined || failed.includes(status)
    ? status === undefined
      ? failed
      : [status]
    : [...failed, status];
}

function readSort(key: string | undefined): Request['sort'] {
  if (key === undefined) return (runs) => runs;
  const descending = key.startsWith('-');
  const subject = parseSubject(descending ? key.slice(1) : key);
  return (runs) => sortRuns(runs, { subject, descending });
}

function readLimit(text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  if (/^\d{1,9}$/.test(text)) return Number(text);
  throw new LockstepError('usage', `-n needs a number of runs, not '${text}'`);
}

/** Asks the database for as little as the request allows. */
async function fetch(tracking: TrackingStore, request: Request): Promise<readonly Run[]> {
  const [status, ...more] = request.statuses;
  const query: RunQuery = {
    parents: request.parents,
    latestMetrics: true,
    ...(status !== undefined && more.length === 0 ? { status } : {}),
  };
  return request.stage === undefined ? await tracking.list(query) : await ofStage(tracking, request.stage, query);
}

function choose(runs: readonly Run[], request: Request): readonly Run[] {
  const { statuses, keep, sort, limit } = request;
  const wanted = runs.filter((run) => (statuses.length === 0 || statuses.includes(run.status)) && keep(run));
  return sort(wanted).slice(0, limit);
}
