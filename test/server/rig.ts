import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { type IncomingHttpHeaders, request } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { ArtifactContents } from '../../src/server/artifact-contents.ts';
import type { Endpoint } from '../../src/server/endpoint.ts';
import { type RunningServer, serve } from '../../src/server/serve.ts';
import { makeServerLog } from '../../src/server/server-log.ts';
import { openTracking } from '../../src/tracking/open-tracking.ts';
import type { TrackingDatabase } from '../../src/tracking/tracking-database.ts';

export interface Sent {
  readonly method?: string;
  /** As it goes over the wire: nothing is encoded, nothing normalised. */
  readonly path: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string | Uint8Array;
  /** Sent as JSON, with its content type. */
  readonly json?: unknown;
}

export interface Answered {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: Buffer;
  readonly text: string;
  /** Of an answer that is JSON; else undefined. */
  readonly json: { readonly [field: string]: unknown; readonly error_code?: string; readonly message?: string };
}

/** A server on a port of its own, with a database and a directory of its own. */
export class ServerRig implements AsyncDisposable {
  readonly directory: string;
  readonly tracking: TrackingDatabase;
  readonly server: RunningServer;
  readonly log: string[];

  constructor(parts: Pick<ServerRig, 'directory' | 'tracking' | 'server' | 'log'>) {
    this.directory = parts.directory;
    this.tracking = parts.tracking;
    this.server = parts.server;
    this.log = parts.log;
  }

  get port(): number {
    return Number(new URL(this.server.address).port);
  }

  async send({ method = 'GET', path, headers = {}, body, json }: Sent): Promise<Answered> {
    const content = json === undefined ? body : JSON.stringify(json);
    const type = json === undefined ? {} : { 'content-type': 'application/json' };
    const length =
      content === undefined || 'transfer-encoding' in headers
        ? {}
        : { 'content-length': String(Buffer.byteLength(content)) };
    return await new Promise((resolve, reject) => {
      const sent = request(
        { host: '127.0.0.1', port: this.port, method, path, headers: { ...type, ...length, ...headers }, agent: false },
        async (incoming) => {
          const chunks: Buffer[] = [];
          try {
            for await (const chunk of incoming) chunks.push(chunk as Buffer);
          } catch (error) {
            reject(error);
          }
          const bytes = Buffer.concat(chunks);
          const text = bytes.toString('utf8');
          const isJson = incoming.headers['content-type'] === 'application/json';
          resolve({
            status: incoming.statusCode ?? 0,
            headers: incoming.headers,
            body: bytes,
            text,
            json: isJson ? JSON.parse(text) : {},
          });
        },
      );
      sent.on('error', reject);
      sent.end(content);
    });
  }

  get(path: string, headers: Readonly<Record<string, string>> = {}): Promise<Answered> {
    return this.send({ path, headers });
  }

  /** Below `/api/2.0/mlflow/`. */
  post(path: string, json: unknown): Promise<Answered> {
    return this.send({ method: 'POST', path: `/api/2.0/mlflow/${path}`, json });
  }

  putArtifact(path: string, body: string | Uint8Array): Promise<Answered> {
    return this.send({ method: 'PUT', path: `/api/2.0/mlflow-artifacts/artifacts/${path}`, body });
  }

  getArtifact(path: string, headers: Readonly<Record<string, string>> = {}): Promise<Answered> {
    return this.get(`/api/2.0/mlflow-artifacts/artifacts/${path}`, headers);
  }

  /** A new run's id and the path of its artifacts. */
  async run(): Promise<{ readonly id: string; readonly root: string }> {
    const { json } = await this.post('runs/create', { experiment_id: '0', start_time: 1 });
    const { run_id, artifact_uri } = (json.run as { info: { run_id: string; artifact_uri: string } }).info;
    return { id: run_id, root: artifact_uri.replace('mlflow-artifacts:/', '') };
  }

  /** Files of the artifact store, by their paths in it. */
  files(): readonly string[] {
    const all = readdirSync(join(this.directory, 'artifacts'), { recursive: true, withFileTypes: true });
    return all.filter((entry) => entry.isFile()).map((entry) => entry.name);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.server.stop();
    await this.tracking.close();
    rmSync(this.directory, { recursive: true, force: true });
  }
}

export interface RigOptions {
  readonly host?: string;
  readonly allowedHosts?: readonly string[];
  readonly insecure?: boolean;
  readonly endpoints?: readonly Endpoint[];
  readonly verbose?: boolean;
  /** In place of a SQLite file in the rig's directory. */
  readonly backend?: string;
  readonly artifactContents?: ArtifactContents | undefined;
  /** What must be in the database before the server starts. */
  readonly prepare?: (tracking: TrackingDatabase) => Promise<void>;
}

export async function serverRig(options: RigOptions = {}): Promise<ServerRig> {
  const directory = mkdtempSync(join(tmpdir(), 'lockstep-server-'));
  const tracking = await openTracking(options.backend ?? join(directory, 'lockstep.db'));
  const log: string[] = [];
  try {
    await options.prepare?.(tracking);
    const server = await serve({
      host: options.host ?? '127.0.0.1',
      port: 0,
      allowedHosts: options.allowedHosts ?? [],
      insecure: options.insecure ?? false,
      artifactDirectory: join(directory, 'artifacts'),
      artifactContents: options.artifactContents,
      services: { tracking, artifactRoot: 'mlflow-artifacts:', now: Date.now },
      log: makeServerLog({ write: (line) => void log.push(line), now: Date.now, verbose: options.verbose ?? false }),
      ...(options.endpoints !== undefined && { endpoints: options.endpoints }),
    });
    return new ServerRig({ directory, tracking, server, log });
  } catch (error) {
    await tracking.close();
    rmSync(directory, { recursive: true, force: true });
    throw error;
  }
}
