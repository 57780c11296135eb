import { createHash } from 'node:crypto';
import { lstatSync, readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { join } from 'node:path';
import Sqlite from 'better-sqlite3';
import { parse } from 'yaml';
import type { Workspace } from './support.ts';

// What a workspace is held against is read here without lockstep's own readers: they are what is tested.

export function sha256(bytes: string | Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex');
}

/** Every path at and below some paths, with its kind, mode and digest: equal for equal trees. */
export function treeOf(root: string, paths: readonly string[]): Record<string, string> {
  const found: Record<string, string> = {};
  function look(path: string): void {
    const absolute = join(root, path);
    const stat = lstatSync(absolute, { throwIfNoEntry: false });
    if (stat === undefined) found[path] = 'missing';
    else if (stat.isSymbolicLink()) found[path] = `link to ${readlinkSync(absolute)}`;
    else if (stat.isDirectory()) {
      found[path] = 'directory';
      for (const name of readdirSync(absolute)) look(`${path}/${name}`);
    } else {
      const executable = (stat.mode & 0o100) !== 0 ? 'executable' : 'file';
      found[path] = `${executable} ${stat.size} ${sha256(readFileSync(absolute))}`;
    }
  }
  for (const path of paths) look(path);
  return Object.fromEntries(Object.entries(found).sort(([a], [b]) => (a < b ? -1 : 1)));
}

interface LockedOut {
  readonly path: string;
  readonly digest: string;
  readonly files?: number;
}

/** Outs by stage, as the lockfile has them; none where there is no lockfile. */
export function lockedOuts(workspace: Workspace): ReadonlyMap<string, readonly LockedOut[]> {
  if (!workspace.has('pipeline.lock')) return new Map();
  const { stages } = parse(workspace.read('pipeline.lock')) as { stages: Record<string, { outs?: LockedOut[] }> };
  return new Map(Object.entries(stages).map(([name, { outs = [] }]) => [name, outs]));
}

/** Everything wrong with a cache, and with what a lockfile says of it, in words; empty when all is well. */
export function cacheFaults(workspace: Workspace, cacheDir = workspace.path('.lockstep/cache')): readonly string[] {
  const objects = new Set(filesBelow(join(cacheDir, 'sha256')));
  const faults = [...objects].flatMap((name) => objectFaults(join(cacheDir, 'sha256'), name));
  for (const name of filesBelow(join(cacheDir, 'corrupt'))) faults.push(`${name} was set aside as corrupt`);
  for (const [stage, outs] of lockedOuts(workspace)) {
    for (const { path, digest, files } of outs) {
      for (const name of objectsOf(cacheDir, digest, files !== undefined)) {
        if (!objects.has(name))
          faults.push(`the lock entry of ${stage} names ${path}, whose object ${name} is not there`);
      }
    }
  }
  return faults;
}

function objectFaults(directory: string, name: string): readonly string[] {
  if (!/^[0-9a-f]{2}\/[0-9a-f]{62}(\.tree)?$/.test(name)) return [`${name} among the objects is none`];
  const actual = sha256(readFileSync(join(directory, name)));
  const wanted = name.replace('/', '').replace('.tree', '');
  return actual === wanted ? [] : [`the bytes of object ${wanted} hash to ${actual}`];
}

/** The objects that a digest stands for: one, or a directory's listing and the files in it. */
function objectsOf(cacheDir: string, digest: string, isTree: boolean): readonly string[] {
  const name = objectName(digest);
  if (!isTree) return [name];
  const listing = join(cacheDir, 'sha256', `${name}.tree`);
  const text = lstatSync(listing, { throwIfNoEntry: false }) === undefined ? '' : readFileSync(listing, 'utf8');
  const files = [...text.matchAll(/^(?:file|exec) (sha256:[0-9a-f]{64}) /gm)].map(([, file = '']) => objectName(file));
  return [`${name}.tree`, ...files];
}

/** Where an object is below `sha256/`. */
export function objectName(digest: string): string {
  const hex = digest.replace('sha256:', '');
  return `${hex.slice(0, 2)}/${hex.slice(2)}`;
}

function filesBelow(directory: string): readonly string[] {
  if (lstatSync(directory, { throwIfNoEntry: false }) === undefined) return [];
  const entries = readdirSync(directory, { withFileTypes: true, recursive: true });
  return entries
    .filter((entry) => !entry.isDirectory())
    .map((entry) => join(entry.parentPath, entry.name).slice(directory.length + 1));
}

/** Runs by status, of stages and of whole `repro`s; fails if the database is damaged. */
export function runsByStatus(workspace: Workspace): Record<string, number> {
  const database = new Sqlite(workspace.path('.lockstep/lockstep.db'), { readonly: true, fileMustExist: true });
  try {
    const health = database.pragma('integrity_check', { simple: true });
    if (health !== 'ok') throw new Error(`the database is damaged: ${health}`);
    const rows = database.prepare('select status, count(*) as runs from runs group by status').all();
    return Object.fromEntries((rows as { status: string; runs: number }[]).map(({ status, runs }) => [status, runs]));
  } finally {
    database.close();
  }
}
