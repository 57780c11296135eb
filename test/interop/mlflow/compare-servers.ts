import type { Request } from './random-requests.ts';

/** What a server answered, with everything out of it that only that server can know: ids, times, its own addresses. */
export interface Answer {
  readonly status: number;
  /** The error's code, or the body. */
  readonly says: unknown;
}

/** One server under comparison, and what it calls the things that were made so far. */
export class Peer {
  readonly #address: string;
  readonly #experiments: string[] = [];
  readonly #runs: string[] = [];

  constructor(address: string) {
    this.#address = address;
  }

  async ask(request: Request): Promise<Answer> {
    const body = this.#fill(request.body) as Request['body'];
    const url = new URL(`/api/2.0/mlflow/${request.path}`, this.#address);
    if (request.method === 'GET') {
      for (const [name, value] of Object.entries(body)) {
        for (const one of [value].flat()) url.searchParams.append(name, String(one));
      }
    }
    const response = await fetch(url, {
      method: request.method,
      ...(request.method !== 'GET' && {
        body: JSON.stringify(body),
        headers: { 'Content-Type': 'application/json' },
      }),
      signal: AbortSignal.timeout(60_000),
    });
    const answer = (await response.json()) as Readonly<Record<string, unknown>>;
    if (!response.ok) return { status: response.status, says: answer.error_code };
    if (request.path === 'experiments/create') this.#experiments.push(String(answer.experiment_id));
    if (request.path === 'runs/create') this.#runs.push((answer.run as { info: { run_id: string } }).info.run_id);
    const says = this.#plain(answer) as { model_versions?: readonly unknown[] };
    if (request.path !== 'registered-models/get-latest-versions') return { status: 200, says };
    return { status: 200, says: { model_versions: byVersion(says.model_versions ?? []) } };
  }

  #fill(value: unknown): unknown {
    if (typeof value === 'string') {
      const [, kind, number] = /^\{(experiment|run) (\d+)\}$/.exec(value) ?? [];
      if (kind === undefined) return value;
      return (kind === 'run' ? this.#runs : this.#experiments)[Number(number)] ?? 'none';
    }
    return mapped(value, (inner) => this.#fill(inner));
  }

  #plain(value: unknown, key = ''): unknown {
    if (/(creation|update|updated)_time(stamp)?(_ms)?$/.test(key)) return typeof value === 'number' ? 'a time' : value;
    if (key === 'next_page_token') return 'a token';
    if (key === 'experiment_id') return this.#experimentName(String(value));
    if (typeof value === 'string') {
      const run = this.#runs.indexOf(value);
      if (run >= 0) return `run ${run}`;
      // Experiment, and run where there is one.
      return value.replace(/^(mlflow-artifacts:\/)(\d+)(?:\/([0-9a-f]{32}))?/, (_, scheme, experiment, id) => {
        return `${scheme}${this.#experimentName(experiment)}${id === undefined ? '' : `/run ${this.#runs.indexOf(id)}`}`;
      });
    }
    if (Array.isArray(value)) {
      const items = value.map((inner) => this.#plain(inner));
      return key === 'latest_versions' ? byVersion(items) : ordered(items);
    }
    return mapped(value, (inner, name) => this.#plain(inner, name));
  }

  #experimentName(id: string): string {
    const index = this.#experiments.indexOf(id);
    return index < 0 ? `experiment with id ${id}` : `experiment ${index}`;
  }
}

/** Maps the values of an object or a list; what is empty or null means the same as nothing, and is left out. */
function mapped(value: unknown, map: (inner: unknown, name: string) => unknown): unknown {
  if (Array.isArray(value)) return value.map((inner) => map(inner, ''));
  if (value === null || typeof value !== 'object') return value;
  const entries = Object.entries(value)
    .filter(([, inner]) => !isNothing(inner))
    .map(([name, inner]) => [name, map(inner, name)] as const);
  return Object.fromEntries(entries.sort(([a], [b]) => (a < b ? -1 : 1)));
}

function isNothing(value: unknown): boolean {
  return value === null || (typeof value === 'object' && Object.keys(value).length === 0);
}

/** What has keys is a set: tags, params, latest metrics, aliases. The rest has an order. */
function ordered(items: readonly unknown[]): readonly unknown[] {
  const byName = items.map((item) => [nameOf(item), item] as const);
  const names = new Set(byName.map(([name]) => name));
  // The points of a history share a key, and have an order.
  if (names.has(undefined) || names.size < items.length) return items;
  return byName.sort(([a = ''], [b = '']) => (a < b ? -1 : 1)).map(([, item]) => item);
}

export function sorted(items: readonly unknown[]): readonly unknown[] {
  return items
    .map((item) => [JSON.stringify(item), item] as const)
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([, item]) => item);
}

/** One version of each stage, in no order that anybody promises. */
function byVersion(versions: readonly unknown[]): readonly unknown[] {
  const numberOf = (version: unknown) => Number((version as { version: string }).version);
  return [...versions].sort((a, b) => numberOf(a) - numberOf(b));
}

function nameOf(item: unknown): string | undefined {
  if (item === null || typeof item !== 'object') return undefined;
  const { key, alias, run_id } = item as Readonly<Record<string, unknown>>;
  const name = run_id === undefined ? (key ?? alias) : undefined;
  return typeof name === 'string' ? name : undefined;
}
