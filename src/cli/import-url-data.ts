import { constants, createWriteStream, mkdirSync, mkdtempSync, renameSync, rmSync, statSync } from 'node:fs';
import { cp } from 'node:fs/promises';
import { dirname, join, relative, resolve } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { fileURLToPath } from 'node:url';
import type { ProjectPath } from '../base/brand.ts';
import { LockstepError } from '../base/error.ts';
import { ROOT, resolveAnywhere } from '../base/project-path.ts';
import { recordOf } from '../pipeline/dvc/data-file.ts';
import type { DvcFileDep } from '../pipeline/dvc/dvc-file.ts';
import { checkScheme } from '../remotes/registry.ts';
import type { Context } from './context.ts';
import { fetchAddress } from './fetch-address.ts';
import { makeRoom, writeImport } from './import-data.ts';
import type { Project } from './project.ts';

/** Data from an address that is no repository. */
export interface ImportedUrl {
  /** The `.dvc` file. */
  readonly file: ProjectPath;
  readonly out: ProjectPath;
  /** As it stands in the `.dvc` file: `https://…`, or a path as seen from that file's directory. */
  readonly url: string;
  /** What was written down of it when it was last taken; undefined for the first time. */
  readonly last: DvcFileDep | undefined;
}

/** Fetches the data and writes down where it is from; false where it is as it was. */
export async function importUrl(project: Project, context: Context, imported: ImportedUrl): Promise<boolean> {
  if (/^https?:/i.test(imported.url)) return await fromWeb(project, context, imported);
  return isAddress(imported.url)
    ? await fromRemote(project, context, imported)
    : await fromDisk(project, context, imported);
}

function isAddress(url: string): boolean {
  return /^[a-z][a-z0-9+.-]+:\/\//i.test(url);
}

/** An address as it is to be written down. Throws `usage` for a kind that cannot be read. */
export function writtenAddress(project: Project, { cwd }: Context, { url, file }: { url: string; file: ProjectPath }) {
  if (/^file:\/\//i.test(url)) return fileURLToPath(url);
  if (isAddress(url)) {
    checkScheme(url);
    return url;
  }
  return url.startsWith('/') ? url : relative(dirname(join(project.root, file)), resolve(cwd, url));
}

async function fromDisk(project: Project, context: Context, { file, out, url, last }: ImportedUrl): Promise<boolean> {
  const from = resolve(dirname(join(project.root, file)), url);
  if (statSync(from, { throwIfNoEntry: false }) === undefined) {
    throw new LockstepError('usage', `${url} does not exist`);
  }
  const store = project.store();
  const there = await store.observe(resolveAnywhere(ROOT, relative(project.root, from)));
  if (there !== 'missing' && last !== undefined && isSame(recordOf(url, there), last)) return false;
  await bring(project, context, out, (making) =>
    cp(from, making, { recursive: true, mode: constants.COPYFILE_FICLONE, dereference: true }),
  );
  const content = await take(project, out);
  await writeImport(project, { file, out, dep: recordOf(url, content), content });
  return true;
}

async function fromWeb(project: Project, context: Context, { file, out, url, last }: ImportedUrl): Promise<boolean> {
  const signal = context.signal;
  const response = await ask(url, signal);
  const checksum = validatorOf(response);
  if (checksum !== undefined && checksum === last?.checksum) {
    await response.body?.cancel();
    return false;
  }
  await bring(project, context, out, async (making) => {
    const body = response.body === null ? Readable.from([]) : Readable.fromWeb(response.body as never);
    await pipeline(body, createWriteStream(making, { flush: true }), { signal });
    const expected = response.headers.get('content-length');
    const isPlain = response.headers.get('content-encoding') === null;
    if (expected !== null && isPlain && statSync(making).size !== Number(expected)) {
      throw new LockstepError('missing-data', `${url} broke off before its end`, { hint: 'try again' });
    }
  });
  const content = await take(project, out);
  const { size, hash, md5, sha256 } = recordOf(url, content);
  // Where the server says nothing that tells versions apart, the content itself does.
  const dep = { checksum: checksum ?? md5 ?? sha256, size, hash, path: url };
  const isNew = last?.checksum !== dep.checksum;
  if (isNew) await writeImport(project, { file, out, dep, content });
  return isNew;
}

/** Of other places it is only known what they have, so that is fetched and then compared. */
async function fromRemote(project: Project, context: Context, { file, out, url, last }: ImportedUrl): Promise<boolean> {
  const target = join(project.root, out);
  await fetchAddress(context, { url, target, free: () => makeRoom(project, context, out) });
  const content = await take(project, out);
  const dep = recordOf(url, content);
  const isNew = last === undefined || !isSame(dep, last);
  if (isNew) await writeImport(project, { file, out, dep, content });
  return isNew;
}

function isSame(now: DvcFileDep, last: DvcFileDep): boolean {
  return now.md5 === last.md5 && now.sha256 === last.sha256;
}

async function ask(url: string, signal: AbortSignal): Promise<Response> {
  let response: Response;
  try {
    response = await fetch(url, { signal, redirect: 'follow' });
  } catch (error) {
    if (signal.aborted) throw new LockstepError('interrupted', 'interrupted');
    const cause = error instanceof Error && error.cause instanceof Error ? error.cause.message : String(error);
    throw new LockstepError('missing-data', `${withoutSecret(url)} cannot be reached: ${cause}`);
  }
  if (response.ok) return response;
  await response.body?.cancel();
  throw new LockstepError('missing-data', `${withoutSecret(url)} answered ${response.status} ${response.statusText}`);
}

function withoutSecret(url: string): string {
  return url.replace(/(\w+:\/\/)[^/@\s]+@/g, '$1');
}

/** What tells one version of a document from the next; as DVC, without asking what kind of tag it is. */
function validatorOf({ headers }: Response): string | undefined {
  return headers.get('etag') ?? headers.get('content-md5') ?? headers.get('last-modified') ?? undefined;
}

/** Made ready beside its place, so that it comes whole or not at all. */
async function bring(
  project: Project,
  context: Context,
  out: ProjectPath,
  fetchInto: (making: string) => Promise<void>,
): Promise<void> {
  const target = join(project.root, out);
  mkdirSync(dirname(target), { recursive: true });
  const directory = mkdtempSync(join(dirname(target), '.lockstep-get-'));
  try {
    const making = join(directory, 'whole');
    await fetchInto(making);
    await makeRoom(project, context, out);
    renameSync(making, target);
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}

async function take(project: Project, out: ProjectPath) {
  const content = await project.store().save(out);
  if (content === 'missing') throw new LockstepError('unusable-file', `${out} went away while it was imported`);
  await project.store().flush();
  return content;
}
