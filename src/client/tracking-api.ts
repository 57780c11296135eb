import { LockstepError } from '../base/error.ts';

/** Any server that speaks MLflow's REST API. */
export interface Server {
  /** Without a slash at its end. */
  readonly uri: string;
  /** The header's value; undefined where the server asks for none. */
  readonly authorization: string | undefined;
}

/** The run that is logged into, and the server that keeps it. */
export interface Target extends Server {
  readonly run: string;
}

type Environment = Readonly<Record<string, string | undefined>>;

/** What the environment of a stage says; undefined outside of one. */
export function targetOf(env: Environment): Target | undefined {
  const { MLFLOW_TRACKING_URI: uri } = env;
  const run = env.MLFLOW_RUN_ID || ownRunOf(env);
  if (uri === undefined || run === undefined || !/^https?:\/\//.test(uri)) return undefined;
  return { ...serverAt(uri, env), run };
}

/**
 * MLflow's client takes its run's id out of the environment once it has begun, so the programs that a script calls then do
 * not see it. The stage's own run is meant only where the server is repro's, whose tokens begin with the run that they are of.
 */
function ownRunOf({ LOCKSTEP_RUN_ID: run, MLFLOW_TRACKING_TOKEN: token = '' }: Environment): string | undefined {
  return run !== undefined && token.startsWith(`${run}.`) ? run : undefined;
}

export function serverAt(uri: string, env: Environment): Server {
  return { uri: uri.replace(/\/+$/, ''), authorization: authorizationOf(env) };
}

/** A name and password come before a token, as MLflow's own clients have it. */
function authorizationOf(env: Environment): string | undefined {
  const { MLFLOW_TRACKING_USERNAME: name, MLFLOW_TRACKING_PASSWORD: password, MLFLOW_TRACKING_TOKEN: token } = env;
  if (name && password) return `Basic ${Buffer.from(`${name}:${password}`).toString('base64')}`;
  return token ? `Bearer ${token}` : undefined;
}

export interface Metric {
  readonly key: string;
  readonly value: number;
  readonly step: number;
  /** Milliseconds since the epoch. */
  readonly timestamp: number;
}

export interface Pair {
  readonly key: string;
  readonly value: string;
}

/** What one request of the API takes, or more of it: `requestsOf` makes as many as are needed. */
export interface Batch {
  readonly metrics: readonly Metric[];
  readonly params: readonly Pair[];
  readonly tags: readonly Pair[];
}

const MOST_METRICS = 1000;
const MOST_PAIRS = 100;

/** One request, as data, so that another process can send it, too. */
export interface ApiRequest {
  readonly method: 'GET' | 'POST' | 'PATCH';
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: string;
}

export function requestsOf(target: Target, { metrics, params, tags }: Batch): readonly ApiRequest[] {
  const bodies = [
    ...portions(params, MOST_PAIRS).map((some) => ({ params: some })),
    ...portions(tags, MOST_PAIRS).map((some) => ({ tags: some })),
    ...portions(metrics, MOST_METRICS).map((some) => ({ metrics: some.map(metricMessage) })),
  ];
  return bodies.map((body) => apiRequest(target, 'POST', 'runs/log-batch', { run_id: target.run, ...body }));
}

function portions<T>(list: readonly T[], most: number): readonly (readonly T[])[] {
  return Array.from({ length: Math.ceil(list.length / most) }, (_, i) => list.slice(i * most, (i + 1) * most));
}

/** What JSON has no number for is text. */
function metricMessage(metric: Metric): object {
  return { ...metric, value: Number.isFinite(metric.value) ? metric.value : String(metric.value) };
}

export function apiRequest(target: Server, method: ApiRequest['method'], path: string, body?: object): ApiRequest {
  return {
    method,
    url: `${target.uri}/api/2.0/mlflow/${path}`,
    headers: { ...headersOf(target), ...(body === undefined ? {} : { 'content-type': 'application/json' }) },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  };
}

export function headersOf({ authorization }: Server): Readonly<Record<string, string>> {
  return authorization === undefined ? {} : { authorization };
}

/** Milliseconds. */
const ANSWERED_WITHIN = 60_000;

/** The server understood, and does not want it. */
export class Refusal extends LockstepError {
  readonly status: number;

  constructor(message: string, status: number) {
    super('server', message);
    this.status = status;
  }
}

/** The answer's fields; throws `server` where there is none or it is a refusal. */
export async function send({ url, ...request }: ApiRequest): Promise<Readonly<Record<string, unknown>>> {
  const answer = await reach(url, { ...request, signal: AbortSignal.timeout(ANSWERED_WITHIN) });
  const json: unknown = await answer.json().catch(() => ({}));
  return typeof json === 'object' && json !== null ? (json as Readonly<Record<string, unknown>>) : {};
}

export async function reach(url: string, request: RequestInit): Promise<Response> {
  const answer = await fetch(url, request).catch((error: unknown) => {
    throw new LockstepError('server', `${new URL(url).origin} cannot be reached: ${reasonOf(error)}`, { cause: error });
  });
  if (answer.ok) return answer;
  throw new Refusal(`${new URL(url).origin} refuses it: ${await refusalOf(answer)}`, answer.status);
}

/** fetch says only that it failed; what failed is in the cause. */
function reasonOf(error: unknown): string {
  const cause = error instanceof Error && error.cause instanceof Error ? error.cause : error;
  if (!(cause instanceof Error)) return String(cause);
  return cause.message || String((cause as NodeJS.ErrnoException).code ?? cause.name);
}

async function refusalOf(answer: Response): Promise<string> {
  const text = await answer.text();
  try {
    const { message } = JSON.parse(text) as { readonly message?: unknown };
    if (typeof message === 'string' && message !== '') return message;
  } catch {
    // A proxy answers with a page.
  }
  return `${answer.status} ${answer.statusText}`.trim();
}
