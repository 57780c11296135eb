import type { Endpoint, Services } from '../../src/server/endpoint.ts';
import { ENDPOINTS } from '../../src/server/endpoints.ts';
import { readRequest } from '../../src/server/fields.ts';
import { RequestError } from '../../src/tracking/request-error.ts';
import type { TrackingDatabase } from '../../src/tracking/tracking-database.ts';

// biome-ignore lint/suspicious/noExplicitAny: answers are JSON of any shape, and tests say what they expect of it
export type Answer = any;

/** Asks endpoints as the routes do, without HTTP between. */
export interface Client {
  readonly services: Services;
  readonly post: (path: string, request: object) => Promise<Answer>;
  readonly get: (path: string, request: object) => Promise<Answer>;
  readonly ask: (method: Endpoint['method'], path: string, request: object) => Promise<Answer>;
  /** What the request is refused with, as `CODE: message`. */
  readonly refusal: (path: string, request: object) => Promise<string>;
}

/** A clock that goes on by a second whenever it is read. */
export function clientOf(tracking: TrackingDatabase, { who }: Pick<Services, 'who'> = {}): Client {
  let time = 1_700_000_000_000;
  const now = () => {
    time += 1000;
    return time;
  };
  const services: Services = { tracking, artifactRoot: 'mlflow-artifacts:', now, who };
  const ask = async (method: Endpoint['method'], path: string, request: object): Promise<Answer> => {
    const endpoint = ENDPOINTS.find((one) => one.method === method && one.path === `/mlflow/${path}`);
    if (endpoint === undefined) throw new Error(`no endpoint ${method} ${path}`);
    return JSON.parse(JSON.stringify(await endpoint.handle(services, readRequest(endpoint.request, request))));
  };
  return {
    services,
    post: (path, request) => ask('POST', path, request),
    get: (path, request) => ask('GET', path, request),
    ask,
    refusal: async (path, request) => {
      const method = ENDPOINTS.find((one) => one.path === `/mlflow/${path}`)?.method ?? 'POST';
      try {
        return JSON.stringify(await ask(method, path, request));
      } catch (error) {
        if (error instanceof RequestError) return `${error.code}: ${error.message}`;
        throw error;
      }
    },
  };
}
