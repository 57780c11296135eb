import { type Dialect as Connection, Kysely, PostgresDialect, sql } from 'kysely';
import pg from 'pg';
import { LockstepError } from '../base/error.ts';
import { newerSchema } from './database-error.ts';
import { POSTGRES } from './dialect.ts';
import { MIGRATIONS } from './migrations.ts';
import type { Database } from './schema.ts';
import type { TrackingDatabase } from './tracking-database.ts';

export async function openPostgresTracking(address: string): Promise<TrackingDatabase> {
  const pool = new pg.Pool({ connectionString: address, types: { getTypeParser } });
  // A connection that breaks while it is idle is replaced by the next one; unheard it would end the process.
  pool.on('error', () => {});
  try {
    return await postgresTracking(new PostgresDialect({ pool }), placeOf(address));
  } catch (error) {
    if (error instanceof LockstepError) throw error;
    throw new LockstepError('disk', `${placeOf(address)} cannot be opened: ${reasonOf(error)}`, {
      hint: 'check that the server runs and that the address, the user and the password are right',
      cause: error,
    });
  }
}

/** Whole numbers as numbers, as SQLite gives them; those that no number can say stay text. */
const getTypeParser = ((type: number, format?: 'text' | 'binary') =>
  type === pg.types.builtins.INT8
    ? (text: string) => (Number.isSafeInteger(Number(text)) ? Number(text) : text)
    : pg.types.getTypeParser(type, format)) as typeof pg.types.getTypeParser;

/** Without the password. */
function placeOf(address: string): string {
  if (!URL.canParse(address)) return 'the PostgreSQL database';
  const { host, pathname } = new URL(address);
  return `postgres://${host}${pathname}`;
}

/** Several addresses of one host fail as one error without a message. */
function reasonOf(error: unknown): string {
  const [first] = error instanceof AggregateError ? (error.errors as unknown[]) : [error];
  return first instanceof Error ? first.message : String(first);
}

/** Any connection that speaks PostgreSQL's language. */
export async function postgresTracking(connection: Connection, place: string): Promise<TrackingDatabase> {
  const db = new Kysely<Database>({ dialect: connection });
  try {
    await migrate(db, place);
  } catch (error) {
    await db.destroy();
    throw error;
  }
  let last: Promise<unknown> = Promise.resolve();
  return {
    dialect: POSTGRES,
    db,
    write(work) {
      // Writers of this process wait here, where they hold no connection; those of other servers at the lock.
      const mine = last.then(() =>
        db.transaction().execute(async (trx) => {
          await sql`select pg_advisory_xact_lock(${WRITERS})`.execute(trx);
          return await work(trx);
        }),
      );
      last = mine.catch(() => {});
      return mine;
    },
    close: () => db.destroy(),
  };
}

/** Numbers of the locks that every lockstep on one database takes. */
const WRITERS = 1_280_525_392;
const MIGRATORS = 1_280_525_393;

async function migrate(db: Kysely<Database>, place: string): Promise<void> {
  await db.transaction().execute(async (trx) => {
    await sql`select pg_advisory_xact_lock(${MIGRATORS})`.execute(trx);
    await sql`create table if not exists lockstep_schema (version integer not null)`.execute(trx);
    const { rows } = await sql<{ version: number }>`select version from lockstep_schema`.execute(trx);
    const found = rows[0]?.version ?? 0;
    if (found > MIGRATIONS.length) throw newerSchema(place, { found, known: MIGRATIONS.length });
    if (found === MIGRATIONS.length) return;
    for (const migration of MIGRATIONS.slice(found)) {
      for (const statement of migration(trx as unknown as Kysely<unknown>, POSTGRES)) {
        await sql.raw(statement).execute(trx);
      }
    }
    await sql`delete from lockstep_schema`.execute(trx);
    await sql`insert into lockstep_schema (version) values (${MIGRATIONS.length})`.execute(trx);
  });
}
