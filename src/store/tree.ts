import type { Digest } from '../base/brand.ts';
import { isDigest } from '../base/hash.ts';

/** One line of a directory's listing. Paths are relative to the directory, with `/`; a size may be unknown. */
export type TreeEntry =
  | { readonly kind: 'file' | 'exec'; readonly path: string; readonly digest: Digest; readonly size: number | null }
  | {
      readonly kind: 'link';
      readonly path: string;
      readonly target: string;
      /** Of what a link that leaves the directory points at; null for other links and for dangling ones. */
      readonly digest: Digest | null;
    }
  /** An empty directory; all others are implied by what is in them. */
  | { readonly kind: 'dir'; readonly path: string };

const HEADER = 'tree/1';

/** The canonical text of a listing; specified in docs/hashing.md. */
export function encodeTree(entries: readonly TreeEntry[]): string {
  const sorted = sortByBytes(entries);
  let text = `${HEADER}\n`;
  for (const entry of sorted) text += encodeEntry(entry);
  return text;
}

/** Undefined when the text is not a listing; never throws. Paths that would leave the directory are refused. */
export function decodeTree(text: string): readonly TreeEntry[] | undefined {
  const lines = text.split('\n');
  if (lines[0] !== HEADER || lines.at(-1) !== '') return undefined;
  const entries: TreeEntry[] = [];
  for (let at = 1; at < lines.length - 1; at++) {
    const entry = decodeEntry(lines[at] ?? '');
    if (entry === undefined || !staysInside(entry.path)) return undefined;
    entries.push(entry);
  }
  return entries;
}

function encodeEntry(entry: TreeEntry): string {
  const path = JSON.stringify(entry.path);
  switch (entry.kind) {
    case 'dir':
      return `dir ${path}\n`;
    case 'link':
      return `link ${entry.digest ?? '-'} ${path} ${JSON.stringify(entry.target)}\n`;
    default:
      return `${entry.kind} ${entry.digest} ${entry.size ?? 0} ${path}\n`;
  }
}

const FILE = /^(file|exec) (\S+) (\d+) (".*")$/s;
const LINK = /^link (\S+) ("(?:[^"\\]|\\.)*") (".*")$/s;
const DIRECTORY = /^dir (".*")$/s;

function decodeEntry(line: string): TreeEntry | undefined {
  const file = FILE.exec(line);
  if (file !== null) {
    const [, kind, digest = '', size, path = ''] = file;
    const decoded = decodeString(path);
    if (!isDigest(digest) || decoded === undefined) return undefined;
    return { kind: kind === 'exec' ? 'exec' : 'file', path: decoded, digest, size: Number(size) };
  }
  const link = LINK.exec(line);
  if (link !== null) return decodeLink(link);
  const path = decodeString(DIRECTORY.exec(line)?.[1] ?? '');
  return path === undefined ? undefined : { kind: 'dir', path };
}

function decodeLink([, digest = '', path = '', target = '']: RegExpExecArray): TreeEntry | undefined {
  const decodedPath = decodeString(path);
  const decodedTarget = decodeString(target);
  if (decodedPath === undefined || decodedTarget === undefined) return undefined;
  if (digest !== '-' && !isDigest(digest)) return undefined;
  return { kind: 'link', path: decodedPath, target: decodedTarget, digest: digest === '-' ? null : (digest as Digest) };
}

function decodeString(json: string): string | undefined {
  try {
    const value: unknown = JSON.parse(json);
    return typeof value === 'string' ? value : undefined;
  } catch {
    return undefined;
  }
}

/** A listing may come from another machine. */
export function staysInside(path: string): boolean {
  return path.split('/').every((part) => part !== '' && part !== '.' && part !== '..') && !path.includes('\0');
}

/** By the UTF-8 bytes of the path; that is the order of UTF-16, which `<` has, unless there are surrogate pairs. */
export function sortByBytes(entries: readonly TreeEntry[]): readonly TreeEntry[] {
  if (entries.some((entry) => /[\ud800-\udfff]/.test(entry.path))) {
    return [...entries].sort((a, b) => Buffer.compare(Buffer.from(a.path), Buffer.from(b.path)));
  }
  return [...entries].sort((a, b) => (a.path < b.path ? -1 : a.path > b.path ? 1 : 0));
}
