import { existsSync, lstatSync, readlinkSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { isAbsolute, join, posix } from 'node:path';
import { hashingStream } from 'hasha';
import { diskError, temporaryName } from '../base/atomic-file.ts';
import type { ProjectPath } from '../base/brand.ts';
import { LockstepError } from '../base/error.ts';
import { pathInside } from './containment.ts';
import { kindOf, lstatOf, signatureOf, statOf } from './file-stat.ts';
import { isInCache } from './layout.ts';
import { move } from './move.ts';
import { observe } from './observe.ts';
import { sweepAbandoned } from './prune.ts';
import { verifyContent } from './verify.ts';
import { targetOf, type Workspace, walkAll } from './workspace.ts';

export interface ClearOptions {
  /** Absolute; on the workspace's file system. */
  readonly tmpDir: string;
  readonly trashDir: string;
  readonly leftover: string | undefined;
}

/** Makes a path free; resolves to the place in the trash if that is where it went. */
export async function clearPath(
  workspace: Workspace,
  path: ProjectPath,
  options: ClearOptions,
): Promise<ProjectPath | null> {
  const absolute = pathInside(workspace.root, path);
  if (lstatOf(absolute, path) === undefined) return null;
  const leftover = options.leftover !== undefined && stampOf(workspace, path) === options.leftover;
  if (leftover || (await canBeBroughtBack(workspace, path, absolute))) {
    await removeWhole(absolute, options.tmpDir, workspace.now());
    return null;
  }
  const place = freePlace(join(options.trashDir, isoTime(workspace.now())), path);
  await move(absolute, place);
  return posix.relative(workspace.root, place) as ProjectPath;
}

async function canBeBroughtBack(workspace: Workspace, path: ProjectPath, absolute: string): Promise<boolean> {
  // What the user linked to can be read through the link, but where the link led would be lost.
  if (isForeignLink(workspace, absolute) || holdsIgnored(workspace, path, absolute)) return false;
  try {
    const content = await observe(workspace, targetOf(workspace, path), { keep: false });
    return content !== 'missing' && (await verifyContent(workspace, content)) === 'intact';
  } catch (error) {
    if (error instanceof LockstepError && ['unusable-file', 'stray-ignore'].includes(error.code)) return false;
    throw error;
  }
}

function isForeignLink(workspace: Workspace, absolute: string): boolean {
  if (kindOf(lstatSync(absolute, { bigint: true })) !== 'link') return false;
  const target = readlinkSync(absolute);
  return !isAbsolute(target) || !isInCache(workspace.scheme.layout, target);
}

/** What is ignored is no content, but somebody's all the same. */
function holdsIgnored(workspace: Workspace, path: ProjectPath, absolute: string): boolean {
  const { ignores } = workspace;
  if (ignores === undefined || kindOf(lstatSync(absolute, { bigint: true })) !== 'directory') return false;
  for (const found of walkAll(workspace, { path: absolute, name: path })) {
    if (found !== undefined && ignores(`${absolute}/${found.path}`, found.kind === 'dir' ? 'directory' : 'file'))
      return true;
  }
  return false;
}

/** Out of the way first, so that a crash while a large directory is deleted does not leave half of it in its place. */
async function removeWhole(absolute: string, tmpDir: string, now: number): Promise<void> {
  const making = join(tmpDir, 'making');
  sweepAbandoned(making, now);
  const doomed = join(making, temporaryName());
  try {
    await move(absolute, doomed);
    await rm(doomed, { recursive: true, force: true });
  } catch (error) {
    throw diskError(error, `cannot remove ${absolute}`);
  }
}

function isoTime(now: number): string {
  return new Date(now).toISOString().replaceAll(':', '-');
}

function freePlace(directory: string, path: ProjectPath): string {
  for (let attempt = 0; ; attempt++) {
    const place = join(attempt === 0 ? directory : `${directory}-${attempt}`, path);
    if (!existsSync(place)) return place;
  }
}

/** Every stat below the path in one text; null when nothing is there. */
export function stampOf(workspace: Workspace, path: ProjectPath): string | null {
  const absolute = join(workspace.root, path);
  const own = lstatOf(absolute, path);
  if (own === undefined) return null;
  const through = kindOf(own) === 'link' ? statOf(absolute, path) : own;
  const stats =
    through === undefined || through === own ? signatureOf(own) : `${signatureOf(own)} ${signatureOf(through)}`;
  if (through === undefined || kindOf(through) !== 'directory') return stats;
  const hash = hashingStream({ algorithm: 'sha256' });
  for (const found of walkAll(workspace, { path: absolute, name: path })) {
    if (found !== undefined) hash.update(`${found.kind} ${JSON.stringify(found.path)} ${signatureOf(found.stat)}\n`);
  }
  return `${stats} ${hash.digest('hex')}`;
}
