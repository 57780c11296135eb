import type { Kysely } from 'kysely';
import { createRuns } from './migrations/001-runs.ts';

/**
 * Forward only, and a row that was ever released is never edited: `PRAGMA user_version` is how many of them a database
 * has behind it. Statements are compiled here and executed in one go, so that no other work of this process can come
 * between them.
 */
export const MIGRATIONS: readonly ((db: Kysely<unknown>) => readonly string[])[] = [createRuns];
