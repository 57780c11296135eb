import { hashSync } from 'hasha';
import { z } from 'zod';
import { compareText } from './lock-entry.ts';
import { jsonText } from './python-json.ts';

/** One file of a directory, as DVC's directory objects name it. */
export interface DvcRow {
  /** Below the directory, with `/` between names. */
  readonly relpath: string;
  /** Hex digits. */
  readonly md5: string;
}

/** The text of a directory's object, which begins with no line of its own and ends without a line end. */
export function formatDirectory(rows: readonly DvcRow[]): string {
  const sorted = [...rows].sort((a, b) => compareText(a.relpath, b.relpath));
  const texts = sorted.map(({ relpath, md5 }) => `{"md5": ${jsonText(md5)}, "relpath": ${jsonText(relpath)}}`);
  return `[${texts.join(', ')}]`;
}

/** The hex digits that name a directory's object; its file and entries in a dvc.lock have `.dir` after them. */
export function directoryHex(text: string): string {
  return hashSync(text, { algorithm: 'md5' });
}

// Objects of clouds carry sizes and versions besides; of them nothing more is needed here.
const rowsSchema = z.array(z.object({ relpath: z.string().min(1), md5: z.string().regex(/^[0-9a-f]{32}$/) }));

/** Undefined for a text that is no directory's object, or that names a file outside of it. */
export function parseDirectory(text: string): readonly DvcRow[] | undefined {
  const read = rowsSchema.safeParse(jsonOf(text));
  if (!read.success) return undefined;
  const paths = new Set(read.data.map(({ relpath }) => relpath));
  return paths.size === read.data.length && read.data.every(isInside) ? read.data : undefined;
}

function isInside({ relpath }: DvcRow): boolean {
  return !relpath.includes('\0') && relpath.split('/').every((name) => !['', '.', '..'].includes(name));
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}
