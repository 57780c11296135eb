import { LockstepError } from '../base/error.ts';
import { explainDatabaseError } from './database-error.ts';
import { SQLITE } from './dialect.ts';
import { RequestError } from './request-error.ts';
import { type OpenDatabase, openDatabase } from './sqlite-open.ts';
import type { TrackingDatabase } from './tracking-database.ts';

/** The same file that `runs list` and `repro` open. */
export function sqliteTracking(file: string): TrackingDatabase {
  return trackingOn(openDatabase(file));
}

export function trackingOn({ file, db }: OpenDatabase): TrackingDatabase {
  return {
    dialect: SQLITE,
    db,
    async write(work) {
      try {
        return await db.transaction().execute(work);
      } catch (error) {
        const explained = explainDatabaseError(error, file);
        if (!(explained instanceof LockstepError) || explained.code !== 'busy') throw explained;
        // Clients try again by themselves when they are told so.
        throw new RequestError('TEMPORARILY_UNAVAILABLE', 'Another process is writing to the database. Try again.');
      }
    },
    close: () => db.destroy(),
  };
}
