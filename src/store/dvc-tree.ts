import type { Digest } from '../base/brand.ts';
import { staysInside, type TreeEntry } from './tree.ts';

/** DVC's listing of a directory, as Python's json module writes it: ASCII, sorted by code points, files only. */
export function encodeDvcTree(entries: readonly TreeEntry[]): string {
  const files = entries.flatMap((entry) => (entry.kind === 'file' || entry.kind === 'exec' ? [entry] : []));
  const sorted = files.sort((a, b) => Buffer.compare(Buffer.from(a.path), Buffer.from(b.path)));
  return `[${sorted.map(({ digest, path }) => `{"md5": "${digest.slice(4)}", "relpath": ${ascii(path)}}`).join(', ')}]`;
}

function ascii(text: string): string {
  const escaped = (unit: string) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`;
  return JSON.stringify(text).replace(/[\u007f-\uffff]/g, escaped);
}

/** Undefined when the text is not a listing. Sizes are not in it. Paths that would leave the directory are refused. */
export function decodeDvcTree(text: string): readonly TreeEntry[] | undefined {
  let rows: unknown;
  try {
    rows = JSON.parse(text);
  } catch {
    return undefined;
  }
  if (!Array.isArray(rows)) return undefined;
  const entries: TreeEntry[] = [];
  for (const row of rows as readonly { readonly md5?: unknown; readonly relpath?: unknown }[]) {
    const { md5, relpath } = row ?? {};
    if (typeof md5 !== 'string' || !/^[0-9a-f]{32}$/.test(md5)) return undefined;
    if (typeof relpath !== 'string' || !staysInside(relpath)) return undefined;
    entries.push({ kind: 'file', path: relpath, digest: `md5:${md5}` as Digest, size: 0 });
  }
  return entries;
}
