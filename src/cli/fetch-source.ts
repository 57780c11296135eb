import { chmodSync, mkdirSync, mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { ProjectPath } from '../base/brand.ts';
import { LockstepError } from '../base/error.ts';
import { nearest } from '../base/nearest.ts';
import { joinPath, ROOT } from '../base/project-path.ts';
import type { Context } from './context.ts';
import { notHere, openSourceData, type SourceData } from './source-data.ts';
import { type Found, findIn, type SourceRepository } from './source-repository.ts';

interface Fetching {
  readonly source: SourceRepository;
  readonly path: ProjectPath;
  /** Absolute. */
  readonly target: string;
  /** Makes the place free, once everything is ready to go there. */
  readonly free: () => Promise<void>;
}

/** Everything is made ready beside its place, so that it comes whole or not at all. */
export async function fetchTo(context: Pick<Context, 'now'>, { source, path, target, free }: Fetching): Promise<void> {
  const found = findIn(source, path);
  if (found.files.length === 0 && found.outs.length === 0) throw nothingAt(source, path);
  mkdirSync(dirname(target), { recursive: true });
  const making = mkdtempSync(join(dirname(target), '.lockstep-get-'));
  const data = openSourceData(source, { root: making, now: context.now });
  try {
    await placeFiles(source, found.files, { path, making });
    for (const [out, content] of found.outs) {
      if (content === undefined) throw notHere(source, out);
      if (path.startsWith(`${out}/`)) await placePart(source, data, { out, path, content });
      else await data.place(content, { at: placeOf(path, out), what: out });
    }
    await free();
    renameSync(join(making, WHOLE), target);
  } finally {
    data.close();
    rmSync(making, { recursive: true, force: true });
  }
}

/** What is fetched has this name until it is complete. */
const WHOLE = 'whole' as ProjectPath;

function placeOf(path: ProjectPath, file: ProjectPath): ProjectPath {
  if (file === path) return WHOLE;
  return joinPath(WHOLE, path === ROOT ? file : file.slice(path.length + 1));
}

interface Making {
  readonly path: ProjectPath;
  readonly making: string;
}

async function placeFiles(
  source: SourceRepository,
  files: readonly ProjectPath[],
  { path, making }: Making,
): Promise<void> {
  for (const [file, bytes] of await source.revision.read(files)) {
    const place = join(making, placeOf(path, file));
    mkdirSync(dirname(place), { recursive: true });
    writeFileSync(place, bytes);
    if (source.files.get(file)?.exec === true) chmodSync(place, 0o755);
  }
}

interface Part {
  readonly out: ProjectPath;
  readonly path: ProjectPath;
  readonly content: NonNullable<Found['outs'][number][1]>;
}

/** A file or a directory within a directory that is an out. */
async function placePart(source: SourceRepository, data: SourceData, { out, path, content }: Part): Promise<void> {
  const listing = await data.listing(content);
  if (listing === undefined) throw notHere(source, out);
  const wanted = path.slice(out.length + 1);
  const entries = listing.filter((entry) => entry.path === wanted || entry.path.startsWith(`${wanted}/`));
  if (entries.length === 0) throw nothingAt(source, path);
  for (const entry of entries) {
    if (!('digest' in entry) || entry.digest === null) continue;
    const at = placeOf(path, joinPath(out, entry.path));
    const size = 'size' in entry ? (entry.size ?? 0) : 0;
    await data.place(
      { kind: 'file', digest: entry.digest, size, exec: entry.kind === 'exec' },
      { at, what: joinPath(out, entry.path) },
    );
  }
}

export function nothingAt({ url, files, outs }: SourceRepository, path: ProjectPath): LockstepError {
  const close = nearest(path, [...files.keys(), ...outs.keys()]);
  return new LockstepError(
    'usage',
    `${url} has no ${path}`,
    close === undefined ? {} : { hint: `did you mean ${close}?` },
  );
}
