import type { Kysely, Transaction } from 'kysely';
import type { Dialect } from './dialect.ts';
import type { Database } from './schema.ts';

/** The database behind the server: the same tables in SQLite and in PostgreSQL. */
export interface TrackingDatabase {
  readonly dialect: Dialect;
  readonly db: Kysely<Database>;
  /**
   * All of `work` or nothing of it, durable when it resolves. Writers wait for each other.
   * Inside `work` ask `trx` only: SQLite has one connection, and a question to `db` would wait for itself.
   */
  write<T>(work: (trx: Transaction<Database>) => Promise<T>): Promise<T>;
  close(): Promise<void>;
}
