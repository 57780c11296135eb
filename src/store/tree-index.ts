import { join } from 'node:path';
import type { TreeContent } from '../base/content.ts';
import { type Algorithm, digestOf, hexOf } from '../base/hash.ts';
import { digestAt } from './digest-bytes.ts';
import { keepNewest } from './prune.ts';
import { readSealed, writeSealedIfPossible } from './sealed.ts';
import { ROW, TreeRows } from './tree-rows.ts';

/** What a directory held, file by file, when it was last looked at. */
export interface TreeIndex {
  readonly rows: TreeRows;
  readonly content: TreeContent;
  /** What takeCensus said while this was so; null when unknown, or when stats below the directory do not say all. */
  readonly census: string | null;
}

/** One file per directory, so that a large one is read and written only when it is asked for. */
export interface TreeIndexes {
  read(path: string): TreeIndex | undefined;
  write(path: string, index: TreeIndex): void;
}

const VERSION = 2;
/** version, count of rows, bytes of names, zero; then digest (32), size (8), files (8), census (32, zeros for none). */
const HEADER = 96;
const NO_CENSUS = '0'.repeat(64);
/** Directories come and go; the indexes written longest ago are dropped. */
const KEEP = 5000;

export function openTreeIndexes(directory: string, algorithm: Algorithm): TreeIndexes {
  const folder = join(directory, algorithm === 'sha256' ? 'trees' : `trees-${algorithm}`);
  let last: { readonly path: string; readonly index: TreeIndex } | undefined;
  let pruned = false;
  const fileOf = (path: string): string => join(folder, `${hexOf(digestOf(path)).slice(0, 32)}.idx`);
  return {
    read(path) {
      if (last?.path === path) return last.index;
      const payload = readSealed(fileOf(path));
      const index = payload === undefined ? undefined : decode(payload, algorithm);
      if (index !== undefined) last = { path, index };
      return index;
    },
    write(path, index) {
      last = { path, index };
      writeSealedIfPossible(fileOf(path), encode(index));
      if (!pruned) keepNewest(folder, KEEP);
      pruned = true;
    },
  };
}

function encode({ rows, content, census }: TreeIndex): Buffer {
  const names = Buffer.from(rows.paths.join('\0'));
  const header = Buffer.alloc(HEADER);
  header.writeUInt32LE(VERSION, 0);
  header.writeUInt32LE(rows.count, 4);
  header.writeUInt32LE(names.length, 8);
  header.write(hexOf(content.digest), 16, 'hex');
  header.writeDoubleLE(content.size, 48);
  header.writeDoubleLE(content.files, 56);
  header.write(census ?? NO_CENSUS, 64, 'hex');
  return Buffer.concat([header, rows.bytes, names]);
}

function decode(payload: Buffer, algorithm: Algorithm): TreeIndex | undefined {
  if (payload.length < HEADER || payload.readUInt32LE(0) !== VERSION) return undefined;
  const count = payload.readUInt32LE(4);
  const namesAt = HEADER + count * ROW;
  if (payload.length !== namesAt + payload.readUInt32LE(8)) return undefined;
  // A copy, because rows are read as words, which must stand at a multiple of four.
  const bytes = Buffer.from(payload.subarray(HEADER, namesAt));
  const paths = count === 0 ? [] : payload.toString('utf8', namesAt).split('\0');
  if (paths.length !== count) return undefined;
  const content: TreeContent = {
    kind: 'tree',
    digest: digestAt(payload, 16, algorithm),
    size: payload.readDoubleLE(48),
    files: payload.readDoubleLE(56),
  };
  const census = payload.toString('hex', 64, 96);
  return { rows: new TreeRows(algorithm, paths, bytes), content, census: census === NO_CENSUS ? null : census };
}
