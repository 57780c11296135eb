import {
  chmodSync,
  constants,
  copyFileSync,
  linkSync,
  lstatSync,
  mkdirSync,
  renameSync,
  rmSync,
  symlinkSync,
} from 'node:fs';
import { rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { diskError, temporaryName } from '../base/atomic-file.ts';
import type { Digest, ProjectPath } from '../base/brand.ts';
import type { Content, TreeContent } from '../base/content.ts';
import { isErrno, LockstepError } from '../base/error.ts';
import { Breath } from './breath.ts';
import { pathInside } from './containment.ts';
import { copySmall } from './copy-small.ts';
import { lstatOf, quote, RACY_WINDOW, statOf } from './file-stat.ts';
import { sweepAbandoned } from './prune.ts';
import type { TreeEntry } from './tree.ts';
import { TreeRows } from './tree-rows.ts';
import type { Verdict } from './verdict.ts';
import { readListing, verifyContent } from './verify.ts';
import { targetOf, type Workspace, walkContent } from './workspace.ts';

export type LinkType = 'reflink' | 'copy' | 'hardlink' | 'symlink';

/** How bytes get from the cache into the workspace. */
export interface Linking {
  /** In the order they are tried. */
  types: readonly LinkType[];
}

/** Content above which a checkout waits until its stats can vouch for it, so that it is not read again. */
const WORTH_WAITING = 4 * 1024 * 1024;
const MANY = 1000;

export interface CheckoutOptions {
  readonly path: ProjectPath;
  readonly tmpDir: string;
  readonly linking: Linking;
  /** Whether the objects were found intact just now: to ask again is a tenth of a checkout of many small files. */
  readonly isVerified?: boolean | undefined;
}

/** Puts content at a free path, complete or not at all. */
export async function checkoutContent(workspace: Workspace, content: Content, options: CheckoutOptions): Promise<void> {
  const { path, linking } = options;
  const absolute = pathInside(workspace.root, path);
  if (lstatOf(absolute, path) !== undefined) throw inTheWay(path);
  const verdict = options.isVerified === true ? 'intact' : await verifyContent(workspace, content);
  if (verdict !== 'intact') throw missingData(path, verdict);
  const place = placeFor(absolute, options.tmpDir, workspace.now());
  try {
    if (content.kind === 'file') placeFile(workspace, { digest: content.digest, exec: content.exec, place, linking });
    else await placeTree(workspace, { content, place, linking, path });
    moveIntoPlace(place, absolute);
  } catch (error) {
    await rm(place, { recursive: true, force: true });
    throw diskError(error, `cannot write ${quote(path)}`);
  }
  await remember(workspace, content, path);
}

/** Where content is made ready: in lockstep's own directory if that is on the same file system, else beside. */
function placeFor(absolute: string, tmpDir: string, now: number): string {
  try {
    mkdirSync(dirname(absolute), { recursive: true });
    const making = join(tmpDir, 'making');
    mkdirSync(making, { recursive: true });
    sweepAbandoned(making, now);
    const sameDevice = lstatSync(making).dev === lstatSync(dirname(absolute)).dev;
    return join(sameDevice ? making : dirname(absolute), temporaryName());
  } catch (error) {
    throw diskError(error, `cannot write ${absolute}`);
  }
}

/** A rename would silently replace what appeared there meanwhile: a file, or an empty directory. */
function moveIntoPlace(place: string, absolute: string): void {
  if (lstatSync(absolute, { throwIfNoEntry: false }) !== undefined) throw inTheWay(absolute);
  renameSync(place, absolute);
}

export interface Placing {
  readonly digest: Digest;
  readonly exec: boolean;
  /** Absolute; must be free. */
  readonly place: string;
  readonly linking: Linking;
}

/** Gives a path the bytes of an object by the first link type that works here. */
export function placeFile(workspace: Workspace, { digest, exec, place, linking }: Placing): void {
  const object = workspace.objects.pathOf(digest, 'file');
  for (const type of linking.types) {
    // A link shares the object's mode, which says that it cannot be executed.
    if (exec && (type === 'hardlink' || type === 'symlink')) continue;
    if (type === 'copy' && copySmall(object, place, modeOf(exec))) return;
    if (tryLink(type, object, place)) {
      if (type === 'reflink' || type === 'copy') chmodSync(place, modeOf(exec));
      return;
    }
    // What does not work once does not work between these two file systems.
    linking.types = linking.types.filter((other) => other !== type);
  }
  copyFileSync(object, place, constants.COPYFILE_EXCL);
  chmodSync(place, modeOf(exec));
}

function modeOf(exec: boolean): number {
  return exec ? 0o755 : 0o644;
}

function tryLink(type: LinkType, object: string, place: string): boolean {
  try {
    if (type === 'reflink') copyFileSync(object, place, constants.COPYFILE_FICLONE_FORCE | constants.COPYFILE_EXCL);
    else if (type === 'copy') copyFileSync(object, place, constants.COPYFILE_EXCL);
    else if (type === 'hardlink') linkSync(object, place);
    else symlinkSync(object, place);
    return true;
  } catch (error) {
    if (!isErrno(error, 'ENOTSUP', 'EOPNOTSUPP', 'ENOSYS', 'EXDEV', 'EINVAL', 'ENOTTY', 'EPERM', 'EMLINK')) throw error;
    rmSync(place, { force: true });
    return false;
  }
}

interface TreePlacing {
  readonly content: TreeContent;
  readonly place: string;
  readonly linking: Linking;
  readonly path: ProjectPath;
}

async function placeTree(workspace: Workspace, { content, place, linking, path }: TreePlacing): Promise<void> {
  const listing = readListing(workspace, content);
  if (typeof listing === 'string') throw missingData(path, listing);
  const breath = new Breath();
  mkdirSync(place);
  let made = place;
  for (const entry of listing) {
    const at = `${place}/${entry.path}`;
    const directory = entry.kind === 'dir' ? at : dirname(at);
    if (directory !== made) mkdirSync(directory, { recursive: true });
    made = directory;
    placeEntry(workspace, entry, { at, linking });
    if (breath.due) await breath.take();
  }
}

function placeEntry(
  workspace: Workspace,
  entry: TreeEntry,
  { at, linking }: { readonly at: string; readonly linking: Linking },
): void {
  switch (entry.kind) {
    case 'dir':
      return;
    case 'link':
      symlinkSync(entry.target, at);
      return;
    default:
      placeFile(workspace, { digest: entry.digest, exec: entry.kind === 'exec', place: at, linking });
  }
}

/**
 * Enters what was just put down into the stat index. Whoever changes it next does so after this has resolved, so its
 * stat can vouch for it once the clock has moved on; for little content the wait would cost more than reading it.
 */
async function remember(workspace: Workspace, content: Content, path: ProjectPath): Promise<void> {
  const large = content.size > WORTH_WAITING || (content.kind === 'tree' && content.files > MANY);
  if (!large) return;
  if (content.kind === 'file') {
    const stat = statOf(join(workspace.root, path), path);
    if (stat !== undefined) workspace.files.enter(path, stat, content.digest);
  } else {
    rememberTree(workspace, content, path);
  }
  await setTimeout(RACY_WINDOW);
}

function rememberTree(workspace: Workspace, content: TreeContent, path: ProjectPath): void {
  const listing = readListing(workspace, content);
  if (typeof listing === 'string') return;
  const digests = new Map(listing.map((entry) => [entry.path, entry.kind === 'dir' ? null : entry.digest]));
  const rows = new TreeRows(workspace.scheme.layout.algorithm);
  for (const found of walkContent(workspace, targetOf(workspace, path))) {
    if (found === undefined) continue;
    const row = rows.push(found.path, found.stat);
    const digest = digests.get(found.path);
    // A link out of the directory may lead to something else here than where the listing was made.
    const known = digest !== undefined && !(found.kind === 'link' && found.outside !== null);
    rows.setDigest(row, digest ?? null, { trusted: known });
  }
  workspace.trees.write(path, { rows, content, census: null });
}

function inTheWay(path: string): LockstepError {
  return new LockstepError('unusable-file', `${quote(path)} cannot be restored: something is there already`, {
    hint: 'move it away, then run the command again',
  });
}

function missingData(path: string, verdict: Verdict): LockstepError {
  const says = verdict === 'corrupt' ? 'its copy in the cache is damaged and was set aside' : 'it is not in the cache';
  return new LockstepError('missing-data', `${quote(path)} cannot be restored: ${says}`, {
    hint: 'run the stage again to make it anew (`lockstep repro`)',
  });
}
