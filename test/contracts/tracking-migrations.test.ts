import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import SqliteFile from 'better-sqlite3';
import { Kysely, SqliteDialect } from 'kysely';
import { afterAll, expect, it } from 'vitest';
import { SQLITE } from '../../src/tracking/dialect.ts';
import { createRuns } from '../../src/tracking/migrations/001-runs.ts';
import { openSqliteStore } from '../../src/tracking/sqlite.ts';
import { runIdOf } from './tracking-store-runs.ts';

const directory = mkdtempSync(join(tmpdir(), 'lockstep-migrations-'));
afterAll(() => rmSync(directory, { recursive: true, force: true }));

it('a database of the first schema keeps its runs, their lists in order and each point once', async () => {
  const file = join(directory, 'lockstep.db');
  const sqlite = new SqliteFile(file);
  const db = new Kysely<unknown>({ dialect: new SqliteDialect({ database: sqlite }) });
  for (const statement of createRuns(db, SQLITE)) sqlite.exec(statement);
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
  await db.destroy();
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
