import type { Kysely } from 'kysely';
import type { Dialect } from './dialect.ts';
import { createRuns } from './migrations/001-runs.ts';
import { addTracking } from './migrations/002-tracking.ts';
import { addServer } from './migrations/003-server.ts';
import { addModels } from './migrations/004-models.ts';
import { addVersionProvenance } from './migrations/005-version-provenance.ts';
import { addLoggedParams } from './migrations/006-logged-params.ts';

/**
 * Forward only, and a row that was ever released is never edited: `PRAGMA user_version` in SQLite and the table
 * `lockstep_schema` in PostgreSQL say how many of them a database has behind it. Statements are compiled here and
 * executed in one go, so that no other work of this process can come between them.
 */
export const MIGRATIONS: readonly Migration[] = [
  createRuns,
  addTracking,
  addServer,
  addModels,
  addVersionProvenance,
  addLoggedParams,
];

export type Migration = (db: Kysely<unknown>, dialect: Dialect) => readonly string[];
