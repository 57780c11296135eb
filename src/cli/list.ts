import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Digest, ProjectPath } from '../base/brand.ts';
import type { Content } from '../base/content.ts';
import { LockstepError } from '../base/error.ts';
import { hexOf } from '../base/hash.ts';
import { baseName, comparePaths, joinPath, ROOT, resolveInProject } from '../base/project-path.ts';
import { defineCommand } from './command.ts';
import { EXIT } from './exit-code.ts';
import { nothingAt } from './fetch-source.ts';
import { openSourceData, type SourceData } from './source-data.ts';
import { findIn, type SourceRepository, withSource } from './source-repository.ts';

export const command = defineCommand({
  usage: 'list <repository> [path]',
  summary: 'List what is in a repository, with the data that it tracks',
  details: 'The repository is a path, or an address that git can clone; its last commit counts, or --rev.',
  options: {
    recursive: { type: 'boolean', short: 'R', help: 'all files below, also those in directories that are data' },
    'dvc-only': { type: 'boolean', help: 'only data, nothing that git keeps' },
    rev: { type: 'string', value: 'REV', help: 'a revision of the repository' },
    json: { type: 'boolean', help: '[{"isout", "isdir", "isexec", "size", "md5", "path"}], and "digest" for SHA-256' },
  },
  positionals: { min: 1, max: 2 },
  completes: 'path',
  examples: ['lockstep list . -R --dvc-only', 'lockstep list https://example.org/data.git images --rev v2'],
  run: async (context, given, [url = '', written = '.']) => {
    const path = resolveInProject(ROOT, written);
    if (path === undefined) throw new LockstepError('usage', `${written} is outside of the repository`);
    return await withSource(context, { url, rev: given.rev }, async (source) => {
      const root = mkdtempSync(join(tmpdir(), 'lockstep-list-'));
      const data = openSourceData(source, { root, now: context.now });
      try {
        const all = await rowsOf(source, data, path);
        if (all.length === 0) throw nothingAt(source, path);
        const kept = given['dvc-only'] === true ? all.filter(({ isOut }) => isOut) : all;
        const rows = given.recursive === true ? withoutContainers(kept, path) : firstLevel(kept, path);
        if (given.json === true) context.stdout.write(`${JSON.stringify(rows.map(rowJson))}\n`);
        else context.stdout.write(rows.map((row) => `${row.path}\n`).join(''));
        return EXIT.ok;
      } finally {
        data.close();
        rmSync(root, { recursive: true, force: true });
      }
    });
  },
});

interface Row {
  readonly path: string;
  readonly isOut: boolean;
  readonly isDirectory: boolean;
  readonly exec: boolean;
  readonly size: number | null;
  readonly digest: Digest | undefined;
}

/** Everything at or below a path: files of git, outs, and what is in outs that are directories, if that is known. */
async function rowsOf(source: SourceRepository, data: SourceData, path: ProjectPath): Promise<readonly Row[]> {
  const { files, outs } = findIn(source, path);
  const rows = files.map((file): Row => {
    const { size = null, exec = false } = source.files.get(file) ?? {};
    return { path: file, isOut: false, isDirectory: false, exec, size, digest: undefined };
  });
  for (const [out, content] of outs) {
    rows.push(outRow(out, content));
    if (content?.kind !== 'tree') continue;
    for (const entry of (await data.listing(content)) ?? []) {
      if (!('digest' in entry)) continue;
      const size = source.scheme === 'native' && 'size' in entry ? entry.size : null;
      const digest = entry.digest ?? undefined;
      rows.push({
        path: joinPath(out, entry.path),
        isOut: true,
        isDirectory: false,
        exec: entry.kind === 'exec',
        size,
        digest,
      });
    }
  }
  const isAtOrBelow = (row: Row) => path === ROOT || row.path === path || row.path.startsWith(`${path}/`);
  return rows.filter(isAtOrBelow).sort((a, b) => comparePaths(a.path, b.path));
}

function outRow(path: ProjectPath, content: Content | undefined): Row {
  const exec = content?.kind === 'file' && content.exec;
  const isDirectory = content?.kind === 'tree';
  return { path, isOut: true, isDirectory, exec, size: content?.size ?? null, digest: content?.digest };
}

/** A path as it is named within the one that was asked for. */
function within(path: ProjectPath, row: string): string {
  if (path === ROOT) return row;
  return row === path ? baseName(path) : row.slice(path.length + 1);
}

/** Files one by one; a directory stands for itself only where nobody knows what is in it. */
function withoutContainers(rows: readonly Row[], path: ProjectPath): readonly Row[] {
  const isOpen = ({ path: own, isDirectory }: Row) => isDirectory && rows.some((row) => row.path.startsWith(`${own}/`));
  return rows.filter((row) => !isOpen(row)).map((row) => ({ ...row, path: within(path, row.path) }));
}

function firstLevel(rows: readonly Row[], path: ProjectPath): readonly Row[] {
  const found = new Map<string, Row>();
  for (const row of rows) {
    // A directory that was asked for is opened; a file is itself.
    if (row.path === path && row.isDirectory) continue;
    const [first = '', ...rest] = within(path, row.path).split('/');
    if (rest.length === 0) found.set(first, { ...row, path: first });
    else if (!found.has(first)) {
      found.set(first, { path: first, isOut: false, isDirectory: true, exec: false, size: null, digest: undefined });
    }
  }
  return [...found.values()].sort((a, b) => comparePaths(a.path, b.path));
}

function rowJson({ path, isOut, isDirectory, exec, size, digest }: Row): unknown {
  const isMd5 = digest?.startsWith('md5:') === true;
  const md5 = digest !== undefined && isMd5 ? `${hexOf(digest)}${isDirectory ? '.dir' : ''}` : null;
  const own = digest !== undefined && !isMd5 ? { digest } : {};
  return { isout: isOut, isdir: isDirectory, isexec: exec, size, md5, ...own, path };
}
