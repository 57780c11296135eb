import { type Fetched, fetchObjects } from '../../remotes/fetch.ts';
import type { Problem } from '../../remotes/line.ts';
import { fetchRecords } from '../../remotes/records.ts';
import type { Loaded } from '../../repro/loaded.ts';
import type { Context } from '../context.ts';
import type { Project } from '../project.ts';
import { bytesText, countText } from '../quantity.ts';
import { type AskedData, askedData, WHICH_DATA, type WhichData } from './asked-data.ts';
import { overRemote } from './open-line.ts';
import { remotesOf } from './remote-config.ts';
import { runFilesOf, runRecords } from './run-records.ts';
import { problemJson, problemText } from './transfer-report.ts';

/** Options that `fetch` and `pull` have in common. */
export const FETCHING = {
  ...WHICH_DATA,
  'run-cache': { type: 'boolean', help: 'also the data of all results that the run cache of the remote knows' },
  'no-run-cache': { type: 'boolean', help: 'leave the run cache of the remote alone' },
  json: {
    type: 'boolean',
    help: '{"fetched": N, "bytes": N, "here": N, "runs": N, "problems": [{"problem", "paths", "neededBy", …}]}',
  },
} as const;

export interface FetchWish extends WhichData {
  readonly remote?: string;
  readonly jobs?: string;
  readonly 'run-cache'?: boolean;
  readonly 'no-run-cache'?: boolean;
}

export interface FetchedData {
  readonly fetched: number;
  readonly bytes: number;
  readonly here: number;
  /** Records of the run cache that came. */
  readonly runs: number;
  readonly problems: readonly (Problem & { readonly remote: string })[];
}

interface FetchRequest {
  readonly loaded: Loaded;
  readonly wish: FetchWish;
  readonly targets: readonly string[];
}

/** Brings data from the remotes into the cache, and the run cache with it. */
export async function fetchData(
  { project, context }: { readonly project: Project; readonly context: Context },
  { loaded, wish, targets }: FetchRequest,
): Promise<FetchedData> {
  const asked = await askedData(project, loaded, { targets, which: wish, pushing: false });
  const total = { fetched: 0, bytes: 0, here: 0, runs: 0, problems: [] as (Problem & { remote: string })[] };
  const remotes = remotesOf(project);
  await project.store().enter();
  for (const own of remotesAsked(asked)) {
    const line = { remotes, name: own ?? wish.remote, jobs: wish.jobs, verb: 'fetching' };
    await overRemote({ project, context }, line, async (over) => {
      const take = (fetched: Fetched): void => {
        total.fetched += fetched.objects;
        total.bytes += fetched.bytes;
        total.here += fetched.here;
        total.problems.push(...fetched.problems.map((problem) => ({ ...problem, remote: over.remote.url })));
      };
      take(await fetchObjects(over, asked.byRemote.get(own) ?? []));
      if (own !== undefined || wish['no-run-cache'] === true) return;
      total.runs += await fetchRecords(over, runFilesOf(project));
      if (wish['run-cache'] !== true) return;
      const outs = (await runRecords(project, 'all')).flatMap((record) => record.outs);
      const { problems: _, ...rest } = await fetchObjects(
        over,
        outs.map((content) => ({ content, path: content.digest, neededBy: null })),
      );
      take({ ...rest, problems: [] });
    });
  }
  return total;
}

/** The default one also where nothing is asked of it: it has the run cache. */
export function remotesAsked({ byRemote }: AskedData): readonly (string | undefined)[] {
  const named = [...byRemote.keys()].filter((name) => name !== undefined);
  return byRemote.has(undefined) || named.length === 0 ? [undefined, ...named] : named;
}

export function fetchedText({ fetched, bytes, here, runs, problems }: FetchedData): string {
  const lines = problems.map((problem) => problemText(problem, problem.remote));
  const counts = [`${countText(fetched, 'object')} (${bytesText(bytes)}) fetched`, `${here} already here`];
  if (runs > 0) counts.push(`${countText(runs, 'earlier result')} learnt`);
  if (problems.length > 0) counts.push(`${problems.length} not to be had`);
  return `${[...lines, counts.join(', ')].join('\n')}\n`;
}

export function fetchedJson({ problems, ...counts }: FetchedData): Readonly<Record<string, unknown>> {
  return { ...counts, problems: problems.map(problemJson) };
}
