import { sqliteTracking } from './sqlite-tracking.ts';
import type { TrackingDatabase } from './tracking-database.ts';

/** The database at an address: `postgres://…` is a PostgreSQL server's, anything else the path of a SQLite file. */
export async function openTracking(address: string): Promise<TrackingDatabase> {
  if (!/^postgres(ql)?:\/\//.test(address)) return sqliteTracking(address);
  // Its driver is as large as all the rest of the server.
  const { openPostgresTracking } = await import('./postgres.ts');
  return await openPostgresTracking(address);
}
