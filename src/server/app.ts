import { randomUUID } from 'node:crypto';
import type { HttpBindings } from '@hono/node-server';
import { RESPONSE_ALREADY_SENT } from '@hono/node-server/utils/response';
import { type Context, Hono } from 'hono';
import { type ErrorCode, LockstepError } from '../base/error.ts';
import { RequestError } from '../tracking/request-error.ts';
import { type Answer, jsonAnswer, refusalAnswer, sendAnswer } from './answer.ts';
import type { Endpoint, Services } from './endpoint.ts';
import { readRequest } from './fields.ts';
import { describeApi } from './openapi.ts';
import { queryOf, rawPath } from './raw-path.ts';
import { readJsonBody } from './read-body.ts';
import type { RequestMetrics } from './request-metrics.ts';
import type { Route } from './route.ts';
import type { Exchange } from './send-file.ts';
import type { ServerLog } from './server-log.ts';

export interface AppParts {
  readonly services: Services;
  readonly endpoints: readonly Endpoint[];
  readonly routes: readonly Route[];
  readonly metrics: RequestMetrics;
  readonly log: ServerLog;
  /** The names of the tokens that requests came with. */
  readonly callers: WeakMap<Exchange['incoming'], string>;
}

type Door = { Bindings: HttpBindings };

const PREFIXES = ['/api/2.0', '/ajax-api/2.0'];

/**
 * What clients take for MLflow's version. From 3.4 on they would send traces in a protocol of their own, which nobody
 * here understands.
 */
const SPEAKS_LIKE = '3.3.2';

/** All that can be asked of the server. Whoever comes this far has passed the guard. */
export function buildApp({ services, endpoints, routes, metrics, log, callers }: AppParts): Hono<Door> {
  // By the path as it was sent: what the guard saw is what is routed.
  const app = new Hono<Door>({ getPath: (_, options) => rawPath(options?.env?.incoming.url ?? '/') });
  app.get('/health', (c) => c.text('OK'));
  app.get('/version', (c) => c.text(SPEAKS_LIKE));
  app.get('/metrics', (c) =>
    c.text(metrics.text(), 200, { 'content-type': 'text/plain; version=0.0.4; charset=utf-8' }),
  );
  app.get('/openapi.json', (c) => c.json(describeApi(endpoints, routes)));
  for (const endpoint of endpoints) {
    for (const prefix of PREFIXES) {
      app.on(endpoint.method, prefix + endpoint.path, async (c) => {
        metrics.name(c.env.incoming, endpoint.path);
        return respond(
          c,
          jsonAnswer(await ask(endpoint, { ...services, who: callers.get(c.env.incoming as Exchange['incoming']) }, c)),
        );
      });
    }
  }
  for (const route of routes) {
    for (const prefix of route.root ? [''] : PREFIXES) {
      app.on(route.method, prefix + route.path, async (c) => {
        metrics.name(c.env.incoming, route.path);
        const answer = await route.handle(c.env as Exchange, paramsOf(c));
        return answer === undefined ? RESPONSE_ALREADY_SENT : respond(c, jsonAnswer(answer));
      });
    }
  }
  app.notFound((c) => respond(c, refusalAnswer(new RequestError('ENDPOINT_NOT_FOUND', 'There is no such endpoint'))));
  app.onError((error, c) => {
    const { incoming, outgoing } = c.env as Exchange;
    const answer = explain(error, { incoming, log });
    if (!outgoing.headersSent) return respond(c, answer);
    sendAnswer(outgoing, answer);
    return RESPONSE_ALREADY_SENT;
  });
  return app;
}

async function ask(endpoint: Endpoint, services: Services, c: Context<Door>): Promise<object> {
  const { incoming } = c.env as Exchange;
  const fields = endpoint.method === 'GET' ? queryOf(incoming.url ?? '') : await readJsonBody(incoming, endpoint.path);
  return await endpoint.handle(services, readRequest(endpoint.request, { ...fields, ...paramsOf(c) }));
}

function paramsOf(c: Context<Door>): Readonly<Record<string, string>> {
  return c.req.param();
}

function respond(c: Context<Door>, { status, headers, body }: Answer): Response {
  // A body that was refused unread would be taken for the next request.
  const unread = status >= 400 && !c.env.incoming.complete ? { connection: 'close' } : {};
  return new Response(body, { status, headers: { ...headers, ...unread } });
}

/** What may well be better in a while. */
const PASSING: ReadonlySet<ErrorCode> = new Set(['busy', 'disk', 'remote']);

/** What a client may know of an error; the log tells the rest under the id that the client is given. */
export function explain(
  error: unknown,
  { incoming, log }: { readonly incoming: Exchange['incoming']; readonly log: ServerLog },
): Answer {
  if (error instanceof RequestError) return refusalAnswer(error);
  const id = randomUUID();
  log.error({ id, method: incoming.method ?? '', path: rawPath(incoming.url ?? '') }, error);
  if (error instanceof LockstepError && PASSING.has(error.code)) {
    return refusalAnswer(new RequestError('TEMPORARILY_UNAVAILABLE', `The server cannot do that now (${id})`));
  }
  return refusalAnswer(new RequestError('INTERNAL_ERROR', `The server made a mistake; its log says more of ${id}`));
}
