import { spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import SqliteFile from 'better-sqlite3';
import { afterAll, describe, expect, it } from 'vitest';
import type { Literal } from '../../src/base/brand.ts';
import { openSqliteStore } from '../../src/tracking/sqlite.ts';
import { bundleProgram } from '../support/bundle.ts';
import { trackingStoreContract } from './tracking-store.ts';
import { bareRun, fullRun, runIdOf } from './tracking-store-runs.ts';

const directory = mkdtempSync(join(tmpdir(), 'lockstep-tracking-'));
// Beside the packages that it imports.
const writer = resolve(`node_modules/.cache/lockstep/tracking-writer-${process.pid}.mjs`);
afterAll(() => {
  rmSync(directory, { recursive: true, force: true });
  rmSync(writer, { force: true });
});

let files = 0;
function freshFile(): string {
  files += 1;
  return join(directory, `${files}`, 'lockstep.db');
}

trackingStoreContract('SQLite', () => openSqliteStore(freshFile()));

describe('a SQLite file', () => {
  it('keeps its runs when it is closed and opened again', async () => {
    const file = freshFile();
    const first = await openSqliteStore(file);
    await first.record([fullRun(1)]);
    await first.close();
    const second = await openSqliteStore(file);
    expect(await second.list({})).toEqual([fullRun(1)]);
    await second.close();
  });

  it('keeps an environment once, however many runs had it', async () => {
    const file = freshFile();
    const store = await openSqliteStore(file);
    await store.record([fullRun(1), fullRun(2), fullRun(3)]);
    await store.close();
    const sqlite = new SqliteFile(file);
    expect(sqlite.prepare('select count(*) from environments').pluck().get()).toBe(1);
    sqlite.close();
  });

  it('keeps a point that is logged twice once', async () => {
    const store = await openSqliteStore(freshFile());
    const point = { key: 'loss', value: 0.5, step: 1, timestamp: 2 };
    await store.record([bareRun(1, { metrics: [point, { ...point, step: 2 }, point] })]);
    expect((await store.list({}))[0]?.metrics).toEqual([point, { ...point, step: 2 }]);
    await store.close();
  });

  it('keeps of a param that is recorded twice the last value', async () => {
    const store = await openSqliteStore(freshFile());
    const param = (value: string) => ({ key: 'lr', value: value as Literal });
    await store.record([bareRun(1, { params: [param('0.1'), param('0.2')] })]);
    expect((await store.list({}))[0]?.params).toEqual([param('0.2')]);
    await store.close();
  });

  it('leaves no rows of replaced runs behind', async () => {
    const file = freshFile();
    const store = await openSqliteStore(file);
    await store.record([fullRun(1)]);
    await store.record([bareRun(1)]);
    await store.close();
    const sqlite = new SqliteFile(file);
    for (const table of ['params', 'metrics', 'latest_metrics', 'inputs', 'artifacts']) {
      expect([table, sqlite.prepare(`select count(*) from ${table}`).pluck().get()]).toEqual([table, 0]);
    }
    sqlite.close();
  });

  it('that is no database is a stoppage that names it and the way out, and is left as it is', async () => {
    const file = freshFile();
    await (await openSqliteStore(file)).close();
    const garbage = 'this was a database once, '.repeat(1000);
    writeFileSync(file, garbage);
    await expect(openSqliteStore(file)).rejects.toMatchObject({
      code: 'corrupt-database',
      message: expect.stringContaining(file),
      hint: expect.stringContaining(`mv ${file} ${file}.old`),
    });
    expect(readFileSync(file, 'utf8')).toBe(garbage);
  });

  it('that is damaged inside is found when it is read or written, and named', async () => {
    const file = freshFile();
    const store = await openSqliteStore(file);
    await store.record(Array.from({ length: 200 }, (_, i) => fullRun(i + 1)));
    await store.close();
    const bytes = readFileSync(file);
    // Behind the pages that say which tables there are: those are read when the file is opened.
    writeFileSync(file, bytes.fill(0xa5, 64 * 4096));
    const damaged = await openSqliteStore(file);
    const stoppage = { code: 'corrupt-database', message: expect.stringContaining(file) };
    await expect(damaged.list({})).rejects.toMatchObject(stoppage);
    await expect(damaged.record([bareRun(1)])).rejects.toMatchObject(stoppage);
    await damaged.close();
  });

  it('of a newer lockstep is not touched', async () => {
    const file = freshFile();
    await (await openSqliteStore(file)).close();
    const sqlite = new SqliteFile(file);
    sqlite.pragma('user_version = 99');
    sqlite.close();
    await expect(openSqliteStore(file)).rejects.toMatchObject({
      message: expect.stringContaining('schema 99'),
      hint: expect.stringContaining('newer lockstep'),
    });
  });

  it('of another program is not touched', async () => {
    const file = freshFile();
    await (await openSqliteStore(file)).close();
    rmSync(file);
    const sqlite = new SqliteFile(file);
    sqlite.exec('create table precious (x)');
    sqlite.close();
    await expect(openSqliteStore(file)).rejects.toMatchObject({ message: expect.stringContaining('another program') });
  });

  it('is read while a writer is in the middle of a transaction', async () => {
    const file = freshFile();
    const store = await openSqliteStore(file);
    await store.record([bareRun(1)]);
    const writer = new SqliteFile(file);
    writer.exec("begin immediate; update runs set status = 'KILLED'");
    expect((await store.list({})).map((run) => run.status)).toEqual(['FINISHED']);
    writer.exec('commit');
    expect((await store.list({})).map((run) => run.status)).toEqual(['KILLED']);
    writer.close();
    await store.close();
  });

  it('is made and written by several processes at once', async () => {
    const file = freshFile();
    const program = await buildWriter(writer);
    const writers = [0, 1, 2, 3].map((number) => stderrOf([program, file, String(number * 10)]));
    expect(await Promise.all(writers)).toEqual(['', '', '', '']);
    const store = await openSqliteStore(file);
    const ids = (await store.list({})).map((run) => run.id).sort();
    expect(ids).toEqual(Array.from({ length: 40 }, (_, i) => runIdOf(i)));
    await store.close();
  });
});

/** A program that opens the database and records ten runs, each in a transaction of its own. */
async function buildWriter(outfile: string): Promise<string> {
  const contents = `
    import { openSqliteStore } from './src/tracking/sqlite.ts';
    import { bareRun } from './test/contracts/tracking-store-runs.ts';
    const [file, first] = process.argv.slice(2);
    const store = await openSqliteStore(file);
    for (let i = 0; i < 10; i += 1) await store.record([bareRun(Number(first) + i)]);
    await store.close();
  `;
  await bundleProgram(contents, { directory: resolve('.'), outfile });
  return outfile;
}

async function stderrOf(args: readonly string[]): Promise<string> {
  const child = spawn(process.execPath, args, { stdio: ['ignore', 'ignore', 'pipe'] });
  let text = '';
  child.stderr.on('data', (chunk: Buffer) => {
    text += chunk.toString();
  });
  const code = await new Promise<number | null>((done) => child.on('close', done));
  return code === 0 ? text : `exit ${code}: ${text}`;
}
