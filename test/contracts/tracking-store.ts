import { describe, expect, it } from 'vitest';
import type { Literal, RunId } from '../../src/base/brand.ts';
import { logInputs } from '../../src/tracking/logged/inputs.ts';
import { logBatch } from '../../src/tracking/logged/log-batch.ts';
import { updateRun } from '../../src/tracking/logged/runs.ts';
import { type TrackingStore, writtenKey } from '../../src/tracking/tracking-store.ts';
import { bareRun, digestNumber, fullRun, runIdOf } from './tracking-store-runs.ts';

/** What every tracking store promises. `open` gives an empty one at each call. */
export function trackingStoreContract(name: string, open: () => Promise<TrackingStore>): void {
  describe(`tracking store: ${name}`, () => {
    it('gives back a run as it was recorded, every category and every odd value', async () => {
      const store = await open();
      await store.record([fullRun(1)]);
      expect(await store.find(runIdOf(1))).toEqual(fullRun(1));
      await store.close();
    });

    it('replaces all that was recorded of a run when it is recorded again', async () => {
      const store = await open();
      const running = bareRun(1, {
        status: 'RUNNING',
        endTime: null,
        params: [{ key: 'gone', value: '1' as Literal }],
        metrics: [{ key: 'gone', value: 1, step: 0, timestamp: 1 }],
        tags: { 'lockstep.gone': 'yes' },
      });
      await store.record([running, bareRun(2, { startTime: running.startTime })]);
      await store.record([fullRun(1)]);
      expect(await store.list({})).toEqual([bareRun(2, { startTime: running.startTime }), fullRun(1)]);
      await store.close();
    });

    it('leaves to a run all that clients logged, whatever is recorded of it later', async () => {
      const store = await open();
      const { id, startTime } = bareRun(1);
      const declared = [
        { key: 'lr', value: '0.1' as Literal },
        { key: 'same', value: '0.00001' as Literal },
      ];
      const running = bareRun(1, { status: 'RUNNING', endTime: null, params: declared });
      await store.record([running]);
      const database = store.database();
      const now = startTime + 100;
      const param = (key: string, value: string) => ({ key, value });
      const logged = {
        runId: id,
        params: [param('lr', '0.2'), param('same', '1e-05'), param('depth', '4')],
        metrics: [
          { key: 'loss', value: 0.5, step: 0, timestamp: now },
          { key: 'acc', value: 0.9, step: 7, timestamp: now },
        ],
        tags: [param('team', 'a'), param('mlflow.runName', 'mine'), param('lockstep.exit', 'forged')],
        now,
      };
      await logBatch(database, logged);
      await logBatch(database, logged);
      await expect(logBatch(database, { ...logged, params: [param('lr', '0.3')] })).rejects.toThrow('lr');
      const dataset = { name: 'd', digest: '1', source_type: 'local', source: '{}' };
      await logInputs(database, { runId: id, datasets: [{ dataset, tags: [] }], models: [], now });
      const ended = await updateRun(database, { runId: id, status: 'FAILED', endTime: now, name: undefined });
      expect(ended.status).toBe('RUNNING');
      const final = bareRun(1, {
        params: declared,
        metrics: [
          { key: 'loss', value: 0.25, step: 1, timestamp: now + 1 },
          { key: 'acc', value: 0.1, step: 0, timestamp: now + 1 },
        ],
        tags: { 'lockstep.attempt': '1' },
      });
      for (let time = 0; time < 2; time += 1) {
        await store.record([final]);
        const found = await store.find(id);
        expect(found).toMatchObject({ status: 'FINISHED', endTime: final.endTime });
        expect(found?.params).toEqual([...declared, { key: 'depth', value: '4' }]);
        expect(found?.tags).toEqual({ 'lockstep.attempt': '1', 'mlflow.runName': 'mine', team: 'a' });
        const point = (key: string) => found?.metrics.filter((one) => one.key === key).map(({ value }) => value);
        expect([point('loss'), point('acc')]).toEqual([
          [0.25, 0.5],
          [0.1, 0.9],
        ]);
        const [latest] = await store.list({ latestMetrics: true });
        expect(new Map(latest?.metrics.map(({ key, value }) => [key, value]))).toEqual(
          new Map([
            ['loss', 0.25],
            ['acc', 0.9],
          ]),
        );
        expect(await store.clientRecord(id)).toEqual({
          paramDifferences: [{ key: 'lr', declared: '0.1', logged: '0.2' }],
          artifacts: [],
          models: [],
          datasets: [{ name: 'd', digest: '1', source: '{}' }],
        });
      }
      // What is read is recorded again where a killed lockstep left it.
      await store.record([{ ...((await store.find(id)) ?? final), status: 'KILLED' }]);
      expect(await store.find(id)).toMatchObject({ status: 'KILLED', params: [...declared, { key: 'depth' }] });
      expect((await store.clientRecord(id)).paramDifferences).toHaveLength(1);
      await store.close();
    });

    it('keeps both values where a client had logged a param before it was declared', async () => {
      const store = await open();
      await store.record([bareRun(1)]);
      const param = { key: 'lr', value: '0.2' };
      await logBatch(store.database(), { runId: runIdOf(1), params: [param], metrics: [], tags: [], now: 1.7e12 });
      await store.record([bareRun(1, { params: [{ key: 'lr', value: '0.1' as Literal }] })]);
      expect((await store.find(runIdOf(1)))?.params).toEqual([{ key: 'lr', value: '0.1' }]);
      expect((await store.clientRecord(runIdOf(1))).paramDifferences).toEqual([
        { key: 'lr', declared: '0.1', logged: '0.2' },
      ]);
      await store.close();
    });

    it('records while a client is in the middle of a transaction', async () => {
      const store = await open();
      await store.record([bareRun(1)]);
      const client = store.database().write(async (trx) => {
        await trx.selectFrom('runs').selectAll().execute();
        await new Promise(setImmediate);
        await trx.insertInto('tags').values({ run: 1, key: 'k', value: 'v' }).execute();
      });
      await Promise.all([client, store.record([bareRun(1, { tags: { 'lockstep.a': 'b' } })])]);
      expect((await store.find(runIdOf(1)))?.tags).toEqual({ k: 'v', 'lockstep.a': 'b' });
      await store.close();
    });

    it('records all runs of one call or none', async () => {
      const store = await open();
      const broken = { ...bareRun(2), params: [{ key: 'k', value: null as unknown as Literal }] };
      await expect(store.record([bareRun(1), broken])).rejects.toThrow();
      expect(await store.list({})).toEqual([]);
      await store.close();
    });

    it('lists newest first, and takes stage, status, parents and a limit', async () => {
      const store = await open();
      await store.record([
        bareRun(3),
        bareRun(1),
        bareRun(4, { stage: null, file: null }),
        bareRun(2, { stage: 'prepare', status: 'FAILED' }),
      ]);
      const ids = async (query: Parameters<TrackingStore['list']>[0]) =>
        (await store.list(query)).map((run) => Number.parseInt(run.id, 16));
      expect(await ids({})).toEqual([3, 2, 1]);
      expect(await ids({ parents: true })).toEqual([4, 3, 2, 1]);
      expect(await ids({ stage: 'train' })).toEqual([3, 1]);
      expect(await ids({ status: 'FAILED' })).toEqual([2]);
      expect(await ids({ limit: 2 })).toEqual([3, 2]);
      expect(await ids({ stage: 'absent' })).toEqual([]);
      await store.close();
    });

    it('lists only the latest point of each series when asked: by step, then time, then value', async () => {
      const store = await open();
      const point = (key: string, value: number, at: { step: number; timestamp: number }) => ({ key, value, ...at });
      const metrics = [
        point('a', 1, { step: 7, timestamp: 1 }),
        point('a', 2, { step: 3, timestamp: 9 }),
        point('b', 1, { step: 0, timestamp: 5 }),
        point('b', 2, { step: 0, timestamp: 4 }),
        point('c', 1, { step: 0, timestamp: 5 }),
        point('c', 2, { step: 0, timestamp: 5 }),
        point('d', Number.NaN, { step: 0, timestamp: 5 }),
      ];
      await store.record([bareRun(1, { metrics })]);
      const [run] = await store.list({ latestMetrics: true });
      expect(run?.metrics).toEqual([metrics[0], metrics[2], metrics[5], metrics[6]]);
      expect((await store.list({}))[0]?.metrics).toEqual(metrics);
      await store.close();
    });

    it('finds a run by a unique beginning of its id', async () => {
      const store = await open();
      const [a, b] = ['abcd1', 'abcd2'].map((start) => start.padEnd(32, '0') as RunId) as [RunId, RunId];
      await store.record([bareRun(1, { id: a }), bareRun(2, { id: b })]);
      expect((await store.find('abcd2'))?.id).toBe(b);
      expect((await store.find('ABCD1'))?.id).toBe(a);
      expect(await store.find('abce')).toBeUndefined();
      expect(await store.find("no ' id")).toBeUndefined();
      await expect(store.find('abcd')).rejects.toMatchObject({ code: 'usage', hint: expect.stringContaining(a) });
      await expect(store.find('abc')).rejects.toMatchObject({ code: 'usage' });
      await store.close();
    });

    it('knows how long the newest finished run of each stage took', async () => {
      const store = await open();
      await store.record([
        bareRun(2, { endTime: bareRun(2).startTime + 20 }),
        bareRun(1, { endTime: bareRun(1).startTime + 10 }),
        bareRun(3, { status: 'FAILED' }),
        bareRun(4, { status: 'RUNNING', endTime: null }),
        bareRun(5, { file: 'sub/pipeline.yaml', endTime: bareRun(5).startTime + 50 }),
        bareRun(6, { stage: null, file: null }),
      ]);
      expect(await store.lastDurations()).toEqual(
        new Map([
          ['pipeline.yaml:train', { run: runIdOf(2), duration: 20 }],
          ['sub/pipeline.yaml:train', { run: runIdOf(5), duration: 50 }],
        ]),
      );
      await store.close();
    });

    it('knows which finished run left some bytes at a path last', async () => {
      const store = await open();
      const wrote = (digest: number, kind: 'out' | 'log' = 'out', path = 'outs/a') => ({
        artifacts: [{ path, digest: digestNumber(digest), size: 1, kind, stored: true }],
      });
      await store.record([
        bareRun(2, wrote(1)),
        bareRun(1, wrote(1)),
        bareRun(3, { ...wrote(1), status: 'FAILED' }),
        bareRun(4, wrote(2, 'log')),
        bareRun(5, wrote(3)),
        bareRun(6, wrote(1, 'out', 'outs/b')),
      ]);
      const at = (digest: number, path = 'a') => ({ path, digest: digestNumber(digest) });
      const asked = [at(1), at(2), at(3), at(4), at(3, 'b')];
      expect(await store.producers(asked)).toEqual(
        new Map([
          [writtenKey(at(1)), runIdOf(2)],
          [writtenKey(at(3)), runIdOf(5)],
        ]),
      );
      expect(await store.producers([])).toEqual(new Map());
      await store.close();
    });

    it('takes many runs with long series in one call', async () => {
      const store = await open();
      const series = Array.from({ length: 2000 }, (_, step) => ({
        key: 'loss',
        value: 1 / (step + 1),
        step,
        timestamp: 1,
      }));
      const runs = Array.from({ length: 40 }, (_, i) => bareRun(i + 1, { metrics: series }));
      await store.record(runs);
      const listed = await store.list({});
      expect(listed).toHaveLength(40);
      expect(listed.every((run) => run.metrics.length === 2000)).toBe(true);
      await store.close();
    });
  });
}
