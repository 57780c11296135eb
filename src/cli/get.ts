import { chmodSync, lstatSync, mkdirSync, mkdtempSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import type { ProjectPath } from '../base/brand.ts';
import { LockstepError } from '../base/error.ts';
import { nearest } from '../base/nearest.ts';
import { baseName, joinPath, ROOT, resolveInProject } from '../base/project-path.ts';
import { defineCommand } from './command.ts';
import type { Context } from './context.ts';
import { EXIT } from './exit-code.ts';
import { notHere, openSourceData, type SourceData } from './source-data.ts';
import { type Found, findIn, type SourceRepository, withSource } from './source-repository.ts';

export const command = defineCommand({
  usage: 'get <repository> <path>',
  summary: 'Take a file or directory out of another repository, data or code',
  details:
    'The repository is a path, or an address that git can clone; its last commit counts, or --rev. Data comes from its cache ' +
    'or from its remotes, as far as these are local directories. No project is needed here, and nothing is tracked.',
  options: {
    out: { type: 'string', short: 'o', value: 'PATH', help: 'where to put it, in place of its own name' },
    rev: { type: 'string', value: 'REV', help: 'a revision of the repository' },
    force: { type: 'boolean', short: 'f', help: 'replace what is there' },
  },
  positionals: { min: 2, max: 2 },
  completes: 'path',
  examples: [
    'lockstep get ../models model.bin',
    'lockstep get https://example.org/data.git images/train --rev v2 -o images',
  ],
  run: async (context, given, [url = '', written = '']) => {
    const path = resolveInProject(ROOT, written);
    if (path === undefined) throw new LockstepError('usage', `${written} is outside of the repository`);
    return await withSource(context, { url, rev: given.rev }, async (source) => {
      const target = destination(context, {
        out: given.out,
        name: path === ROOT ? baseName(url as ProjectPath) : baseName(path),
      });
      if (lstatSync(target, { throwIfNoEntry: false }) !== undefined && given.force !== true) {
        throw new LockstepError('usage', `${target} is there already`, { hint: 'to replace it, add --force' });
      }
      await fetchTo(context, { source, path, target });
      return EXIT.ok;
    });
  },
});

function destination({ cwd }: Context, { out, name }: { out: string | undefined; name: string }): string {
  const target = resolve(cwd, out ?? name);
  const isDirectory = out !== undefined && statSync(target, { throwIfNoEntry: false })?.isDirectory() === true;
  return isDirectory ? join(target, name) : target;
}

interface Fetching {
  readonly source: SourceRepository;
  readonly path: ProjectPath;
  /** Absolute. */
  readonly target: string;
}

/** Everything is made ready beside its place, so that it comes whole or not at all. */
async function fetchTo(context: Context, { source, path, target }: Fetching): Promise<void> {
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
    rmSync(target, { recursive: true, force: true });
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
