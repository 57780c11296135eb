import { createHmac, randomBytes, timingSafeEqual } from 'node:crypto';
import type { Server } from 'node:http';
import { type AddressInfo, createServer, type Socket } from 'node:net';
import type { RunId } from '../base/brand.ts';
import type { DoorOptions, StageDoor } from '../repro/tools.ts';
import type { TrackingDatabase } from '../tracking/tracking-database.ts';

export interface StageDoorParts extends DoorOptions {
  readonly tracking: () => Promise<TrackingDatabase>;
  readonly artifactDirectory: string;
  readonly now: () => number;
}

/**
 * Where the stages of a `repro` log to. It is a bare port until one of them connects: a stage that logs nothing, which is
 * most of them, pays for no server, and neither does the one beside it.
 */
export async function openStageDoor(parts: StageDoorParts): Promise<StageDoor> {
  const tokens = makeStageTokens();
  let server: Promise<Server> | undefined;
  const waiting = new Set<Socket>();
  const port = createServer({ pauseOnConnect: true, noDelay: true }, (socket) => {
    waiting.add(socket);
    socket.once('close', () => waiting.delete(socket));
    // Until the server has it nobody else listens.
    const unheard = () => socket.destroy();
    socket.on('error', unheard);
    server ??= openServer(parts, tokens);
    server.then(
      (ready) => {
        socket.off('error', unheard);
        ready.emit('connection', socket);
        socket.resume();
      },
      (error: unknown) => {
        socket.destroy();
        parts.onFault(error);
      },
    );
  });
  await new Promise<void>((resolve, reject) => {
    port.once('error', reject);
    port.listen(0, '127.0.0.1', resolve);
  });
  const uri = `http://127.0.0.1:${(port.address() as AddressInfo).port}`;
  return {
    environment: (run) => ({
      MLFLOW_TRACKING_URI: uri,
      MLFLOW_RUN_ID: run,
      MLFLOW_EXPERIMENT_ID: '0',
      MLFLOW_TRACKING_TOKEN: tokens.of(run),
    }),
    async close() {
      port.close();
      if (server === undefined) return;
      const { stopServer } = await import('./listener.ts');
      await stopServer(await server);
      for (const socket of waiting) socket.destroy();
    },
  };
}

async function openServer(parts: StageDoorParts, tokens: StageTokens): Promise<Server> {
  const [{ makeListener }, { makeGuard }, { stageEndpoints }] = await Promise.all([
    import('./listener.ts'),
    import('./guard.ts'),
    import('./stage-endpoints.ts'),
  ]);
  const guard = makeGuard({
    host: '127.0.0.1',
    allowedHosts: [],
    insecure: false,
    tokens: {
      any: async () => true,
      find: async (token) => {
        const run = tokens.runOf(token);
        return run === undefined ? undefined : { name: run, scope: 'write' };
      },
    },
  });
  const server = makeListener({
    services: { tracking: await parts.tracking(), artifactRoot: 'mlflow-artifacts:', now: parts.now },
    artifactDirectory: parts.artifactDirectory,
    endpoints: stageEndpoints(),
    log: { request: () => {}, error: (_, error) => parts.onFault(error) },
    guard: async (incoming) => {
      const run = await guard(incoming);
      if (run !== undefined) await parts.settle(run as RunId);
      return run;
    },
  });
  return server;
}

interface StageTokens {
  of(run: RunId): string;
  /** The run that a token is of; undefined for one that is none of ours. */
  runOf(token: string): RunId | undefined;
}

/** A token says which run it is of, so none has to be remembered; nobody can make one but this process. */
function makeStageTokens(): StageTokens {
  const secret = randomBytes(32);
  const of = (run: RunId) => `${run}.${createHmac('sha256', secret).update(run).digest('base64url')}`;
  return {
    of,
    runOf(token) {
      const run = token.slice(0, token.indexOf('.')) as RunId;
      const [expected, sent] = [Buffer.from(of(run)), Buffer.from(token)];
      return expected.length === sent.length && timingSafeEqual(expected, sent) ? run : undefined;
    },
  };
}
