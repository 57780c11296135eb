import { mkdirSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { writeFileAtomic } from '../../base/atomic-file.ts';
import type { RunId } from '../../base/brand.ts';
import { isErrno } from '../../base/error.ts';

/** What became of one run. */
export interface Sent {
  /** Its id at the server; null while nobody knows whether it was created. */
  readonly remote: string | null;
  /** It is there with all that it has. */
  readonly complete: boolean;
  /** The server does not take it, and why; it is not tried again. */
  readonly refused?: string | undefined;
}

/** By the ids of runs: which of one repro's are at the server. */
export type Progress = Readonly<Record<string, Sent>>;

const Progress = z.record(
  z.string(),
  z.object({ remote: z.string().nullable(), complete: z.boolean(), refused: z.string().optional() }),
);

/**
 * The repros whose records are still to be sent, a small file each. The records themselves are in the database, so that
 * nothing is lost with a file of these but a copy elsewhere.
 */
export interface Outbox {
  readonly lockFile: string;
  add(repro: RunId): void;
  list(): readonly RunId[];
  progress(repro: RunId): Progress;
  save(repro: RunId, progress: Progress): void;
  remove(repro: RunId): void;
}

export function openOutbox(root: string): Outbox {
  const directory = join(root, '.lockstep', 'outbox');
  const fileOf = (repro: RunId) => join(directory, `${repro}.json`);
  const save = (repro: RunId, progress: Progress) => {
    mkdirSync(directory, { recursive: true });
    writeFileAtomic(fileOf(repro), JSON.stringify(progress), { durable: true });
  };
  return {
    lockFile: join(root, '.lockstep', 'tmp', 'outbox.lock'),
    add: (repro) => save(repro, {}),
    list: () =>
      namesIn(directory).flatMap((name) => (/^([0-9a-f]{32})\.json$/.exec(name)?.[1] as RunId | undefined) ?? []),
    progress: (repro) => Progress.parse(JSON.parse(readFileSync(fileOf(repro), 'utf8'))),
    save,
    remove: (repro) => rmSync(fileOf(repro), { force: true }),
  };
}

function namesIn(directory: string): readonly string[] {
  try {
    return readdirSync(directory).sort();
  } catch (error) {
    if (isErrno(error, 'ENOENT')) return [];
    throw error;
  }
}
