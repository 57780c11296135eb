import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PGlite } from '@electric-sql/pglite';
import SqliteFile from 'better-sqlite3';
import { Kysely, SqliteDialect, sql } from 'kysely';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { digestOf } from '../../src/base/hash.ts';
import { type Dialect, POSTGRES, SQLITE } from '../../src/tracking/dialect.ts';
import { MIGRATIONS } from '../../src/tracking/migrations.ts';
import { openTracking } from '../../src/tracking/open-tracking.ts';
import { postgresTracking } from '../../src/tracking/postgres.ts';
import { openSqliteStore } from '../../src/tracking/sqlite.ts';
import type { TrackingDatabase } from '../../src/tracking/tracking-database.ts';
import { OPENING, pgliteDialect } from './tracking-databases.ts';
import { WRITTEN_BY_SCHEMA } from './tracking-schemas.ts';
import { runIdOf } from './tracking-store-runs.ts';

const directory = mkdtempSync(join(tmpdir(), 'lockstep-migrations-'));
afterAll(() => rmSync(directory, { recursive: true, force: true }));

/** Compiles statements; executes none. */
const compiler = new Kysely<unknown>({ dialect: new SqliteDialect({ database: new SqliteFile(':memory:') }) });
const pgCompiler = new Kysely<unknown>({ dialect: pgliteDialect(undefined as never) });
const statementsOf = (dialect: Dialect, i: number) =>
  MIGRATIONS[i]?.(dialect === SQLITE ? compiler : pgCompiler, dialect) ?? [];

/** The database that lockstep of schema `version` left behind. */
type LeaveBehind = (version: number) => Promise<() => Promise<TrackingDatabase>>;

async function leaveSqlite(version: number) {
  const file = join(directory, `of-schema-${version}.db`);
  const sqlite = new SqliteFile(file);
  for (let i = 0; i < version; i += 1) {
    for (const statement of statementsOf(SQLITE, i)) sqlite.exec(statement);
    sqlite.exec(WRITTEN_BY_SCHEMA[i] ?? '');
  }
  if (version > 0) sqlite.exec(`pragma application_id = 1280529488; pragma user_version = ${version}`);
  sqlite.close();
  return () => openTracking(file);
}

async function leavePostgres(version: number) {
  const pglite = new PGlite();
  await pglite.exec('create table lockstep_schema (version integer not null)');
  for (let i = 0; i < version; i += 1) {
    for (const statement of statementsOf(POSTGRES, i)) await pglite.exec(statement);
    await pglite.exec(WRITTEN_BY_SCHEMA[i] ?? '');
  }
  if (version > 0) await pglite.exec(`insert into lockstep_schema (version) values (${version})`);
  return () => postgresTracking(pgliteDialect(pglite), 'PGlite');
}

/** Opened by the lockstep of today, which then writes what schemas after that one brought; all rows of all tables. */
async function allRowsOf(open: () => Promise<TrackingDatabase>, version: number): Promise<object> {
  const tracking = await open();
  try {
    const later = WRITTEN_BY_SCHEMA.slice(version).join(';').split(';');
    for (const statement of later.filter((one) => one.trim() !== '')) await sql.raw(statement).execute(tracking.db);
    const names = (await tracking.db.introspection.getTables()).map(({ name }) => name).sort();
    const tables = await Promise.all(
      names.map(
        async (name) => [name, (await sql`select * from ${sql.table(name)}`.execute(tracking.db)).rows] as const,
      ),
    );
    return Object.fromEntries(tables);
  } finally {
    await tracking.close();
  }
}

describe.each<{ name: string; leave: LeaveBehind }>([
  { name: 'SQLite', leave: leaveSqlite },
  { name: 'PostgreSQL', leave: leavePostgres },
])('a database in $name', ({ leave }) => {
  let rows: object;
  beforeAll(async () => {
    rows = await allRowsOf(await leave(0), 0);
  }, OPENING);

  it('has something in every table to lose', () => {
    expect(Object.entries(rows).filter(([, found]) => (found as unknown[]).length === 0)).toEqual([]);
  });

  it.each(MIGRATIONS.map((_, i) => i + 1))(
    'of schema %i is brought up to date with all it holds',
    async (version) => {
      expect(await allRowsOf(await leave(version), version)).toEqual(rows);
    },
    OPENING,
  );
});

it('no migration that was ever released is edited', () => {
  const digests = MIGRATIONS.map((_, i) =>
    digestOf([...statementsOf(SQLITE, i), ...statementsOf(POSTGRES, i)].join(';\n')).slice(0, 20),
  );
  expect(digests).toMatchInlineSnapshot(`
    [
      "sha256:404843bf371fc",
      "sha256:3e9a77ff0d7fc",
      "sha256:ce48c27f8872e",
      "sha256:95987746f2c65",
      "sha256:d2e7278a9d02b",
      "sha256:677c6645d4b44",
    ]
  `);
});
it('a database of the first schema keeps its runs, their lists in order and each point once', async () => {
  const file = join(directory, 'lockstep.db');
  const sqlite = new SqliteFile(file);
  for (const statement of statementsOf(SQLITE, 0)) sqlite.exec(statement);
  sqlite.exec(`
    pragma application_id = 1280529488;
    pragma user_version = 1;
    insert into runs (run, run_id, experiment_id, stage, file, status, start_time)
      values (7, '${runIdOf(7)}', 0, 'train', 'pipeline.yaml', 'RUNNING', 5);
    insert into params (run, position, key, value) values (7, 0, 'z', '0'), (7, 1, 'z', '1'), (7, 2, 'a', '"x"');
    insert into metrics (run, position, key, value, is_nan, step, timestamp)
      values (7, 0, 'm', 0.5, 0, 2, 1), (7, 1, 'm', 0.25, 0, 1, 1), (7, 2, 'm', 0.5, 0, 2, 1), (7, 3, 'b', 0, 1, 0, 1);
    insert into latest_metrics (run, position, key, value, is_nan, step, timestamp)
      values (7, 0, 'm', 0.5, 0, 2, 1), (7, 1, 'b', 0, 1, 0, 1);
    insert into tags (run, key, value) values (7, 'k', 'v');
  `);
  sqlite.close();
  const store = await openSqliteStore(file);
  expect(await store.list({ clients: false })).toMatchObject([
    {
      id: runIdOf(7),
      stage: 'train',
      status: 'RUNNING',
      params: [
        { key: 'z', value: '1' },
        { key: 'a', value: '"x"' },
      ],
      metrics: [
        { key: 'm', value: 0.5, step: 2 },
        { key: 'm', value: 0.25, step: 1 },
        { key: 'b', value: Number.NaN },
      ],
      tags: { k: 'v' },
    },
  ]);
  expect((await store.list({ latestMetrics: true }))[0]?.metrics.map(({ key }) => key)).toEqual(['m', 'b']);
  await store.close();
});
