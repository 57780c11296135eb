import { Breath } from './breath.ts';
import type { BulkRequest, BulkResult } from './bulk.ts';
import { DIGEST_BYTES } from './digest-bytes.ts';
import { RECORD } from './object-index.ts';

export type ReadBulk = (request: BulkRequest) => BulkResult | Promise<BulkResult>;

/** Files given to a thread at once; some 10 ms of work, after which others get their turn. */
const PORTION = 128;
/** Portions on their way to the second thread, so that it need not wait for the main one. */
const AHEAD = 4;

/** Deals the files out to this thread and to a second one; waits for both, also when one of them fails. */
export async function readInPortions(
  request: BulkRequest,
  { here, there }: { readonly here: ReadBulk; readonly there: ReadBulk | undefined },
): Promise<BulkResult> {
  const portions = portionsOf(request);
  const all: BulkResult = {
    digests: new Uint8Array(request.files.length * DIGEST_BYTES),
    sizes: new Float64Array(request.files.length),
    marks: new Uint8Array(request.files.length),
    records: new Uint8Array(request.place?.staging === undefined ? 0 : request.files.length * RECORD),
  };
  const breath = new Breath();
  const takeOn = async (read: ReadBulk): Promise<void> => {
    for (let portion = portions.shift(); portion !== undefined; portion = portions.shift()) {
      const result = await read(portion.request);
      all.digests.set(result.digests, portion.from * DIGEST_BYTES);
      all.sizes.set(result.sizes, portion.from);
      all.marks.set(result.marks, portion.from);
      if (all.records.length > 0) all.records.set(result.records, portion.from * RECORD);
      if (breath.due) await breath.take();
    }
  };
  const hands = there === undefined ? [] : Array.from({ length: AHEAD }, () => takeOn(there));
  const outcomes = await Promise.allSettled([...hands, takeOn(here)]);
  for (const outcome of outcomes) if (outcome.status === 'rejected') throw outcome.reason;
  return all;
}

interface Portion {
  readonly from: number;
  readonly request: BulkRequest;
}

/** Temporary files are named by the place of their file in the whole request. */
function portionsOf({ files, place, expected }: BulkRequest): Portion[] {
  const portions: Portion[] = [];
  for (let from = 0; from < files.length; from += PORTION) {
    portions.push({
      from,
      request: {
        files: files.slice(from, from + PORTION),
        ...(place !== undefined && { place: { ...place, from } }),
        ...(expected !== undefined && {
          // A copy: a part of an array would take the whole of it along to another thread.
          expected: expected.slice(from * DIGEST_BYTES, (from + PORTION) * DIGEST_BYTES),
        }),
      },
    });
  }
  return portions;
}
