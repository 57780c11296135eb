import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { Worker } from 'node:worker_threads';
import { type ErrorCode, LockstepError } from '../base/error.ts';
import type { BulkRequest, BulkResult } from './bulk.ts';
import type { Layout } from './layout.ts';

export interface WorkerRequest {
  readonly id: number;
  readonly bulk: BulkRequest;
}

export interface WorkerReply {
  readonly id: number;
  readonly result?: BulkResult;
  readonly stoppage?: { readonly code: ErrorCode; readonly message: string; readonly hint?: string };
  readonly crash?: unknown;
}

/** A second thread that reads, hashes and writes small files. */
export interface Helper {
  read(request: BulkRequest): Promise<BulkResult>;
  stop(): void;
}

/** Undefined where the program does not run from its bundle: all is then done by the main thread. */
export function startHelper(layout: Layout): Helper | undefined {
  const file = ['./store-worker.mjs', '../store-worker.mjs']
    .map((path) => fileURLToPath(new URL(path, import.meta.url)))
    .find((path) => existsSync(path));
  return file === undefined ? undefined : connect(new Worker(file, { workerData: layout }));
}

interface Waiting {
  readonly resolve: (reply: WorkerReply) => void;
  readonly reject: (error: unknown) => void;
}

function connect(worker: Worker): Helper {
  const waiting = new Map<number, Waiting>();
  let count = 0;
  const failAll = (error: unknown): void => {
    for (const { reject } of waiting.values()) reject(error);
    waiting.clear();
  };
  worker.on('message', (reply: WorkerReply) => {
    waiting.get(reply.id)?.resolve(reply);
    waiting.delete(reply.id);
    // An idle thread does not keep the program alive.
    if (waiting.size === 0) worker.unref();
  });
  worker.on('error', failAll);
  worker.on('exit', () => failAll(new Error('the helper thread ended before its work was done')));
  const ask = (bulk: BulkRequest): Promise<WorkerReply> => {
    const id = count++;
    worker.ref();
    return new Promise((resolve, reject) => {
      waiting.set(id, { resolve, reject });
      worker.postMessage({ id, bulk } satisfies WorkerRequest);
    });
  };
  return {
    read: async (bulk) => resultOf(await ask(bulk)),
    stop: () => void worker.terminate(),
  };
}

function resultOf({ result, stoppage, crash }: WorkerReply): BulkResult {
  if (result !== undefined) return result;
  if (stoppage === undefined) throw crash;
  const { code, message, hint } = stoppage;
  throw new LockstepError(code, message, hint === undefined ? {} : { hint });
}
