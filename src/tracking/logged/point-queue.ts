import type { Kysely } from 'kysely';
import { groupBy } from '../group-by.ts';
import { RequestError } from '../request-error.ts';
import type { Database } from '../schema.ts';
import type { TrackingDatabase } from '../tracking-database.ts';
import { appendPoints, type LoggedPoint, type PointsOfRun } from './points.ts';
import { writableRuns } from './run-head.ts';

interface Waiting {
  readonly runId: string;
  readonly point: LoggedPoint;
  readonly settle: (wrong: unknown) => void;
}

const queues = new WeakMap<TrackingDatabase, Waiting[]>();

/**
 * Logs one point. What arrives while the requests of this turn are read, or while an earlier group is being written,
 * goes into one transaction, since it is the commit that takes the time. Resolves when the point is durable.
 */
export function logPoint(
  tracking: TrackingDatabase,
  { runId, point, now }: { readonly runId: string; readonly point: LoggedPoint; readonly now: () => number },
): Promise<void> {
  return new Promise((resolve, reject) => {
    const settle = (wrong: unknown) => (wrong === undefined ? resolve() : reject(wrong));
    const waiting = queues.get(tracking);
    if (waiting !== undefined) {
      waiting.push({ runId, point, settle });
      return;
    }
    const queue = [{ runId, point, settle }];
    queues.set(tracking, queue);
    setImmediate(() => void flush(tracking, now));
  });
}

async function flush(tracking: TrackingDatabase, now: () => number): Promise<void> {
  let group: readonly Waiting[] | undefined;
  const take = () => {
    const taken = queues.get(tracking) ?? [];
    queues.delete(tracking);
    return taken;
  };
  try {
    const refused = await tracking.write(async (trx) => {
      group = take();
      return await append(tracking, trx, { group, now: now() });
    });
    for (const waiting of group ?? []) waiting.settle(refused.get(waiting.runId));
  } catch (error) {
    for (const waiting of group ?? take()) waiting.settle(error);
  }
}

/** What is wrong with one run is no reason to refuse the points of another. */
async function append(
  { dialect }: TrackingDatabase,
  trx: Kysely<Database>,
  { group, now }: { readonly group: readonly Waiting[]; readonly now: number },
): Promise<ReadonlyMap<string, RequestError>> {
  const ids = group.map(({ runId }) => runId);
  const runs = await writableRuns(trx, dialect, ids);
  const refused = new Map<string, RequestError>();
  const logged: PointsOfRun[] = [];
  for (const [runId, waiting] of groupBy(group, (one) => one.runId)) {
    const run = runs.get(runId);
    if (run instanceof RequestError) refused.set(runId, run);
    else if (run !== undefined) logged.push({ run, points: waiting.map(({ point }) => point) });
  }
  await appendPoints(trx, dialect, { logged, now });
  return refused;
}
