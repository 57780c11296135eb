/** One request; ids of things made before stand in it as `{experiment}`, `{run}` with a number, see `fill`. */
export interface Request {
  readonly method: 'GET' | 'POST' | 'PATCH' | 'DELETE';
  /** Below `/api/2.0/mlflow/`. */
  readonly path: string;
  readonly body: Readonly<Record<string, unknown>>;
}

/** A deterministic stream of choices (mulberry32). */
class Dice {
  #state: number;

  constructor(seed: number) {
    this.#state = seed;
  }

  below(limit: number): number {
    this.#state = (this.#state + 0x6d2b79f5) | 0;
    let t = Math.imul(this.#state ^ (this.#state >>> 15), 1 | this.#state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return Math.floor((((t ^ (t >>> 14)) >>> 0) / 2 ** 32) * limit);
  }

  pick<T>(items: readonly [T, ...T[]]): T {
    return items[this.below(items.length)] ?? items[0];
  }

  /** One time in `n`. */
  oneIn(n: number): boolean {
    return this.below(n) === 0;
  }
}

const RUNS = 6;
const EXPERIMENTS = 3;

/** The same sequence for the same seed: first some experiments and runs, then anything in any order. */
export function randomRequests(seed: number, count: number): readonly Request[] {
  const dice = new Dice(seed);
  const begin: Request[] = [];
  for (let i = 0; i < EXPERIMENTS; i += 1) begin.push(post('experiments/create', { name: `experiment ${i}` }));
  for (let i = 0; i < RUNS; i += 1) {
    const tags = dice.oneIn(2) ? [{ key: 'team', value: dice.pick(['a', 'b']) }] : [];
    begin.push(
      post('runs/create', { experiment_id: experimentOf(dice), run_name: `run ${i}`, start_time: 1000 + i, tags }),
    );
  }
  for (const name of MODELS) begin.push(post('registered-models/create', { name }));
  const makers = [
    experiment,
    run,
    run,
    metric,
    metric,
    param,
    tag,
    batch,
    search,
    search,
    history,
    model,
    version,
    version,
  ] as const;
  return [...begin, ...Array.from({ length: count }, () => dice.pick(makers)(dice))];
}

function post(path: string, body: Request['body']): Request {
  return { method: 'POST', path, body };
}

function get(path: string, body: Request['body']): Request {
  return { method: 'GET', path, body };
}

function experimentOf(dice: Dice): string {
  return dice.oneIn(12) ? dice.pick(['999999', '0']) : `{experiment ${dice.below(EXPERIMENTS)}}`;
}

function runOf(dice: Dice): string {
  return dice.oneIn(15) ? 'f'.repeat(32) : `{run ${dice.below(RUNS)}}`;
}

const KEYS = ['a', 'b', 'f1 score', 'deep/key'] as const;
const VALUES = ['1', '0.5', 'x', 'it’s', ''] as const;
const VIEWS = ['ACTIVE_ONLY', 'DELETED_ONLY', 'ALL'] as const;

function experiment(dice: Dice): Request {
  const experiment_id = experimentOf(dice);
  return dice.pick<Request>([
    get('experiments/get', { experiment_id }),
    get('experiments/get-by-name', { experiment_name: dice.pick(['experiment 0', 'renamed', 'none', 'Default']) }),
    post('experiments/create', { name: dice.pick(['experiment 1', '', 'x'.repeat(501)]) }),
    post('experiments/update', { experiment_id, new_name: dice.pick(['renamed', 'experiment 2', 'other']) }),
    post('experiments/delete', { experiment_id }),
    post('experiments/restore', { experiment_id }),
    post('experiments/restore', { experiment_id }),
    post('experiments/set-experiment-tag', { experiment_id, key: dice.pick(KEYS), value: dice.pick(VALUES) }),
    post('experiments/delete-experiment-tag', { experiment_id, key: dice.pick(KEYS) }),
    post('experiments/search', {
      max_results: dice.pick([1, 2, 1000]),
      view_type: dice.pick(VIEWS),
      order_by: dice.pick([['name'], ['name DESC'], ['experiment_id ASC']]),
      filter: dice.pick(["name LIKE 'exp%'", "name ILIKE 'EXP%'", "tags.a = '1'", "name != 'renamed'", '', 'name = 3']),
    }),
  ]);
}

function run(dice: Dice): Request {
  const run_id = runOf(dice);
  return dice.pick<Request>([
    get('runs/get', { run_id }),
    get('runs/get', { run_id }),
    get('runs/get', { run_id }),
    post('runs/update', {
      run_id,
      status: dice.pick(['FINISHED', 'FAILED', 'RUNNING', 'KILLED', 'SCHEDULED']),
      end_time: dice.pick([5000, 6000]),
      ...(dice.oneIn(3) && { run_name: dice.pick(['named', 'run 1']) }),
    }),
    post('runs/delete', { run_id }),
    post('runs/restore', { run_id }),
    post('runs/restore', { run_id }),
    post('runs/log-inputs', {
      run_id,
      datasets: [
        {
          tags: [{ key: 'mlflow.data.context', value: dice.pick(['train', 'eval']) }],
          dataset: { name: dice.pick(['d', 'e']), digest: '12ab', source_type: 'local', source: '{}' },
        },
      ],
    }),
  ]);
}

function number(dice: Dice): unknown {
  return dice.pick<unknown>([0, 1, 0.5, -2.25, 1e300, 'NaN', 'Infinity', '-Infinity', 'word', null]);
}

function metric(dice: Dice): Request {
  const step = dice.oneIn(3) ? {} : { step: dice.pick([0, 1, 2, -1]) };
  const timestamp = dice.pick<unknown>([1000, 2000, 3000, 3000, -5]);
  return post('runs/log-metric', { run_id: runOf(dice), key: keyOf(dice), value: number(dice), timestamp, ...step });
}

function keyOf(dice: Dice): string {
  return dice.oneIn(10)
    ? dice.pick(['', '../up', '/root', 'a//b', 'ümlaut', 'x'.repeat(251), 'semi;colon'])
    : dice.pick(KEYS);
}

function param(dice: Dice): Request {
  const value = dice.oneIn(12) ? 'v'.repeat(7000) : dice.pick(VALUES);
  return post('runs/log-parameter', { run_id: runOf(dice), key: keyOf(dice), value });
}

function tag(dice: Dice): Request {
  const run_id = runOf(dice);
  return dice.pick<Request>([
    post('runs/set-tag', { run_id, key: keyOf(dice), value: dice.pick(VALUES) }),
    post('runs/set-tag', { run_id, key: 'mlflow.runName', value: dice.pick(['tagged', 'run 2']) }),
    post('runs/delete-tag', { run_id, key: dice.pick(KEYS) }),
  ]);
}

function batch(dice: Dice): Request {
  const some = <T>(make: () => T): T[] => Array.from({ length: dice.below(4) }, make);
  return post('runs/log-batch', {
    run_id: runOf(dice),
    metrics: some(() => ({
      key: dice.pick(KEYS),
      value: dice.pick<unknown>([1, 2.5, 'NaN']),
      timestamp: dice.pick([1000, 4000]),
      step: dice.below(3),
    })),
    params: some(() => ({ key: dice.pick(['p', 'q', 'r']), value: dice.pick(VALUES) })),
    tags: some(() => ({ key: keyOf(dice), value: dice.pick(VALUES) })),
  });
}

const FILTERS = [
  '',
  'metrics.a > 0.4',
  'metrics.a <= 1 and metrics.b != 0',
  'metrics.`f1 score` >= -10',
  'metrics."deep/key" = 0.5',
  "params.p = '1'",
  "params.p != 'x'",
  "params.q LIKE '%5'",
  "param.r ILIKE 'X'",
  "tags.team = 'a'",
  "tags.`team` != 'a'",
  'tags.team IS NULL',
  'tags.team IS NOT NULL',
  'params.p IS NULL',
  "attributes.status = 'FINISHED'",
  "status != 'RUNNING'",
  "run_name LIKE 'run %'",
  "attributes.run_name = 'named'",
  'start_time > 1002',
  'attribute.end_time <= 5000',
  "dataset.name = 'd'",
  "datasets.context IN ('train', 'x')",
  "user_id = 'nobody'",
  'metrics.a >> 1',
  "metrics.a > '1'",
  'params.p = 1',
  'foo.a = 1',
  'attribute.nothing = 1',
  "status = 'FINISHED' status",
  'params.p LIKE',
] as const;

const ORDERS = [
  [],
  ['metrics.a'],
  ['metrics.a DESC'],
  ['metrics.`f1 score` ASC', 'attributes.run_name'],
  ['params.p DESC'],
  ['tags.team'],
  ['attribute.status ASC', 'start_time DESC'],
  ['start_time ASC'],
  ['end_time DESC'],
  ['run_name'],
  ['metrics.a UP'],
  ['nothing.a'],
] as const;

function search(dice: Dice): Request {
  return post('runs/search', {
    experiment_ids: Array.from({ length: EXPERIMENTS }, (_, i) => `{experiment ${i}}`),
    filter: dice.pick(FILTERS),
    order_by: dice.pick<readonly string[]>(ORDERS),
    run_view_type: dice.pick(VIEWS),
    max_results: dice.pick([1, 3, 1000, 1000, 0, 50_001]),
  });
}

function history(dice: Dice): Request {
  const runs = [`{run ${dice.below(RUNS)}}`, `{run ${dice.below(RUNS)}}`];
  return dice.pick<Request>([
    get('metrics/get-history', { run_id: runOf(dice), metric_key: dice.pick(KEYS), max_results: dice.pick([2, 1000]) }),
    get('metrics/get-history-bulk-interval', {
      run_ids: [...new Set(runs)],
      metric_key: dice.pick(KEYS),
      max_results: dice.pick([1, 2, 100]),
      ...(dice.oneIn(2) && { start_step: 0, end_step: dice.pick([1, 2]) }),
    }),
  ]);
}

const MODELS = ['first', 'second'] as const;

function model(dice: Dice): Request {
  const name = dice.oneIn(12) ? 'nobody' : dice.pick(MODELS);
  return dice.pick<Request>([
    get('registered-models/get', { name }),
    get('registered-models/get', { name }),
    post('registered-models/create', { name: dice.pick([...MODELS, 'a/b', '', 'a:b']) }),
    { method: 'PATCH', path: 'registered-models/update', body: { name, description: dice.pick(VALUES) } },
    get('registered-models/search', {
      max_results: dice.pick([1, 100]),
      order_by: dice.pick([['name DESC'], ['name ASC'], []]),
      filter: dice.pick(["name LIKE '%s%'", "name ILIKE 'FIRST'", "tags.a = '1'", "name != 'first'", '', 'what = 1']),
    }),
    post('registered-models/get-latest-versions', {
      name,
      stages: dice.pick<readonly string[]>([[], ['None'], ['production'], ['Staging', 'Archived'], ['Nowhere']]),
    }),
    post('registered-models/set-tag', { name, key: dice.pick(KEYS), value: dice.pick(VALUES) }),
    { method: 'DELETE', path: 'registered-models/delete-tag', body: { name, key: dice.pick(KEYS) } },
    post('registered-models/alias', {
      name,
      alias: dice.pick(['champion', 'latest', 'v1', 'b c']),
      version: versionOf(dice),
    }),
    post('registered-models/alias', { name, alias: dice.pick(['champion', 'other']), version: versionOf(dice) }),
    get('registered-models/alias', { name, alias: dice.pick(['champion', 'other']) }),
    { method: 'DELETE', path: 'registered-models/alias', body: { name, alias: dice.pick(['champion', 'other']) } },
  ]);
}

function versionOf(dice: Dice): string {
  return String(dice.below(4) + 1);
}

function version(dice: Dice): Request {
  const name = dice.oneIn(15) ? 'nobody' : dice.pick(MODELS);
  const at = { name, version: versionOf(dice) };
  return dice.pick<Request>([
    post('model-versions/create', { name, source: 's3://bucket/model', ...(dice.oneIn(2) && { run_id: runOf(dice) }) }),
    post('model-versions/create', {
      name,
      source: 's3://bucket/other',
      description: 'd',
      tags: [{ key: 'a', value: '1' }],
    }),
    get('model-versions/get', at),
    get('model-versions/get', at),
    { method: 'PATCH', path: 'model-versions/update', body: { ...at, description: dice.pick(VALUES) } },
    post('model-versions/transition-stage', {
      ...at,
      stage: dice.pick(['Staging', 'production', 'Archived', 'None', 'Nowhere']),
      archive_existing_versions: false,
    }),
    post('model-versions/transition-stage', {
      ...at,
      stage: dice.pick(['Staging', 'Production']),
      archive_existing_versions: dice.oneIn(2),
    }),
    ...(dice.oneIn(4) ? [{ method: 'DELETE' as const, path: 'model-versions/delete', body: at }] : []),
    get('model-versions/search', {
      max_results: dice.pick([1, 100]),
      order_by: dice.pick([['name DESC', 'version_number ASC'], ['version_number DESC', 'name ASC'], ['name']]),
      filter: dice.pick([
        "name = 'first'",
        "name LIKE 'sec%'",
        "tags.a = '1'",
        "source_path = 's3://bucket/model'",
        '',
      ]),
    }),
    get('model-versions/get-download-uri', at),
    post('model-versions/set-tag', { ...at, key: dice.pick(KEYS), value: dice.pick(VALUES) }),
    { method: 'DELETE', path: 'model-versions/delete-tag', body: { ...at, key: dice.pick(KEYS) } },
  ]);
}
