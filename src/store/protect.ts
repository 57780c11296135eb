import {
  type BigIntStats,
  chmodSync,
  constants,
  copyFileSync,
  lstatSync,
  readlinkSync,
  renameSync,
  rmSync,
} from 'node:fs';
import { dirname, isAbsolute, join } from 'node:path';
import { diskError, temporaryName } from '../base/atomic-file.ts';
import type { Digest, ProjectPath } from '../base/brand.ts';
import { Breath } from './breath.ts';
import { type Linking, placeFile } from './checkout.ts';
import { pathInside } from './containment.ts';
import { isExecutable, kindOf, lstatOf, signatureOf, statOf } from './file-stat.ts';
import type { Hashed } from './hash-file.ts';
import { isInCache } from './layout.ts';
import { type Target, targetOf, type Workspace, walkContent } from './workspace.ts';

/** A file whose bytes are in the cache now. */
export interface Saved {
  /** Absolute. */
  readonly path: string;
  readonly hashed: Hashed;
}

/**
 * Puts a read-only link into the cache in the place of each file, unless the file was changed since it was read.
 * Resolves to the paths of the links.
 */
export async function protectSaved(
  workspace: Workspace,
  saved: readonly Saved[],
  linking: Linking,
): Promise<ReadonlyMap<string, Digest>> {
  const breath = new Breath();
  const replaced = new Map<string, Digest>();
  for (const { path, hashed } of saved) {
    const stat = lstatSync(path, { bigint: true, throwIfNoEntry: false });
    if (stat === undefined || signatureOf(stat) !== signatureOf(hashed.stat)) continue;
    if (isExecutable(stat)) continue;
    replace(path, (place) => placeFile(workspace, { digest: hashed.digest, exec: false, place, linking }));
    replaced.set(path, hashed.digest);
    if (breath.due) await breath.take();
  }
  return replaced;
}

/** Enters links just made into the indexes, which otherwise would have their bytes read again. */
export function relearn(workspace: Workspace, target: Target, replaced: ReadonlyMap<string, Digest>): void {
  const digest = replaced.get(target.path);
  if (digest !== undefined) {
    const stat = statOf(target.path, target.name);
    if (stat !== undefined) workspace.files.enter(target.name, stat, digest);
    return;
  }
  const index = workspace.trees.read(target.name);
  if (index === undefined) return;
  for (const [row, path] of index.rows.paths.entries()) {
    const known = replaced.get(`${target.path}/${path}`);
    const stat = known === undefined ? undefined : statOf(`${target.path}/${path}`, path);
    if (known === undefined || stat === undefined || index.rows.digestOf(row) !== known) continue;
    index.rows.setStat(row, stat);
    index.rows.setDigest(row, known, { trusted: true });
  }
  workspace.trees.write(target.name, { ...index, census: null });
}

/** Turns links into the cache below a path into files that may be written. */
export async function unprotectPath(workspace: Workspace, path: ProjectPath): Promise<void> {
  const absolute = pathInside(workspace.root, path);
  const through = statOf(absolute, path);
  if (through === undefined) return;
  if (kindOf(through) === 'file') return unprotectFile(workspace, absolute);
  const target = targetOf(workspace, path);
  const files: string[] = [];
  for (const found of walkContent(workspace, target)) {
    if (found?.kind === 'file') files.push(found.path);
  }
  const breath = new Breath();
  for (const file of files) {
    unprotectFile(workspace, `${target.path}/${file}`);
    if (breath.due) await breath.take();
  }
}

function unprotectFile(workspace: Workspace, path: string): void {
  const stat = lstatOf(path, path);
  if (stat === undefined) return;
  if (kindOf(stat) === 'link') {
    const target = readlinkSync(path);
    if (!isAbsolute(target) || !isInCache(workspace.scheme.layout, target)) return;
  } else if (isWritable(stat)) {
    return;
  }
  if (kindOf(stat) === 'file' && stat.nlink === 1n) chmodSync(path, Number(stat.mode & 0o777n) | 0o200);
  else replace(path, (place) => copyWritable(path, place, stat));
}

function isWritable(stat: BigIntStats): boolean {
  return (stat.mode & 0o200n) !== 0n;
}

function copyWritable(path: string, place: string, stat: BigIntStats): void {
  copyFileSync(path, place, constants.COPYFILE_FICLONE | constants.COPYFILE_EXCL);
  chmodSync(place, isExecutable(stat) && kindOf(stat) === 'file' ? 0o755 : 0o644);
}

function replace(path: string, make: (place: string) => void): void {
  const place = join(dirname(path), temporaryName());
  try {
    make(place);
    renameSync(place, path);
    // Renaming one hard link over another of the same file leaves both.
    rmSync(place, { force: true });
  } catch (error) {
    rmSync(place, { force: true });
    throw diskError(error, `cannot write ${path}`);
  }
}
