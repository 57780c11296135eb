import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Literal } from '../../src/base/brand.ts';
import { openTracking } from '../../src/tracking/open-tracking.ts';
import { openSqliteStore } from '../../src/tracking/sqlite.ts';
import type { TrackingDatabase } from '../../src/tracking/tracking-database.ts';
import { runs } from '../support/hunt.ts';
import { type Answer, type Client, clientOf } from './server-rig.ts';
import { databaseKinds, OPENING } from './tracking-databases.ts';
import { bareRun, runIdOf } from './tracking-store-runs.ts';

interface Fixture {
  readonly name: string;
  readonly metrics?: Readonly<Record<string, number | string>>;
  readonly params?: Readonly<Record<string, string>>;
  readonly tags?: Readonly<Record<string, string>>;
}

/** Newest first, as a search without an order gives them. */
const RUNS: readonly Fixture[] = [
  { name: 'e', metrics: { acc: 0.9, zero: 'NaN' }, params: { lr: '0.1', model: 'Forest' }, tags: { team: 'red' } },
  { name: 'd', metrics: { acc: 0.5, zero: 0 }, params: { lr: '0.2', model: 'for_est' } },
  { name: 'c', metrics: { acc: 'NaN' }, params: { model: '"quoted"' }, tags: { team: 'Blue', 'a b': 'x' } },
  { name: 'b', metrics: { 'f1 score': 1 }, params: { lr: '0.1' } },
  { name: 'a', metrics: { acc: -1 }, params: { model: 'f*[x]?' } },
];

describe.each(databaseKinds())('searching runs over $name', ({ open, dispose }) => {
  let tracking: TrackingDatabase;
  let client: Client;
  let experiment: string;
  const ids = new Map<string, string>();
  beforeAll(async () => {
    tracking = await open();
    client = clientOf(tracking);
    experiment = (await client.post('experiments/create', { name: 'searched' })).experiment_id;
    for (const [i, run] of RUNS.toReversed().entries()) {
      const fields = { experiment_id: experiment, run_name: run.name, user_id: 'ada', start_time: 1000 + i };
      const { run: made } = await client.post('runs/create', fields);
      const list = (values: object = {}) => Object.entries(values).map(([key, value]) => ({ key, value }));
      const metrics = list(run.metrics).map((metric) => ({ ...metric, timestamp: 1, step: 0 }));
      const batch = { metrics, params: list(run.params), tags: list(run.tags) };
      await client.post('runs/log-batch', { run_id: made.info.run_id, ...batch });
      ids.set(run.name, made.info.run_id);
    }
  }, OPENING);
  afterAll(async () => {
    await tracking.close();
    await dispose();
  });

  const names = async (request: object): Promise<string> => {
    const { runs = [] } = await client.post('runs/search', { experiment_ids: [experiment], ...request });
    return runs.map(({ info }: Answer) => info.run_name).join('');
  };

  it.each([
    ['', 'edcba'],
    ['metrics.acc > 0.5', 'e'],
    ['metrics.acc >= 0.5 AND params.lr = "0.1"', 'e'],
    ['metrics.acc != 0.5', 'eca'],
    ['metric.acc < 1e3', 'eda'],
    ['metrics.zero = 0', 'd'],
    ['metrics.`f1 score` = 1', 'b'],
    ['metrics."f1 score" <= 1.0', 'b'],
    ['metrics.acc IS NULL', 'b'],
    ["params.lr = '0.1'", 'eb'],
    ["params.lr != '0.1'", 'd'],
    ["param.lr LIKE '0.%'", 'edb'],
    ["params.model LIKE 'for_est'", 'd'],
    ["params.model LIKE 'F%'", 'e'],
    ["params.model ILIKE 'f%'", 'eda'],
    ["params.model LIKE 'f*[x]?'", 'a'],
    ['params.model = \'"quoted"\'', 'c'],
    ["params.model LIKE '\"q%'", 'c'],
    ["parameters.model IN ('Forest', 'f*[x]?')", 'ea'],
    ['params.lr is null', 'ca'],
    ["tags.team = 'red'", 'e'],
    ['tag.team IS NOT NULL', 'ec'],
    ["tags.`a b` = 'x'", 'c'],
    ["tags.mlflow.runName = 'd'", 'd'],
    ["attributes.run_name ILIKE 'A'", 'a'],
    ["run_name IN ('a','b')", 'ba'],
    ["run_name NOT IN ('a','b')", 'edc'],
    ["'run name' = 'a'", 'a'],
    ["attr.`Run Name` = 'a'", 'a'],
    ["user_id = 'ada' and status = 'RUNNING'", 'edcba'],
    ['created > 1002', 'ed'],
    ['start_time <= 1001 and end_time is null', 'ba'],
    ["artifact_uri LIKE 'mlflow-artifacts:/%/artifacts'", 'edcba'],
    ["metrics.acc > 0.8 or params.lr = '0.2'", 'ed'],
    ["(metrics.acc > 0.8 or params.lr = '0.2') and tags.team = 'red'", 'e'],
    ['not metrics.acc > 0', 'cba'],
    ["params.absent != 'x'", ''],
    ["dataset.name = 'x'", ''],
  ])('%s finds %s', async (filter, expected) => {
    expect(await names({ filter })).toBe(expected);
  });

  it.each([
    [['metrics.acc DESC'], 'edacb'],
    [['metrics.acc'], 'adecb'],
    [['metrics.acc ASC', 'start_time'], 'adecb'],
    [['params.lr', 'start_time ASC'], 'bedac'],
    [['params.lr desc', 'metrics.acc desc'], 'debac'],
    [['tags.team'], 'cedba'],
    [['start_time'], 'abcde'],
    [['attributes.run_name'], 'abcde'],
    [['end_time desc'], 'edcba'],
  ])('ordered by %j they are %s', async (order_by, expected) => {
    expect(await names({ order_by })).toBe(expected);
    const byPages: string[] = [];
    let page_token: string | undefined;
    do {
      const request = { experiment_ids: [experiment], order_by, max_results: 2, page_token };
      const page = await client.post('runs/search', request);
      byPages.push(...(page.runs ?? []).map(({ info }: Answer) => info.run_name));
      page_token = page.next_page_token;
    } while (page_token !== undefined);
    expect(byPages.join('')).toBe(expected);
  });

  it('filtered and ordered by one metric gives just those that pass', async () => {
    const order_by = ['metrics.acc'];
    expect(await names({ order_by, filter: "metrics.acc > -5 and user_id = 'ada'" })).toBe('ade');
    expect(await names({ order_by, filter: 'metrics.acc != 0.5' })).toBe('aec');
    expect(await names({ order_by, filter: 'metrics.acc > 0.5 or params.lr is not null' })).toBe('deb');
  });

  it.each([
    ['metrics.acc >> 1', "Invalid comparator '>>' not one of"],
    ["metrics.acc LIKE '1'", "Invalid comparator 'like' not one of"],
    ["foo.a = '1'", "Invalid entity type 'foo'. Valid values are ['metric', 'param', 'tag', 'attribute', 'dataset']"],
    ["attributes.nope = '1'", "Invalid attribute key 'nope' specified"],
    ["metrics.acc > '1'", 'Expected numeric value type for metric'],
    ['params.lr = 0.1', 'Expected a quoted string value for param'],
    ['metrics.acc', 'Invalid clause(s) in filter string'],
    ["params.lr = '1", 'Expected a quoted string value'],
    ["params.lr = '1' params.lr = '2'", 'Invalid clause(s) in filter string'],
    ["run_id IN ('a'", 'Invalid clause(s)'],
    ['('.repeat(1000), 'Invalid clause(s)'],
    [Array.from({ length: 201 }, () => 'metrics.a > 1').join(' and '), 'at most 200 clauses'],
  ])('%.40s is refused', async (filter, message) => {
    const refusal = await client.refusal('runs/search', { experiment_ids: [experiment], filter });
    expect(refusal).toContain('INVALID_PARAMETER_VALUE: ');
    expect(refusal).toContain(message);
  });

  it('refuses orders and pages that mean nothing', async () => {
    const ask = (request: object) => client.refusal('runs/search', { experiment_ids: [experiment], ...request });
    expect(await ask({ order_by: ['metrics.acc UP'] })).toContain('Invalid ordering key in order_by clause');
    expect(await ask({ order_by: ['start_time', 'created desc'] })).toContain('duplicate fields');
    expect(await ask({ page_token: 'x' })).toContain('Invalid page token');
    expect(await ask({ max_results: 50_001 })).toContain('INVALID_PARAMETER_VALUE');
    expect(await client.post('runs/search', { experiment_ids: [] })).toEqual({});
  });

  it('takes any text for a filter or for a mistake, never for SQL', async () => {
    const words = fc.constantFrom(
      ...[
        'and',
        'or',
        'not',
        '(',
        ')',
        'metrics.acc',
        "params.lr'--",
        '>',
        '=',
        'like',
        "'0.1'",
        '0.1',
        "';drop",
        'is',
      ],
      ...['null', 'in', "('a')", 'start_time', 'run_name', 'tags.team', '1e400', "'%'", 'dataset.context', 'ilike'],
    );
    const filters = fc.oneof(
      fc.array(words, { maxLength: 8 }).map((some) => some.join(' ')),
      fc.string({ maxLength: 30 }),
    );
    await fc.assert(
      fc.asyncProperty(filters, async (filter) => {
        await client.refusal('runs/search', { experiment_ids: [experiment], filter, order_by: ['metrics.acc'] });
      }),
      { numRuns: runs(150) },
    );
  });

  it('finds children by the tag of their parent, and deleted runs when asked', async () => {
    const tags = [{ key: 'mlflow.parentRunId', value: ids.get('a') }];
    const { run } = await client.post('runs/create', { experiment_id: experiment, run_name: 'child', tags });
    const filter = `tags.mlflow.parentRunId = '${ids.get('a')}'`;
    expect(await names({ filter })).toBe('child');
    await client.post('runs/delete', { run_id: run.info.run_id });
    expect(await names({ filter })).toBe('');
    expect(await names({ filter, run_view_type: 'DELETED_ONLY' })).toBe('child');
    expect(await names({ filter, run_view_type: 'ALL' })).toBe('child');
  });
});

describe('one file', () => {
  const directory = mkdtempSync(join(tmpdir(), 'lockstep-one-file-'));
  afterAll(() => rmSync(directory, { recursive: true, force: true }));

  it("shows repro's runs to clients, and clients' runs to `runs list`", async () => {
    const file = join(directory, 'lockstep.db');
    const store = await openSqliteStore(file);
    const tracking = await openTracking(file);
    const client = clientOf(tracking);
    const params = [
      { key: 'model', value: '"forest"' as Literal },
      { key: 'lr', value: '0.1' as Literal },
    ];
    const metrics = [{ key: 'acc', value: 0.9, step: 1, timestamp: 2 }];
    await store.record([
      bareRun(1, { stage: null, file: null }),
      bareRun(2, { parent: runIdOf(1), params, metrics, tags: { 'lockstep.outcome': 'ran' } }),
    ]);
    const { runs } = await client.post('runs/search', {
      experiment_ids: ['0'],
      filter: `params.model = 'forest' and tags.mlflow.parentRunId = '${runIdOf(1)}' and run_name = 'train'`,
    });
    expect(runs).toEqual([
      expect.objectContaining({
        info: expect.objectContaining({
          run_name: 'train',
          status: 'FINISHED',
          artifact_uri: `mlflow-artifacts:/0/${runIdOf(2)}/artifacts`,
        }),
        data: {
          metrics,
          params: [
            { key: 'lr', value: '0.1' },
            { key: 'model', value: 'forest' },
          ],
          tags: [
            { key: 'lockstep.outcome', value: 'ran' },
            { key: 'mlflow.runName', value: 'train' },
            { key: 'mlflow.parentRunId', value: runIdOf(1) },
          ],
        },
      }),
    ]);
    const made = await client.post('runs/create', { experiment_id: '0', run_name: 'by hand', start_time: 1 });
    const { run_id } = made.run.info;
    await client.post('runs/log-batch', {
      run_id,
      params: [{ key: 'model', value: 'forest' }],
      metrics: [{ key: 'acc', value: 0.5, timestamp: 3 }],
    });
    const listed = (await store.list({})).find(({ id }) => id === run_id);
    expect(listed).toMatchObject({
      stage: 'by hand',
      file: null,
      status: 'RUNNING',
      params: [{ key: 'model', value: '"forest"' }],
      metrics: [{ key: 'acc', value: 0.5, step: 0, timestamp: 3 }],
    });
    expect(await store.list({ status: 'RUNNING', parents: true, clients: false })).toEqual([]);
    expect((await store.list({ stage: 'by hand' })).map(({ id }) => id)).toEqual([run_id]);
    await tracking.close();
    await store.close();
  });
});
