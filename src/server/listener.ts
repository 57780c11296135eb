import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { join } from 'node:path';
import { getRequestListener } from '@hono/node-server';
import { RESPONSE_ALREADY_SENT } from '@hono/node-server/utils/response';
import { sendAnswer } from './answer.ts';
import { buildApp, explain } from './app.ts';
import type { ArtifactContents } from './artifact-contents.ts';
import { artifactRoutes } from './artifact-routes.ts';
import { openArtifactStore } from './artifact-store.ts';
import { openUploads } from './artifact-uploads.ts';
import type { Endpoint, Services } from './endpoint.ts';
import { ENDPOINTS } from './endpoints.ts';
import type { Guard } from './guard.ts';
import { modelArtifactRoutes } from './model-artifacts.ts';
import { isPinnedArtifact } from './pinned-artifacts.ts';
import { purgeEndpoints } from './purge.ts';
import { rawPath } from './raw-path.ts';
import { makeRequestMetrics } from './request-metrics.ts';
import { runArtifactRoutes } from './run-artifacts.ts';
import type { Exchange } from './send-file.ts';
import type { ServerLog } from './server-log.ts';
import { uploadRoutes } from './upload-routes.ts';

export interface ListenerOptions {
  readonly services: Services;
  /** Where artifacts come in, and where they stay unless `artifactContents` says otherwise. */
  readonly artifactDirectory: string;
  readonly artifactContents?: ArtifactContents | undefined;
  readonly log: ServerLog;
  readonly guard: Guard;
  /** In place of the API's own. */
  readonly endpoints?: readonly Endpoint[];
}

/** Longer than a client takes between two steps of a training, so that it need not connect again. */
const KEEP_ALIVE = 75_000;
/** A connection on which nothing moves. An upload may take hours as long as it goes on. */
const SILENT_FOR = 120_000;
const STOP_WITHIN = 10_000;

/** All of the server but the address that it listens on. */
export function makeListener(options: ListenerOptions): Server {
  const { services, artifactDirectory, artifactContents, log, guard, endpoints } = options;
  const metrics = makeRequestMetrics();
  const callers = new WeakMap<IncomingMessage, string>();
  const artifacts = openArtifactStore({
    directory: artifactDirectory,
    contents: artifactContents,
    tracking: services.tracking,
    now: services.now,
    isPinned: isPinnedArtifact,
  });
  const app = buildApp({
    services,
    endpoints: endpoints ?? [...ENDPOINTS, ...purgeEndpoints(artifacts)],
    routes: [
      ...artifactRoutes(artifacts),
      ...uploadRoutes(artifacts, openUploads(join(artifactDirectory, 'uploads'), services.now)),
      ...runArtifactRoutes(services, artifacts),
      ...modelArtifactRoutes(services, artifacts),
    ],
    metrics,
    log,
    callers,
  });
  const answer = getRequestListener(answered(app.fetch));
  const server = createServer(
    { noDelay: true, requestTimeout: 0, headersTimeout: 20_000, keepAliveTimeout: KEEP_ALIVE },
    (incoming, outgoing) => {
      observe({ incoming, outgoing }, { metrics, log });
      outgoing.setHeader('x-content-type-options', 'nosniff');
      outgoing.setHeader('x-frame-options', 'SAMEORIGIN');
      outgoing.setHeader('referrer-policy', 'no-referrer');
      guard(incoming)
        .then((caller) => {
          if (caller !== undefined) callers.set(incoming, caller);
          return answer(incoming, outgoing);
        })
        .catch((error: unknown) => {
          outgoing.setHeader('connection', 'close');
          sendAnswer(outgoing, explain(error, { incoming, log }));
        });
    },
  );
  server.setTimeout(SILENT_FOR);
  return server;
}

type Fetch = ReturnType<typeof buildApp>['fetch'];

/** hono answers HEAD with a copy of what GET answers, which does not say any more that all was sent already. */
function answered(fetch: Fetch): Fetch {
  return async (request, env) => {
    const response = await fetch(request, env);
    return (env as Exchange).outgoing.headersSent ? RESPONSE_ALREADY_SENT : response;
  };
}

function observe(
  { incoming, outgoing }: { readonly incoming: IncomingMessage; readonly outgoing: ServerResponse },
  { metrics, log }: { readonly metrics: ReturnType<typeof makeRequestMetrics>; readonly log: ServerLog },
): void {
  const start = performance.now();
  metrics.begin();
  outgoing.once('close', () => {
    const ms = performance.now() - start;
    const status = outgoing.writableFinished ? outgoing.statusCode : 499;
    metrics.end(incoming, { status, seconds: ms / 1000 });
    const path = rawPath(incoming.url ?? '');
    log.request({ method: incoming.method ?? '', path, status, ms: Math.round(ms * 100) / 100 });
  });
}

/** Lets running requests end, for a while, and takes no new ones. */
export async function stopServer(server: Server): Promise<void> {
  const patience = setTimeout(() => server.closeAllConnections(), STOP_WITHIN);
  await new Promise<void>((resolve) => {
    server.close(() => resolve());
    server.closeIdleConnections();
  });
  clearTimeout(patience);
}
