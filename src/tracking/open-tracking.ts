import { openPostgresTracking } from './postgres.ts';
import { sqliteTracking } from './sqlite-tracking.ts';
import type { TrackingDatabase } from './tracking-database.ts';

/** The database at an address: `postgres://…` is a PostgreSQL server's, anything else the path of a SQLite file. */
export async function openTracking(address: string): Promise<TrackingDatabase> {
  return /^postgres(ql)?:\/\//.test(address) ? await openPostgresTracking(address) : sqliteTracking(address);
}
