import type { Digest } from '../base/brand.ts';
import { hexOf, isDigest } from '../base/hash.ts';
import { sortByBytes, staysInside, type TreeEntry } from './tree.ts';

/**
 * The text of a directory's listing as DVC writes it, which is how Python writes JSON: a blank after each comma and
 * colon, nothing but ASCII, sorted by path. It names bytes and no more: whoever encodes has left out all but files.
 */
export function encodeDvcTree(entries: readonly TreeEntry[]): string {
  const rows: string[] = [];
  for (const entry of sortByBytes(entries)) {
    if (entry.kind !== 'file' && entry.kind !== 'exec') throw new Error(`a ${entry.kind} has no place in this listing`);
    rows.push(`{"md5": "${hexOf(entry.digest)}", "relpath": ${asciiJson(entry.path)}}`);
  }
  return `[${rows.join(', ')}]`;
}

/** Undefined when the text is not a listing, or names what is not in the directory; never throws. */
export function decodeDvcTree(text: string): readonly TreeEntry[] | undefined {
  const rows = parseJson(text);
  if (!Array.isArray(rows)) return undefined;
  const entries = new Map<string, TreeEntry>();
  for (const row of rows as readonly unknown[]) {
    const entry = decodeRow(row);
    if (entry === undefined || entries.has(entry.path)) return undefined;
    entries.set(entry.path, entry);
  }
  return [...entries.values()];
}

function decodeRow(row: unknown): TreeEntry | undefined {
  if (typeof row !== 'object' || row === null || !('md5' in row) || !('relpath' in row)) return undefined;
  const { md5, relpath } = row;
  const digest = `md5:${md5}`;
  if (typeof relpath !== 'string' || typeof md5 !== 'string' || !isDigest(digest) || !staysInside(relpath)) {
    return undefined;
  }
  return { kind: 'file', path: relpath, digest: digest satisfies Digest, size: null };
}

function asciiJson(text: string): string {
  const asAscii = (unit: string): string => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`;
  return JSON.stringify(text).replace(/[\u007f-\uffff]/g, asAscii);
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
