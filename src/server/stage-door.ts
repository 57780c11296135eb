import { createHmac, randomBytes, timingSafeEqual } from 'node:crypto';
import type { Server, ServerResponse } from 'node:http';
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
  const sockets = new Set<Socket>();
  const port = createServer({ pauseOnConnect: true, noDelay: true }, (socket) => {
    sockets.add(socket);
    socket.once('close', () => sockets.delete(socket));
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
      const ready = await server?.catch(() => undefined);
      if (ready !== undefined) await quiet(ready);
      for (const socket of sockets) socket.destroy();
    },
  };
}

/** Milliseconds for requests that are being answered when the last stage has ended; whoever sent them is gone. */
const STOP_WITHIN = 2_000;

/** The server listens nowhere itself, so nobody else counts its requests. */
async function quiet(server: Server): Promise<void> {
  const running = underWay.get(server);
  if (running === undefined || running.count === 0) return;
  await new Promise<void>((resolve) => {
    const patience = setTimeout(resolve, STOP_WITHIN);
    running.onNone = () => {
      clearTimeout(patience);
      resolve();
    };
  });
}

interface UnderWay {
  count: number;
  onNone?: () => void;
}

const underWay = new WeakMap<Server, UnderWay>();

function countRequests(server: Server): void {
  const running: UnderWay = { count: 0 };
  underWay.set(server, running);
  server.on('request', (_, outgoing: ServerResponse) => {
    running.count += 1;
    outgoing.once('close', () => {
      running.count -= 1;
      if (running.count === 0) running.onNone?.();
    });
  });
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
  countRequests(server);
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
