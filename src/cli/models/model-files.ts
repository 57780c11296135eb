import { createHash } from 'node:crypto';
import { createWriteStream, existsSync, lstatSync, mkdirSync, mkdtempSync, renameSync, rmSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import type { Digest, ProjectPath } from '../../base/brand.ts';
import type { Content } from '../../base/content.ts';
import { isErrno, LockstepError } from '../../base/error.ts';
import { type ArtifactStore, openArtifactStore } from '../../server/artifact-store.ts';
import { isPinnedArtifact } from '../../server/pinned-artifacts.ts';
import { artifactPath } from '../../server/raw-path.ts';
import { openStore } from '../../store/open-store.ts';
import type { Store } from '../../store/store.ts';
import type { Verdict } from '../../store/verdict.ts';
import type { RegisteredFile } from '../../tracking/models/provenance.ts';
import type { Context } from '../context.ts';
import type { Registry } from './registry.ts';
import type { DescribedVersion } from './render-version.ts';

/** The content of a version. Throws `missing-data` where none of it is here. */
export function keptFiles({ version, files }: Pick<DescribedVersion, 'version' | 'files'>): readonly RegisteredFile[] {
  if (files.length > 0) return files;
  throw new LockstepError('missing-data', `nothing of ${version.name} version ${version.version} is kept here`, {
    hint: `its source is ${version.source}`,
  });
}

/** Hashes every byte again; the files that are not what was registered. */
export async function verifyFiles(
  registry: Registry,
  context: Context,
  files: readonly RegisteredFile[],
): Promise<readonly { readonly file: RegisteredFile; readonly verdict: Exclude<Verdict, 'intact'> }[]> {
  const { store } = registry.project.tools;
  const artifacts = openArtifacts(registry, context);
  const wrong: { file: RegisteredFile; verdict: Exclude<Verdict, 'intact'> }[] = [];
  for (const file of files) {
    const verdict =
      file.in === 'cache'
        ? await store.verify(contentOf(store, file), { reread: true })
        : await verifyArtifact(artifacts(), file);
    if (verdict !== 'intact') wrong.push({ file, verdict });
  }
  return wrong;
}

export function contentOf(store: Store, { digest, size }: Pick<RegisteredFile, 'digest' | 'size'>): Content {
  const listing = store.filesOf(digest);
  return listing === undefined
    ? { kind: 'file', digest, size, exec: false }
    : { kind: 'tree', digest, size, files: listing.size };
}

function openArtifacts({ project, tracking }: Registry, { now }: Pick<Context, 'now'>): () => ArtifactStore {
  let open: ArtifactStore | undefined;
  const directory = join(project.root, '.lockstep', 'artifacts');
  return () => (open ??= openArtifactStore({ directory, tracking, now, isPinned: isPinnedArtifact }));
}

async function verifyArtifact(artifacts: ArtifactStore, file: RegisteredFile): Promise<Verdict> {
  const stored = await artifacts.find(file.from);
  if (stored === undefined) return 'missing';
  const hash = createHash('sha256');
  try {
    for await (const chunk of await artifacts.open({ ...stored, digest: file.digest }))
      hash.update(chunk as Uint8Array);
  } catch (error) {
    if (isErrno(error, 'ENOENT')) return 'missing';
    throw error;
  }
  return stored.digest === file.digest && `sha256:${hash.digest('hex')}` === file.digest ? 'intact' : 'corrupt';
}

interface Download {
  readonly files: readonly RegisteredFile[];
  /** Absolute, and free. */
  readonly target: string;
}

const WHOLE = 'whole' as ProjectPath;

/** Checked on the way, and there as a whole or not at all. */
export async function downloadFiles(registry: Registry, context: Context, { files, target }: Download): Promise<void> {
  if (lstatSync(target, { throwIfNoEntry: false }) !== undefined) {
    throw new LockstepError('usage', `${target} is there already`, { hint: 'name another place with -o' });
  }
  mkdirSync(dirname(target), { recursive: true });
  const making = mkdtempSync(join(dirname(target), '.lockstep-get-'));
  try {
    const artifacts = openArtifacts(registry, context);
    for (const file of files) {
      if (file.in === 'cache') await placeObject(registry, context, { file, making });
      else await placeArtifact(artifacts(), file, join(making, WHOLE));
    }
    renameSync(join(making, WHOLE), target);
  } finally {
    rmSync(making, { recursive: true, force: true });
  }
}

async function placeObject(
  { project }: Registry,
  { now }: Context,
  { file, making }: { readonly file: RegisteredFile; readonly making: string },
): Promise<void> {
  const state = join(making, '.state');
  mkdirSync(join(state, 'tmp'), { recursive: true });
  const store = openStore({
    root: making,
    cacheDir: project.cacheDir,
    tmpDir: join(state, 'tmp'),
    trashDir: join(state, 'trash'),
    linkTypes: ['reflink', 'copy'],
    now,
    scheme: project.tools.scheme,
  });
  try {
    await store.checkout(contentOf(store, file), WHOLE);
  } finally {
    store.close();
  }
}

async function placeArtifact(artifacts: ArtifactStore, file: RegisteredFile, whole: string): Promise<void> {
  const place = file.path === '' ? whole : join(whole, artifactPath(file.path));
  const stored = await artifacts.find(file.from);
  if (stored === undefined || stored.digest !== file.digest) throw damaged(file);
  mkdirSync(dirname(place), { recursive: true });
  const hash = createHash('sha256');
  const content = await artifacts.open(stored);
  content.on('data', (chunk) => hash.update(chunk as Uint8Array));
  await pipeline(content, createWriteStream(place, { flags: 'wx' }));
  if ((`sha256:${hash.digest('hex')}` as Digest) !== file.digest || !existsSync(place)) throw damaged(file);
}

function damaged({ from }: RegisteredFile): LockstepError {
  return new LockstepError('missing-data', `${from} is not what was registered any more`);
}
