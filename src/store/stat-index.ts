import type { BigIntStats } from 'node:fs';
import { join } from 'node:path';
import type { Digest } from '../base/brand.ts';
import type { FileContent } from '../base/content.ts';
import { type Algorithm, isDigest } from '../base/hash.ts';
import { isExecutable, signatureOf } from './file-stat.ts';
import { readSealed, writeSealedIfPossible } from './sealed.ts';

/** What single files held when they had a certain stat. */
export interface StatIndex {
  lookup(path: string, stat: BigIntStats): FileContent | undefined;
  enter(path: string, stat: BigIntStats, digest: Digest): void;
  forget(path: string): void;
  /** Writes the index if it changed. */
  save(): void;
}

interface Row {
  readonly signature: string;
  readonly digest: Digest;
}

const VERSION = 'files/1';

export function openStatIndex(directory: string, algorithm: Algorithm): StatIndex {
  const file = join(directory, algorithm === 'sha256' ? 'files.idx' : `files-${algorithm}.idx`);
  let rows: Map<string, Row> | undefined;
  let changed = false;
  const load = (): Map<string, Row> => {
    rows ??= decode(readSealed(file));
    return rows;
  };
  return {
    lookup(path, stat) {
      const row = load().get(path);
      if (row === undefined || row.signature !== signatureOf(stat)) return undefined;
      return { kind: 'file', digest: row.digest, size: Number(stat.size), exec: isExecutable(stat) };
    },
    enter(path, stat, digest) {
      load().set(path, { signature: signatureOf(stat), digest });
      changed = true;
    },
    forget(path) {
      changed = load().delete(path) || changed;
    },
    save() {
      if (!changed || rows === undefined) return;
      writeSealedIfPossible(file, encode(rows));
      changed = false;
    },
  };
}

/** One flat list, which JSON.parse reads faster than anything written in JavaScript would. */
function encode(rows: ReadonlyMap<string, Row>): Buffer {
  const flat: string[] = [VERSION];
  for (const [path, row] of rows) flat.push(path, row.signature, row.digest);
  return Buffer.from(JSON.stringify(flat));
}

function decode(payload: Buffer | undefined): Map<string, Row> {
  const rows = new Map<string, Row>();
  if (payload === undefined) return rows;
  const flat = parseList(payload.toString());
  if (flat[0] !== VERSION) return rows;
  for (let at = 1; at + 2 < flat.length; at += 3) {
    const path = flat[at];
    const signature = flat[at + 1];
    const digest = flat[at + 2];
    if (typeof path !== 'string' || typeof signature !== 'string' || typeof digest !== 'string') return new Map();
    if (isDigest(digest)) rows.set(path, { signature, digest });
  }
  return rows;
}

function parseList(text: string): readonly unknown[] {
  try {
    const value: unknown = JSON.parse(text);
    return Array.isArray(value) ? value : [];
  } catch {
    return [];
  }
}
