import type { Kysely, Transaction } from 'kysely';
import type { Database } from './schema.ts';

/** The database behind the server: the same tables in SQLite and in PostgreSQL. */
export interface TrackingDatabase {
  readonly dialect: 'sqlite' | 'postgres';
  readonly db: Kysely<Database>;
  /** All of `work` or nothing of it, durable when it resolves. Writers wait for each other. */
  write<T>(work: (trx: Transaction<Database>) => Promise<T>): Promise<T>;
  close(): Promise<void>;
}
