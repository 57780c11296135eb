import { availableParallelism } from 'node:os';
import { LockstepError } from '../../base/error.ts';
import { type Line, type Progress, stoppage } from '../../remotes/line.ts';
import { openRemote } from '../../remotes/registry.ts';
import { type Remote, RemoteError } from '../../remotes/remote.ts';
import { PATIENCE } from '../../remotes/retry.ts';
import type { Context } from '../context.ts';
import type { Project } from '../project.ts';
import type { ConfiguredRemote, ConfiguredRemotes } from './remote-config.ts';
import { showProgress } from './transfer-progress.ts';

export interface LineWish {
  readonly remotes: ConfiguredRemotes;
  /** Undefined: the default one. */
  readonly name: string | undefined;
  readonly jobs: string | undefined;
}

interface Asking {
  readonly project: Project;
  readonly context: Context;
}

/** Opens the way to a remote for as long as the work takes. */
export async function overRemote<Result>(
  asking: Asking,
  wish: LineWish & { readonly verb: string },
  work: (line: Line) => Promise<Result>,
): Promise<Result> {
  const progress = showProgress(asking.context, wish.verb);
  const line = await openLine(asking, wish, progress);
  try {
    return await work(line);
  } finally {
    progress.end();
    await line.remote.close();
  }
}

/** Whoever opens a line closes its remote. */
export async function openLine({ project, context }: Asking, wish: LineWish, progress: Progress): Promise<Line> {
  const configured = chosen(wish);
  const jobs = jobsOf(wish.jobs ?? configured.options.jobs);
  const remote = await open(configured, context, jobs);
  const { signal } = context;
  return { remote, objects: project.store().exchange(), jobs, signal, patience: PATIENCE, progress };
}

function chosen({ remotes, name }: LineWish): ConfiguredRemote {
  const wanted = name ?? remotes.standard;
  if (wanted !== undefined) return remotes.named(wanted);
  const hint =
    remotes.names.length === 0
      ? 'lockstep remote add -d NAME ADDRESS makes one: a directory, or a URL'
      : `lockstep remote default NAME chooses one of ${remotes.names.join(', ')}; -r NAME takes one for once`;
  throw new LockstepError('usage', 'no remote is configured to be the default', { hint });
}

async function open({ url, options }: ConfiguredRemote, { env }: Context, jobs: number): Promise<Remote> {
  try {
    return await openRemote({ url, options, env, jobs });
  } catch (error) {
    throw error instanceof RemoteError ? stoppage({ url: 'of that address' }, error) : error;
  }
}

/** How many objects may be under way at once; a default where nothing is written. */
export function jobsOf(written: unknown): number {
  if (written === undefined) return Math.min(16, 4 * availableParallelism());
  const jobs = Number(written);
  if (Number.isInteger(jobs) && jobs >= 1) return jobs;
  throw new LockstepError('usage', `-j takes a whole number from 1, not '${String(written)}'`);
}
