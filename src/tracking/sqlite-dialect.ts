import type SqliteFile from 'better-sqlite3';
import {
  CompiledQuery,
  type DatabaseConnection,
  type Dialect,
  SqliteAdapter,
  SqliteDriver,
  SqliteIntrospector,
  SqliteQueryCompiler,
} from 'kysely';

/**
 * kysely's dialect for SQLite with two changes. A transaction takes the write lock when it begins: one that reads first
 * and finds another process writing afterwards could not go on. And statements stay prepared: the server asks the same
 * few questions all day, and preparing one takes longer than its answer.
 */
export function immediateDialect(sqlite: SqliteFile.Database): Dialect {
  return {
    createDriver: () => new ImmediateDriver({ database: preparedOnce(sqlite) }),
    createQueryCompiler: () => new SqliteQueryCompiler(),
    createAdapter: () => new SqliteAdapter(),
    createIntrospector: (db) => new SqliteIntrospector(db),
  };
}

class ImmediateDriver extends SqliteDriver {
  override async beginTransaction(connection: DatabaseConnection): Promise<void> {
    await connection.executeQuery(CompiledQuery.raw('begin immediate'));
  }
}

/** Texts vary where lists are as long as the request's, so only the latest are kept. */
const KEPT_STATEMENTS = 300;

function preparedOnce(sqlite: SqliteFile.Database) {
  const statements = new Map<string, SqliteFile.Statement>();
  return {
    close: () => void sqlite.close(),
    prepare(text: string) {
      const statement = statements.get(text) ?? sqlite.prepare(text);
      statements.delete(text);
      statements.set(text, statement);
      const [oldest] = statements.keys();
      if (statements.size > KEPT_STATEMENTS && oldest !== undefined) statements.delete(oldest);
      return statement;
    },
  };
}
