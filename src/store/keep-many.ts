import { readdirSync, rmSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import type { Digest } from '../base/brand.ts';
import {
  type BulkRequest,
  type BulkResult,
  isStaged,
  readBulk,
  STAGED,
  stagedPath,
  temporaryOf,
  WRITTEN,
} from './bulk.ts';
import { DIGEST_BYTES, digestAt } from './digest-bytes.ts';
import { type Helper, startHelper } from './helper.ts';
import type { Shelf } from './integrity.ts';
import { RECORD } from './object-index.ts';
import { readInPortions } from './portions.ts';
import { openStaging, type Staging } from './staging.ts';

/** The threads that read many files; the second one is started when it pays. */
export interface Readers {
  read(request: BulkRequest): Promise<BulkResult>;
  /** Lets the second thread go if it has nothing to do. */
  rest(): void;
  stop(): void;
}

/** Starting a thread takes 40 ms, in which some hundred files are saved. */
const WORTH_A_THREAD = 2000;

export function openReaders(shelf: Shelf): Readers {
  let helper: Helper | undefined;
  let reading = 0;
  const stop = (): void => {
    helper?.stop();
    helper = undefined;
  };
  return {
    async read(request) {
      reading += 1;
      try {
        if (request.files.length >= WORTH_A_THREAD) helper ??= startHelper(shelf.layout);
        return await readInPortions(request, { here: (portion) => readBulk(shelf, portion), there: helper?.read });
      } finally {
        reading -= 1;
      }
    },
    rest: () => void (reading === 0 && stop()),
    stop,
  };
}

/** From this many files on, making ready some hundred directories is worth it. */
const WORTH_STAGING = 1000;

export interface Keeping {
  readonly files: readonly string[];
  readonly expected: BulkRequest['expected'];
  /** Absolute: what the names of temporary files begin with. */
  readonly base: string;
  readonly stagingDir: string | undefined;
  readonly read: (request: BulkRequest) => Promise<BulkResult>;
}

export interface Written {
  readonly temporary: string;
  readonly digest: Digest;
  readonly kind: 'file';
  /** What the object index is to know of it, if it goes into the cache together with its directory. */
  readonly record: Uint8Array | undefined;
}

export interface Kept {
  readonly result: BulkResult;
  readonly written: readonly Written[];
  readonly staging: Staging | undefined;
}

/** Reads many small files and writes those that are new to temporary files. */
export async function keepMany({ layout }: Shelf, { files, expected, base, stagingDir, read }: Keeping): Promise<Kept> {
  const staging =
    stagingDir === undefined || files.length < WORTH_STAGING
      ? undefined
      : openStaging(layout, join(stagingDir, basename(base)));
  try {
    const result = await read({
      files,
      place: { staging, base, from: 0 },
      ...(expected !== undefined && { expected }),
    });
    const written: Written[] = [];
    for (const [at, mark] of result.marks.entries()) {
      if (mark !== WRITTEN && mark !== STAGED) continue;
      const digest = digestAt(result.digests, at * DIGEST_BYTES, layout.algorithm);
      const staged = mark === STAGED && isStaged(staging, digest);
      const record = staged ? result.records.subarray(at * RECORD, (at + 1) * RECORD) : undefined;
      written.push({
        temporary: staged ? stagedPath(staging, digest) : temporaryOf(base, at),
        digest,
        kind: 'file',
        record,
      });
    }
    return { result, written, staging };
  } catch (error) {
    // Nobody is going to name what was written.
    if (staging !== undefined) rmSync(staging.directory, { recursive: true, force: true });
    for (const name of readdirSync(dirname(base))) {
      if (name.startsWith(`${basename(base)}-`)) rmSync(join(dirname(base), name), { force: true });
    }
    throw error;
  }
}
