import type { TreeContent } from '../base/content.ts';
import { digestOf } from '../base/hash.ts';
import { Breath } from './breath.ts';
import { GONE, LEFT } from './bulk.ts';
import { DIGEST_BYTES } from './digest-bytes.ts';
import { SMALL } from './hash-file.ts';
import { readFile } from './read-file.ts';
import type { TreeEntry } from './tree.ts';
import type { TreeRows } from './tree-rows.ts';
import type { Target, Workspace } from './workspace.ts';

/** From this many files on they are read in bulk. */
const MANY = 64;

/** One look at a directory. */
export interface Scan {
  readonly rows: TreeRows;
  /** Rows of files whose bytes must be read. */
  readonly unread: number[];
  readonly links: Map<number, { readonly target: string }>;
  readonly empty: Set<number>;
  /** Whether the index says all there is to say. */
  unchanged: boolean;
}

export interface Work {
  readonly target: Target;
  readonly scan: Scan;
  readonly keep: boolean;
}

/** Fills in the digests that are not known; false when a file went away meanwhile. */
export async function readFiles(workspace: Workspace, { target, scan, keep }: Work): Promise<boolean> {
  const { rows } = scan;
  const unread = keep ? await withUnkept(workspace, scan) : scan.unread;
  // A file that is to be replaced by a link needs its stat from the moment it was read.
  const inBulk = unread.length >= MANY && workspace.onSaved === undefined;
  const rest = inBulk ? await readInBulk(workspace, { target, scan, keep }, unread) : unread;
  if (rest === undefined) return false;
  const breath = new Breath();
  for (const row of rest) {
    const path = rows.paths[row] ?? '';
    const file = { path: `${target.path}/${path}`, name: `${target.name}/${path}` };
    const hashed = await readFile(workspace, file, keep);
    if (hashed === 'missing') return false;
    if (rows.digestOf(row) !== hashed.digest) scan.unchanged = false;
    rows.setStat(row, hashed.stat);
    rows.setDigest(row, hashed.digest, { trusted: hashed.trusted && hashed.stat.size === BigInt(hashed.size) });
    if (breath.due) await breath.take();
  }
  return true;
}

/** The rows that are left to be read one by one; undefined when a file went away meanwhile. */
async function readInBulk(
  workspace: Workspace,
  { target, scan, keep }: Work,
  unread: readonly number[],
): Promise<readonly number[] | undefined> {
  const { rows } = scan;
  const began = workspace.now();
  const small = unread.filter((row) => rows.sizeOf(row) <= SMALL);
  const rest = unread.filter((row) => rows.sizeOf(row) > SMALL);
  const files = small.map((row) => `${target.path}/${rows.paths[row]}`);
  const { digests, sizes, marks } = await workspace.objects.readMany(files, { keep });
  for (const [at, row] of small.entries()) {
    if (marks[at] === GONE) return undefined;
    if (marks[at] === LEFT) {
      rest.push(row);
      continue;
    }
    const before = scan.unchanged ? rows.digestOf(row) : null;
    const trusted = sizes[at] === rows.sizeOf(row) && !rows.isRacy(row, began);
    rows.setHash(row, digests.subarray(at * DIGEST_BYTES, (at + 1) * DIGEST_BYTES), { trusted });
    if (scan.unchanged && rows.digestOf(row) !== before) scan.unchanged = false;
  }
  return rest;
}

/** The files whose bytes are known but not in the cache, and those that are not known. */
async function withUnkept(workspace: Workspace, scan: Scan): Promise<readonly number[]> {
  const unread = new Set(scan.unread);
  const unkept: number[] = [];
  const breath = new Breath();
  for (let row = 0; row < scan.rows.count; row++) {
    if (scan.links.has(row) || scan.empty.has(row)) continue;
    const digest = unread.has(row) ? null : scan.rows.digestOf(row);
    if (digest === null || !(await workspace.objects.holds(digest, 'file'))) unkept.push(row);
    if (breath.due) await breath.take();
  }
  return unkept;
}

/** Makes the listing of what was read. */
export async function conclude(workspace: Workspace, { target, scan, keep }: Work): Promise<TreeContent> {
  const entries = entriesOf(scan);
  const { encode, layout } = workspace.scheme;
  const text = encode(entries);
  const digest = digestOf(text, layout.algorithm);
  let size = 0;
  let files = 0;
  for (const entry of entries) {
    if (entry.kind !== 'file' && entry.kind !== 'exec') continue;
    size += entry.size ?? 0;
    files += 1;
  }
  const content: TreeContent = { kind: 'tree', digest, size, files };
  if (keep && !(await workspace.objects.holds(digest, 'tree'))) {
    workspace.objects.put(Buffer.from(text), digest, 'tree');
  }
  workspace.trees.write(target.name, { rows: scan.rows, content, census: null });
  return content;
}

function entriesOf({ rows, links, empty }: Scan): readonly TreeEntry[] {
  return rows.paths.map((path, row): TreeEntry => {
    const link = links.get(row);
    if (link !== undefined) return { kind: 'link', path, target: link.target, digest: rows.digestOf(row) };
    if (empty.has(row)) return { kind: 'dir', path };
    const digest = rows.digestOf(row);
    if (digest === null) throw new Error(`no digest for ${path}`);
    return { kind: rows.isExecutable(row) ? 'exec' : 'file', path, digest, size: rows.sizeOf(row) };
  });
}
