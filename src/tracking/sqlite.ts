import { sql } from 'kysely';
import type { Digest, RunId } from '../base/brand.ts';
import { readClientRecord } from './client-record.ts';
import { explainDatabaseError } from './database-error.ts';
import { makeRecorder } from './recorder.ts';
import { findRun, listRuns } from './run-reader.ts';
import { allRows, listedIn, type OpenDatabase, openDatabase } from './sqlite-open.ts';
import { trackingOn } from './sqlite-tracking.ts';
import { type TrackingStore, type Written, writtenKey } from './tracking-store.ts';

/** The runs of one project in one SQLite file, which is made if it is not there. */
export async function openSqliteStore(file: string): Promise<TrackingStore> {
  const open = openDatabase(file);
  let recorder: ReturnType<typeof makeRecorder> | undefined;
  const explained = async <T>(work: () => T): Promise<T> => {
    try {
      return work();
    } catch (error) {
      throw explainDatabaseError(error, file);
    }
  };
  return {
    // In turn with what the server writes on this connection: a transaction of its own must not be met half done.
    record: (runs) =>
      open.db.connection().execute(() =>
        explained(() => {
          recorder ??= makeRecorder(open);
          recorder(runs);
        }),
      ),
    list: (query) => explained(() => listRuns(open, query)),
    find: (idPrefix) => explained(() => findRun(open, idPrefix)),
    clientRecord: (run) => explained(() => readClientRecord(open, run)),
    lastDurations: () => explained(() => lastDurations(open)),
    producers: (written) => explained(() => producers(open, written)),
    database: () => trackingOn(open),
    close: () => explained(() => void open.sqlite.close()),
  };
}

function lastDurations(open: OpenDatabase): ReadonlyMap<string, { readonly run: RunId; readonly duration: number }> {
  // Where `max` is the only aggregate, SQLite takes the other columns from the row that holds the maximum.
  const newest = open.db
    .selectFrom('runs')
    .where('status', '=', sql.lit('FINISHED'))
    .where('stage', 'is not', null)
    .groupBy(['file', 'stage'])
    .select(({ fn }) => ['file', 'stage', 'run_id', 'end_time', fn.max('start_time').as('start_time')]);
  return new Map(
    allRows(open, newest)
      .filter((row) => row.end_time !== null)
      .map((row) => {
        const duration = (row.end_time ?? row.start_time) - row.start_time;
        return [`${row.file}:${row.stage}`, { run: row.run_id as RunId, duration }];
      }),
  );
}

/** Outs stand below it among the artifacts of a run. */
const OUTS = 'outs/';

function producers(open: OpenDatabase, written: readonly Written[]): ReadonlyMap<string, RunId> {
  const wanted = new Set(written.map(writtenKey));
  const oldestFirst = open.db
    .selectFrom('artifacts')
    .innerJoin('runs', 'runs.run', 'artifacts.run')
    .where('artifacts.digest', 'in', listedIn([...new Set(written.map(({ digest }) => digest))]))
    .where('artifacts.kind', 'in', ['out', 'metric', 'plot'])
    .where('runs.status', '=', 'FINISHED')
    .orderBy('runs.start_time')
    .orderBy('runs.run')
    .select(['artifacts.path', 'artifacts.digest', 'runs.run_id']);
  const found = new Map<string, RunId>();
  // Later entries replace earlier ones: the newest run stays.
  for (const { path, digest, run_id } of allRows(open, oldestFirst)) {
    const key = writtenKey({ path: path.slice(OUTS.length), digest: digest as Digest });
    if (path.startsWith(OUTS) && wanted.has(key)) found.set(key, run_id as RunId);
  }
  return found;
}
