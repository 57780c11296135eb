import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PGlite, types } from '@electric-sql/pglite';
import {
  CompiledQuery,
  type DatabaseConnection,
  type Dialect,
  PostgresAdapter,
  PostgresIntrospector,
  PostgresQueryCompiler,
} from 'kysely';
import { openTracking } from '../../src/tracking/open-tracking.ts';
import { postgresTracking } from '../../src/tracking/postgres.ts';
import type { TrackingDatabase } from '../../src/tracking/tracking-database.ts';
import { POSTGRES_BIN, PostgresProgram } from '../support/postgres-program.ts';

/** A database of a kind, empty and its own for each test file. */
export interface DatabaseKind {
  readonly name: string;
  readonly open: () => Promise<TrackingDatabase>;
  readonly dispose: () => Promise<void>;
}

/** Milliseconds for a database to begin, on a machine that has much else to do: PGlite is compiled first. */
export const OPENING = 120_000;

/** Every kind that can be had here: PostgreSQL itself only where its server is installed. */
export function databaseKinds(): readonly DatabaseKind[] {
  return [sqliteKind(), pgliteKind(), ...(POSTGRES_BIN === undefined ? [] : [postgresKind()])];
}

function sqliteKind(): DatabaseKind {
  const directory = mkdtempSync(join(tmpdir(), 'lockstep-database-'));
  return {
    name: 'SQLite',
    open: () => openTracking(join(directory, 'lockstep.db')),
    dispose: async () => rmSync(directory, { recursive: true, force: true }),
  };
}

function pgliteKind(): DatabaseKind {
  return {
    name: 'PGlite',
    open: () => postgresTracking(pgliteDialect(new PGlite()), 'PGlite'),
    dispose: async () => {},
  };
}

function postgresKind(): DatabaseKind {
  let server: PostgresProgram | undefined;
  return {
    name: 'PostgreSQL',
    open: async () => {
      server ??= await PostgresProgram.start();
      return await openTracking(server.address);
    },
    dispose: async () => await server?.[Symbol.asyncDispose](),
  };
}

/** PostgreSQL inside this process: one connection, so whoever asks waits for the one before. */
export function pgliteDialect(pglite: PGlite): Dialect {
  let last: Promise<void> = Promise.resolve();
  const releases = new WeakMap<DatabaseConnection, () => void>();
  return {
    createAdapter: () => new PostgresAdapter(),
    createQueryCompiler: () => new PostgresQueryCompiler(),
    createIntrospector: (db) => new PostgresIntrospector(db),
    createDriver: () => ({
      init: async () => {},
      acquireConnection: async () => {
        const before = last;
        const { promise, resolve } = withResolvers();
        last = promise;
        await before;
        const connection = connectionTo(pglite);
        releases.set(connection, resolve);
        return connection;
      },
      beginTransaction: async (connection) => void (await connection.executeQuery(CompiledQuery.raw('begin'))),
      commitTransaction: async (connection) => void (await connection.executeQuery(CompiledQuery.raw('commit'))),
      rollbackTransaction: async (connection) => void (await connection.executeQuery(CompiledQuery.raw('rollback'))),
      releaseConnection: async (connection) => releases.get(connection)?.(),
      destroy: () => pglite.close(),
    }),
  };
}

function withResolvers(): { readonly promise: Promise<void>; readonly resolve: () => void } {
  let resolve: () => void = () => {};
  const promise = new Promise<void>((settle) => {
    resolve = settle;
  });
  return { promise, resolve };
}

function connectionTo(pglite: PGlite): DatabaseConnection {
  return {
    executeQuery: async <Row>({ sql, parameters }: CompiledQuery) => {
      const { rows, affectedRows } = await pglite.query<Row>(sql, [...parameters], { parsers: PARSERS });
      return { rows, numAffectedRows: BigInt(affectedRows ?? 0) };
    },
    async *streamQuery() {
      yield* [];
      throw new Error('nothing is streamed');
    },
  };
}

const PARSERS = {
  [types.INT8]: (text: string) => (Number.isSafeInteger(Number(text)) ? Number(text) : text),
};
