import type { IncomingMessage } from 'node:http';

/** Upper bounds in seconds. */
const BUCKETS = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10];

interface Series {
  count: number;
  seconds: number;
  readonly buckets: number[];
}

/** Counts of requests by method, route and status: few series, however many paths there are. */
export interface RequestMetrics {
  /** Without a name a request counts as `other`. */
  name(incoming: IncomingMessage, route: string): void;
  begin(): void;
  end(incoming: IncomingMessage, result: { readonly status: number; readonly seconds: number }): void;
  /** In Prometheus' text format. */
  text(): string;
}

export function makeRequestMetrics(): RequestMetrics {
  const routes = new WeakMap<IncomingMessage, string>();
  const series = new Map<string, Series>();
  let running = 0;
  return {
    name: (incoming, route) => void routes.set(incoming, route),
    begin: () => {
      running += 1;
    },
    end: (incoming, { status, seconds }) => {
      running -= 1;
      const route = routes.get(incoming) ?? 'other';
      const labels = `method="${METHODS.has(incoming.method ?? '') ? incoming.method : 'other'}",route="${route}",status="${status}"`;
      const one = series.get(labels) ?? { count: 0, seconds: 0, buckets: BUCKETS.map(() => 0) };
      series.set(labels, one);
      one.count += 1;
      one.seconds += seconds;
      BUCKETS.forEach((bound, i) => {
        if (seconds <= bound) one.buckets[i] = (one.buckets[i] ?? 0) + 1;
      });
    },
    text: () => [...requestLines(series), ...processLines(running), ''].join('\n'),
  };
}

const METHODS = new Set(['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE']);

function requestLines(series: ReadonlyMap<string, Series>): readonly string[] {
  const name = 'lockstep_http_request_duration_seconds';
  const lines = [
    `# HELP ${name} Time from the first byte of a request to the last of its answer.`,
    `# TYPE ${name} histogram`,
  ];
  for (const [labels, { count, seconds, buckets }] of series) {
    BUCKETS.forEach((bound, i) => {
      lines.push(`${name}_bucket{${labels},le="${bound}"} ${buckets[i]}`);
    });
    lines.push(`${name}_bucket{${labels},le="+Inf"} ${count}`);
    lines.push(`${name}_sum{${labels}} ${seconds}`, `${name}_count{${labels}} ${count}`);
  }
  return lines;
}

function processLines(running: number): readonly string[] {
  return [
    gauge('lockstep_http_requests_in_flight', 'Requests that are not answered yet.', running),
    gauge('process_resident_memory_bytes', 'Memory that the server holds.', process.memoryUsage.rss()),
    gauge('process_uptime_seconds', 'How long the server runs.', process.uptime()),
  ].flat();
}

function gauge(name: string, help: string, value: number): readonly string[] {
  return [`# HELP ${name} ${help}`, `# TYPE ${name} gauge`, `${name} ${value}`];
}
