import { type ApiRequest, type Batch, type Metric, type Pair, requestsOf, send, type Target } from './tracking-api.ts';

export interface LoggerOptions {
  /** Undefined outside of a stage. */
  readonly target: Target | undefined;
  readonly now: () => number;
  readonly warn: (message: string) => void;
}

export interface Logger {
  metric(metric: Omit<Metric, 'timestamp'>): void;
  param(param: Pair): void;
  tag(tag: Pair): void;
  artifact(path: string, to: string | undefined): void;
  /** Resolves when all that was logged is at the server, or could not be brought there, which is warned of. */
  flush(): Promise<void>;
  /** What would be sent; takes it out of the queue. */
  takeRequests(): readonly ApiRequest[];
}

/** A server takes so many metrics at once. */
const FULL = 1000;
/** Milliseconds that something may wait for company. */
const PATIENCE = 500;

/** Gathers what is logged and sends it in batches, one after the other. */
export function makeLogger({ target, now, warn }: LoggerOptions): Logger {
  let queue = emptyQueue();
  let timer: NodeJS.Timeout | undefined;
  let last: Promise<void> = Promise.resolve();
  let warned = false;

  function isInside(): boolean {
    if (target !== undefined) return true;
    if (!warned) warn('lockstep: not inside a stage, nothing is logged');
    warned = true;
    return false;
  }

  function takeRequests(): readonly ApiRequest[] {
    const batch = queue;
    queue = emptyQueue();
    return target === undefined ? [] : requestsOf(target, batch);
  }

  function add<T>(list: (batch: Queue) => T[], item: T): void {
    if (!isInside()) return;
    list(queue).push(item);
    if (queue.metrics.length >= FULL) void flush();
    // A program that has nothing else to do is not kept for this: what is left is sent when it ends.
    timer ??= setTimeout(() => void flush(), PATIENCE).unref();
  }

  function afterLast(work: () => Promise<unknown>): Promise<void> {
    last = last.then(work).then(
      () => undefined,
      (error: unknown) => warn(`lockstep: ${error instanceof Error ? error.message : String(error)}`),
    );
    return last;
  }

  function flush(): Promise<void> {
    clearTimeout(timer);
    timer = undefined;
    const requests = takeRequests();
    for (const request of requests) void afterLast(() => send(request));
    return last;
  }

  return {
    metric: (metric) => add((batch) => batch.metrics, { ...metric, timestamp: now() }),
    param: (param) => add((batch) => batch.params, param),
    tag: (tag) => add((batch) => batch.tags, tag),
    artifact(path, to) {
      if (!isInside() || target === undefined) return;
      void flush();
      void afterLast(async () => (await import('./upload.ts')).logArtifact(target, path, to));
    },
    flush,
    takeRequests,
  };
}

type Queue = { readonly [Part in keyof Batch]: Batch[Part][number][] };

function emptyQueue(): Queue {
  return { metrics: [], params: [], tags: [] };
}
