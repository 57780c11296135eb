import type { Digest, RunId } from '../base/brand.ts';
import type { ClientRecord } from './client-record.ts';
import type { Run, RunStatus } from './run.ts';
import type { TrackingDatabase } from './tracking-database.ts';

/** Where runs are recorded. Implementations: SQLite (tracking/sqlite.ts). */
export interface TrackingStore {
  /**
   * Inserts these runs or brings them up to date, all in one transaction; durable when it resolves. What clients logged
   * into them stays.
   */
  record(runs: readonly Run[]): Promise<void>;
  list(query: RunQuery): Promise<readonly Run[]>;
  /** By a unique prefix of the id, at least 4 digits; undefined when none, throws `usage` when several match. */
  find(idPrefix: string): Promise<Run | undefined>;
  /** What clients logged into a run that is not in the `Run` itself. */
  clientRecord(run: RunId): Promise<ClientRecord>;
  /** The newest finished run per stage (key `<file>:<stage>`) and how long it took, in milliseconds. */
  lastDurations(): Promise<ReadonlyMap<string, { readonly run: RunId; readonly duration: number }>>;
  /** The newest finished run that left these bytes at this path, by `writtenKey`. */
  producers(written: readonly Written[]): Promise<ReadonlyMap<string, RunId>>;
  /** The same database as the server's endpoints ask it, on the same connection, and closed with it. */
  database(): TrackingDatabase;
  close(): Promise<void>;
}

/** An out with what it held. */
export interface Written {
  /** Of the project. */
  readonly path: string;
  readonly digest: Digest;
}

export function writtenKey({ path, digest }: Written): string {
  return `${digest} ${path}`;
}

export interface RunQuery {
  readonly stage?: string;
  readonly status?: RunStatus;
  /** Also the parents, which have no stage. */
  readonly parents?: boolean;
  /** Only runs that have this parent. */
  readonly parent?: RunId;
  /** False: only what `repro` recorded, not what clients logged through the server. */
  readonly clients?: boolean;
  /** Newest first. */
  readonly limit?: number;
  /** Of each metric series only its latest point: what a table shows, however long the series are. */
  readonly latestMetrics?: boolean;
}
