import type { Digest } from './brand.ts';

/** What bytes a path holds, independent of where it is and when it was written. */
export type Content = FileContent | TreeContent;

export interface FileContent {
  readonly kind: 'file';
  readonly digest: Digest;
  /** Bytes. */
  readonly size: number;
  /** Whether the owner may execute it. */
  readonly exec: boolean;
}

export interface TreeContent {
  readonly kind: 'tree';
  /** Of the tree object's text (docs/hashing.md). */
  readonly digest: Digest;
  /** Bytes of all files together. */
  readonly size: number;
  /** Number of files. */
  readonly files: number;
}

/** Same bytes and, for a file, the same executable bit. */
export function sameContent(a: Content, b: Content): boolean {
  return a.kind === b.kind && a.digest === b.digest && (a.kind === 'tree' || b.kind === 'tree' || a.exec === b.exec);
}
