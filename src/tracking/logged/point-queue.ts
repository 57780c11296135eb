import type { RequestError } from '../request-error.ts';
import type { TrackingDatabase } from '../tracking-database.ts';
import { appendPoints, type LoggedPoint } from './points.ts';
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
  let group: readonly Waiting[] = [];
  try {
    const wrong = await tracking.write(async (trx) => {
      group = queues.get(tracking) ?? [];
      queues.delete(tracking);
      const runs = await writableRuns(
        trx,
        tracking.dialect,
        group.map(({ runId }) => runId),
      );
      const refused = new Map<Waiting, RequestError>();
      const pointsOf = new Map<string, LoggedPoint[]>();
      for (const waiting of group) {
        const run = runs.get(waiting.runId);
        if (run instanceof Error) refused.set(waiting, run);
        else pointsOf.set(waiting.runId, [...(pointsOf.get(waiting.runId) ?? []), waiting.point]);
      }
      const logged = [...pointsOf].flatMap(([id, points]) => {
        const run = runs.get(id);
        return run === undefined || run instanceof Error ? [] : [{ run, points }];
      });
      await appendPoints(trx, tracking.dialect, { logged, now: now() });
      return refused;
    });
    for (const waiting of group) waiting.settle(wrong.get(waiting));
  } catch (error) {
    const unsent = group.length > 0 ? group : (queues.get(tracking) ?? []);
    if (unsent !== group) queues.delete(tracking);
    for (const waiting of unsent) waiting.settle(error);
  }
}
