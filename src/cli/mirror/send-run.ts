import { apiRequest, type Pair, requestsOf, type Server, send } from '../../client/tracking-api.ts';
import { textOfLiteral } from '../../tracking/param-literal.ts';
import type { Run } from '../../tracking/run.ts';

/** By which a run that was created, but not noted, is found again. */
const OUR_ID = 'lockstep.run_id';

interface Creation {
  readonly run: Run;
  /** At the server. */
  readonly experiment: string;
  readonly parent: string | null;
}

/** Its id at the server. */
export async function createRemote(server: Server, { run, experiment, parent }: Creation): Promise<string> {
  const answer = await send(
    apiRequest(server, 'POST', 'runs/create', {
      experiment_id: experiment,
      run_name: run.tags[NAME] ?? run.stage ?? 'repro',
      start_time: run.startTime,
      tags: [{ key: OUR_ID, value: run.id }, ...(parent === null ? [] : [{ key: PARENT, value: parent }])],
    }),
  );
  const id = (answer.run as { readonly info?: { readonly run_id?: unknown } } | undefined)?.info?.run_id;
  if (typeof id === 'string') return id;
  throw new Error('the server created a run without an id');
}

export async function findRemote(
  server: Server,
  { run, experiment }: Pick<Creation, 'run' | 'experiment'>,
): Promise<string | undefined> {
  const filter = `tags."${OUR_ID}" = '${run.id}'`;
  const request = { experiment_ids: [experiment], filter, max_results: 1 };
  const { runs } = await send(apiRequest(server, 'POST', 'runs/search', request));
  const [found] = (runs ?? []) as readonly { readonly info: { readonly run_id: string } }[];
  return found?.info.run_id;
}

/** The experiment of this name, which is made if it is not there. */
export async function experimentAt(server: Server, name: string): Promise<string> {
  const query = `experiments/search`;
  const filter = `name = '${name}'`;
  const { experiments } = await send(apiRequest(server, 'POST', query, { filter, max_results: 1 }));
  const [found] = (experiments ?? []) as readonly { readonly experiment_id: string }[];
  if (found !== undefined) return found.experiment_id;
  return String((await send(apiRequest(server, 'POST', 'experiments/create', { name }))).experiment_id);
}

/** All that it has, and last how it ended. Doing it again changes nothing. */
export async function sendRecord(server: Server, run: Run, remote: string): Promise<void> {
  const batch = {
    params: run.params.map(({ key, value }) => ({ key: nameOf(key), value: textOfLiteral(value).slice(0, LONGEST) })),
    metrics: run.metrics.map((point) => ({ ...point, key: nameOf(point.key) })),
    tags: tagsOf(run),
  };
  for (const request of requestsOf({ ...server, run: remote }, batch)) await send(request);
  const ending = { run_id: remote, status: run.status, end_time: run.endTime ?? undefined };
  await send(apiRequest(server, 'POST', 'runs/update', ending));
}

const NAME = 'mlflow.runName';
const PARENT = 'mlflow.parentRunId';
const COMMIT = 'mlflow.source.git.commit';

/** What every server takes of a value. */
const LONGEST = 5000;

function tagsOf({ tags, code }: Run): readonly Pair[] {
  const own = Object.entries(tags).filter(([key]) => key !== NAME && key !== PARENT);
  const all = { ...Object.fromEntries(own), ...(code?.gitSha ? { [COMMIT]: code.gitSha } : {}) };
  return Object.entries(all).map(([key, value]) => ({ key: nameOf(key), value: value.slice(0, LONGEST) }));
}

/** Servers take no other signs in names. */
function nameOf(key: string): string {
  return key.replace(/[^\w.\-/ :]/g, '_').slice(0, 250);
}
