import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openTracking } from '../../src/tracking/open-tracking.ts';
import type { TrackingDatabase } from '../../src/tracking/tracking-database.ts';
import { databaseKinds, OPENING } from './tracking-databases.ts';

describe.each(databaseKinds())('a tracking database: $name', ({ name, open, dispose }) => {
  let tracking: TrackingDatabase;
  beforeAll(async () => {
    tracking = await open();
  }, OPENING);
  afterAll(async () => {
    await tracking.close();
    await dispose();
  });

  it('begins with the default experiment', async () => {
    const experiments = await tracking.db.selectFrom('experiments').select(['experiment_id', 'name']).execute();
    expect(experiments).toEqual([{ experiment_id: 0, name: 'Default' }]);
  });

  it('keeps all of a write or nothing', async () => {
    const failing = tracking.write(async (trx) => {
      await trx.insertInto('experiments').values({ name: 'half' }).execute();
      throw new Error('and no further');
    });
    await expect(failing).rejects.toThrow('and no further');
    const found = await tracking.db.selectFrom('experiments').where('name', '=', 'half').select('name').execute();
    expect(found).toEqual([]);
  });

  it('lets writers wait for each other, and none of them see half of another', async () => {
    const create = () =>
      tracking.write(async (trx) => {
        const { count } = await trx
          .selectFrom('experiment_tags')
          .select(({ fn }) => fn.countAll().as('count'))
          .executeTakeFirstOrThrow();
        const key = `tag ${Number(count)}`;
        await trx.insertInto('experiment_tags').values({ experiment_id: 0, key, value: '' }).execute();
        return key;
      });
    const keys = await Promise.all(Array.from({ length: 20 }, create));
    expect(new Set(keys).size).toBe(20);
  });

  it('numbers experiments upwards and gives numbers back as numbers', async () => {
    const made = await tracking.write((trx) =>
      trx
        .insertInto('experiments')
        .values({ name: `of ${name}`, creation_time: 1_700_000_000_000 })
        .returning(['experiment_id', 'creation_time'])
        .executeTakeFirstOrThrow(),
    );
    expect(made.experiment_id).toBeGreaterThan(0);
    expect(made.creation_time).toBe(1_700_000_000_000);
  });
});

describe('a SQLite file that another process keeps locked', () => {
  it('asks clients to try again', async () => {
    const tracking = await openTracking(':memory:');
    const locked = tracking.write(async () => {
      throw Object.assign(new Error('database is locked'), { code: 'SQLITE_BUSY' });
    });
    await expect(locked).rejects.toMatchObject({ code: 'TEMPORARILY_UNAVAILABLE' });
    await tracking.close();
  });
});

describe('an address', () => {
  it('of a PostgreSQL server that is not there is a stoppage without the password', async () => {
    const opening = openTracking('postgres://me:hush@127.0.0.1:9/nothing');
    await expect(opening).rejects.toMatchObject({
      message: expect.stringMatching(/^postgres:\/\/127\.0\.0\.1:9\/nothing cannot be opened: .*ECONNREFUSED/),
    });
  });
});
