import { createReadStream, statSync } from 'node:fs';
import { readdir } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { Readable } from 'node:stream';
import { LockstepError } from '../base/error.ts';
import { apiRequest, headersOf, reach, send, type Target } from './tracking-api.ts';

/** Sends a file, or a directory with all in it, to the run's artifacts: `to` is the directory that it goes into. */
export async function logArtifact(target: Target, path: string, to = ''): Promise<void> {
  const files = await filesOf(path);
  const { artifactUri } = await runOf(target);
  await sendFiles(
    target,
    artifactUri,
    files.map((file) => ({ ...file, name: joined(to, basename(path), file.name) })),
  );
}

/** Logs what is at the path as a model of the run; its id. */
export async function logModel(target: Target, path: string, name: string): Promise<string> {
  const isFile = isFileAt(path);
  const files = await filesOf(path);
  const { experiment } = await runOf(target);
  const body = { experiment_id: experiment, name, source_run_id: target.run };
  const { info } = fieldsOf(fieldsOf(await send(apiRequest(target, 'POST', 'logged-models', body))).model);
  const { model_id: id, artifact_uri: uri } = fieldsOf(info);
  if (typeof id !== 'string' || typeof uri !== 'string') throw notUnderstood(target);
  await sendFiles(target, uri, isFile ? files.map((file) => ({ ...file, name: basename(path) })) : files);
  const ready = { model_id: id, status: 'LOGGED_MODEL_READY' };
  await send(apiRequest(target, 'PATCH', `logged-models/${id}`, ready));
  const outputs = { run_id: target.run, models: [{ model_id: id, step: 0 }] };
  await send(apiRequest(target, 'POST', 'runs/outputs', outputs));
  return id;
}

interface SentFile {
  readonly path: string;
  /** Below the place that is sent to. */
  readonly name: string;
}

async function filesOf(path: string): Promise<readonly SentFile[]> {
  if (isFileAt(path)) return [{ path, name: '' }];
  const entries = await readdir(path, { recursive: true, withFileTypes: true });
  return entries
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))
    .sort()
    .map((file) => ({ path: file, name: file.slice(join(path, '/').length).replaceAll('\\', '/') }));
}

function isFileAt(path: string): boolean {
  const stat = statSync(path, { throwIfNoEntry: false });
  if (stat === undefined) throw new LockstepError('usage', `there is no file ${path}`);
  return !stat.isDirectory();
}

async function runOf(target: Target): Promise<{ readonly artifactUri: string; readonly experiment: string }> {
  const answer = await send(apiRequest(target, 'GET', `runs/get?run_id=${encodeURIComponent(target.run)}`));
  const { artifact_uri: artifactUri, experiment_id: experiment } = fieldsOf(fieldsOf(answer.run).info);
  if (typeof artifactUri !== 'string' || experiment === undefined) throw notUnderstood(target);
  return { artifactUri, experiment: String(experiment) };
}

async function sendFiles(target: Target, uri: string, files: readonly SentFile[]): Promise<void> {
  const root = /^mlflow-artifacts:(?:\/\/[^/?#]*)?\/(.*)$/.exec(uri)?.[1];
  if (root === undefined) {
    throw new LockstepError('server', `the artifacts of this run do not lie with its server but at ${uri}`, {
      hint: 'a server that is started with --serve-artifacts takes them',
    });
  }
  for (const { path, name } of files) {
    const place = joined(root, name).split('/').map(encodeURIComponent).join('/');
    // A stream is read once and needs no memory for all of it.
    const body = Readable.toWeb(createReadStream(path)) as ReadableStream;
    await reach(`${target.uri}/api/2.0/mlflow-artifacts/artifacts/${place}`, {
      method: 'PUT',
      headers: headersOf(target),
      body,
      duplex: 'half',
    } as RequestInit);
  }
}

function joined(...parts: readonly string[]): string {
  return parts
    .map((part) => part.replace(/^\/+|\/+$/g, ''))
    .filter((part) => part !== '')
    .join('/');
}

/** Not by a schema: this is loaded into programs of others, where each file more is one too many. */
function fieldsOf(value: unknown): Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null ? (value as Readonly<Record<string, unknown>>) : {};
}

function notUnderstood({ uri }: Target): LockstepError {
  return new LockstepError('server', `${uri} does not answer as MLflow's server does`);
}
