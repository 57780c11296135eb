import { realpathSync } from 'node:fs';
import type { Digest } from '../base/brand.ts';
import type { Content, FileContent, TreeContent } from '../base/content.ts';
import { isErrno, LockstepError } from '../base/error.ts';
import { Breath } from './breath.ts';
import { takeCensus } from './census.ts';
import { isExecutable, kindOf, notAFile, statOf } from './file-stat.ts';
import type { Hashed } from './hash-file.ts';
import { readFile } from './read-file.ts';
import { conclude, readFiles, type Scan } from './read-tree.ts';
import type { TreeIndex } from './tree-index.ts';
import { TreeRows } from './tree-rows.ts';
import { type Target, type Workspace, walkContent } from './workspace.ts';

/** By stats alone; undefined when bytes would have to be read. */
export function peek(workspace: Workspace, target: Target): Content | 'missing' | undefined {
  const stat = statOf(target.path, target.name);
  if (stat === undefined) return 'missing';
  const kind = kindOf(stat);
  if (kind === 'file') return workspace.files.lookup(target.name, stat);
  if (kind === 'directory') return peekTree(workspace, target);
  throw notAFile(target.name, kind);
}

/** Reads what the indexes do not vouch for; with `keep`, every byte ends up in the cache. */
export async function observe(
  workspace: Workspace,
  target: Target,
  options: { readonly keep: boolean },
): Promise<Content | 'missing'> {
  const stat = statOf(target.path, target.name);
  if (stat === undefined) return 'missing';
  const kind = kindOf(stat);
  if (kind === 'directory') return observeTree(workspace, target, options.keep);
  if (kind !== 'file') throw notAFile(target.name, kind);
  const known = workspace.files.lookup(target.name, stat);
  if (known !== undefined && (!options.keep || (await workspace.objects.holds(known.digest, 'file')))) return known;
  const hashed = await readFile(workspace, target, options.keep);
  if (hashed === 'missing') return 'missing';
  if (hashed.trusted) workspace.files.enter(target.name, hashed.stat, hashed.digest);
  else workspace.files.forget(target.name);
  return contentOf(hashed);
}

function contentOf(hashed: Hashed): FileContent {
  return { kind: 'file', digest: hashed.digest, size: hashed.size, exec: isExecutable(hashed.stat) };
}

/** From this many entries on, a census costs less than a walk. */
const MANY = 5000;

function peekTree(workspace: Workspace, target: Target): TreeContent | undefined {
  const index = workspace.trees.read(target.name);
  if (index === undefined) return undefined;
  const counts = index.rows.count >= MANY && [...workspace.skip].every((path) => !path.startsWith(`${target.path}/`));
  const census = counts ? takeCensus(target.path) : undefined;
  if (census !== undefined && census === index.census) return index.content;
  const unchanged = compareTree(workspace, target, index);
  if (unchanged === undefined) return undefined;
  // Taken before the walk: had anything been otherwise then, the walk would have found its ctime changed.
  if (census !== undefined && unchanged.plain) workspace.trees.write(target.name, { ...index, census });
  return index.content;
}

/** Undefined when something changed; `plain` when the stats below the directory say all there is to say. */
function compareTree(workspace: Workspace, target: Target, { rows }: TreeIndex): { plain: boolean } | undefined {
  let plain = true;
  let row = 0;
  for (const found of walkContent(workspace, target)) {
    if (found === undefined) continue;
    if (rows.paths[row] !== found.path || !rows.isTrusted(row) || !rows.matches(row, found.stat)) return undefined;
    if (found.kind === 'link' && found.outside !== null) {
      const pointee = peekPointee(workspace, found.outside, target);
      if (pointee === undefined || pointee !== rows.digestOf(row)) return undefined;
      plain = false;
    }
    if (found.kind === 'file' && found.through === true) plain = false;
    row += 1;
  }
  return row === rows.count ? { plain } : undefined;
}

async function observeTree(workspace: Workspace, target: Target, keep: boolean): Promise<TreeContent> {
  for (let tries = 0; tries < 3; tries++) {
    const index = workspace.trees.read(target.name);
    const scan = await scanTree(workspace, target, index);
    if (scan.unchanged && index !== undefined && !keep) return index.content;
    if (!(await readFiles(workspace, { target, scan, keep }))) continue;
    if (scan.unchanged && index !== undefined && (await workspace.objects.holds(index.content.digest, 'tree'))) {
      return index.content;
    }
    return conclude(workspace, { target, scan, keep });
  }
  throw new LockstepError('unusable-file', `"${target.name}" keeps changing while it is read`, {
    hint: 'wait for the program that writes there, then run the command again',
  });
}

async function scanTree(workspace: Workspace, target: Target, index: TreeIndex | undefined): Promise<Scan> {
  const rows = new TreeRows(workspace.scheme.layout.algorithm);
  const scan: Scan = { rows, unread: [], links: new Map(), empty: new Set(), unchanged: true };
  const breath = new Breath();
  for (const found of walkContent(workspace, target)) {
    if (found === undefined) {
      if (breath.due) await breath.take();
      continue;
    }
    const row = rows.push(found.path, found.stat);
    const known = index?.rows.find(found.path, row);
    const vouched = known !== undefined && index?.rows.isTrusted(known) && index.rows.matches(known, found.stat);
    if (known !== row || !vouched) scan.unchanged = false;
    if (found.kind === 'file') {
      if (vouched && known !== undefined && index !== undefined) rows.copyDigest(row, index.rows, known);
      else scan.unread.push(row);
      continue;
    }
    if (found.kind === 'dir') scan.empty.add(row);
    else scan.links.set(row, found);
    const digest = found.kind === 'link' ? await observePointee(workspace, found.outside, target) : null;
    if (known !== undefined && index?.rows.digestOf(known) !== digest) scan.unchanged = false;
    rows.setDigest(row, digest, { trusted: true });
  }
  if (rows.count !== index?.rows.count) scan.unchanged = false;
  return scan;
}

/** Null: nothing to say about it. Undefined: bytes would have to be read. */
function peekPointee(workspace: Workspace, outside: string, from: Target): Digest | null | undefined {
  const target = pointeeOf(outside, from);
  if (target === undefined) return null;
  try {
    const content = peek(workspace, target);
    return content === 'missing' ? null : content?.digest;
  } catch (error) {
    if (isUnusable(error)) return null;
    throw error;
  }
}

async function observePointee(workspace: Workspace, outside: string | null, from: Target): Promise<Digest | null> {
  const target = outside === null ? undefined : pointeeOf(outside, from);
  if (target === undefined) return null;
  try {
    const content = await observe(workspace, target, { keep: false });
    return content === 'missing' ? null : content.digest;
  } catch (error) {
    if (isUnusable(error)) return null;
    throw error;
  }
}

/** Undefined when the link dangles, or leads back to where we are. */
function pointeeOf(outside: string, from: Target): Target | undefined {
  try {
    const path = realpathSync(outside);
    const within = [...from.within, realpathSync(from.path)];
    return within.includes(path) ? undefined : { path, name: path, within };
  } catch (error) {
    if (isErrno(error, 'ENOENT', 'ENOTDIR', 'ELOOP', 'EACCES', 'ENAMETOOLONG')) return undefined;
    throw error;
  }
}

/** A link to /dev/null or to a closed directory is kept as a link and no more. */
function isUnusable(error: unknown): boolean {
  return error instanceof LockstepError && error.code === 'unusable-file';
}
