import { mkdirSync } from 'node:fs';
import { dirname } from 'node:path';
import SqliteFile from 'better-sqlite3';
import { type CompiledQuery, Kysely, type RawBuilder, sql } from 'kysely';
import { explainDatabaseError, foreignDatabase, newerSchema } from './database-error.ts';
import { SQLITE } from './dialect.ts';
import { MIGRATIONS } from './migrations.ts';
import type { Database } from './schema.ts';
import { immediateDialect } from './sqlite-dialect.ts';

/** Both doors to one open database: kysely for questions, the file itself for bulk writing in one transaction. */
export interface OpenDatabase {
  readonly file: string;
  readonly sqlite: SqliteFile.Database;
  readonly db: Kysely<Database>;
}

/** `LSTP`: tells lockstep's databases from other programs'. */
const APPLICATION_ID = 0x4c535450;

export function openDatabase(file: string): OpenDatabase {
  let sqlite: SqliteFile.Database | undefined;
  try {
    mkdirSync(dirname(file), { recursive: true });
    sqlite = new SqliteFile(file, { timeout: 10_000 });
    configure(sqlite);
    const db = new Kysely<Database>({ dialect: immediateDialect(sqlite) });
    migrate({ file, sqlite, db });
    return { file, sqlite, db };
  } catch (error) {
    sqlite?.close();
    throw explainDatabaseError(error, file);
  }
}

/**
 * WAL lets `runs`, `status` and the web page read while a repro writes. FULL, because a run's record cannot be made
 * again: with NORMAL a power cut may take the last commits. It is one fsync per batch of runs, not per run.
 */
function configure(sqlite: SqliteFile.Database): void {
  if (sqlite.pragma('journal_mode', { simple: true }) !== 'wal') sqlite.pragma('journal_mode = WAL');
  sqlite.pragma('synchronous = FULL');
  sqlite.pragma('foreign_keys = ON');
}

function migrate(open: OpenDatabase): void {
  if (versionOf(open) === MIGRATIONS.length) return;
  // Immediate: of several processes that find an old schema, one migrates and the others wait here and look again.
  open.sqlite.transaction(() => migrateLocked(open)).immediate();
}

function migrateLocked(open: OpenDatabase): void {
  const { file, sqlite, db } = open;
  const found = versionOf(open);
  if (found > MIGRATIONS.length) throw newerSchema(file, { found, known: MIGRATIONS.length });
  const tables = sqlite.prepare('select count(*) from sqlite_master').pluck().get();
  if (found === 0 && tables !== 0) throw foreignDatabase(file);
  for (const migration of MIGRATIONS.slice(found)) {
    for (const statement of migration(db as unknown as Kysely<unknown>, SQLITE)) sqlite.exec(statement);
  }
  sqlite.pragma(`application_id = ${APPLICATION_ID}`);
  sqlite.pragma(`user_version = ${MIGRATIONS.length}`);
}

function versionOf({ file, sqlite }: OpenDatabase): number {
  const version = sqlite.pragma('user_version', { simple: true }) as number;
  const application = sqlite.pragma('application_id', { simple: true });
  if (version !== 0 && application !== APPLICATION_ID) throw foreignDatabase(file);
  return version;
}

/**
 * A question's rows, at once: several questions inside `sqlite.transaction` see one state of the database, which they
 * would not if other work of this or another process came between them.
 */
export function allRows<Row>({ sqlite }: OpenDatabase, query: { compile(): CompiledQuery<Row> }): readonly Row[] {
  const { sql: text, parameters } = query.compile();
  return sqlite.prepare<unknown[], Row>(text).all(...parameters);
}

/** The right side of `in` for any number of values: one parameter, so the statement's text is always the same. */
export function listedIn<Value extends string | number>(values: readonly Value[]): RawBuilder<Value> {
  return sql<Value>`(select value from json_each(${JSON.stringify(values)}))`;
}
