import { explainDatabaseError } from './database-error.ts';
import { SQLITE } from './dialect.ts';
import { openDatabase } from './sqlite-open.ts';
import type { TrackingDatabase } from './tracking-database.ts';

/** The same file that `runs list` and `repro` open. */
export function sqliteTracking(file: string): TrackingDatabase {
  const { db } = openDatabase(file);
  return {
    dialect: SQLITE,
    db,
    async write(work) {
      try {
        return await db.transaction().execute(work);
      } catch (error) {
        throw explainDatabaseError(error, file);
      }
    },
    close: () => db.destroy(),
  };
}
