import { parentPort, workerData } from 'node:worker_threads';
import { LockstepError } from '../base/error.ts';
import { readBulk } from './bulk.ts';
import type { WorkerReply, WorkerRequest } from './helper.ts';
import type { Layout } from './layout.ts';
import { openObjectIndex } from './object-index.ts';

// Entry point of a second thread, which reads, hashes and writes small files beside the main one (helper.ts).

const layout: Layout = workerData;
const index = openObjectIndex(layout.index);

parentPort?.on('message', (request: WorkerRequest) => parentPort?.postMessage(answer(request)));

function answer({ id, bulk }: WorkerRequest): WorkerReply {
  try {
    return { id, result: readBulk({ layout, index }, bulk) };
  } catch (error) {
    // An error loses its class on the way between threads.
    if (!(error instanceof LockstepError)) return { id, crash: error };
    const { code, message, hint } = error;
    return { id, stoppage: { code, message, ...(hint === undefined ? {} : { hint }) } };
  }
}
