import { readdirSync } from 'node:fs';
import { writeFileAtomic } from '../base/atomic-file.ts';
import { LockstepError } from '../base/error.ts';
import { RACY_WINDOW } from './file-stat.ts';
import { absolute, COLUMNS, type Header, lstat, setRow, WITNESS_VERSION } from './witness.ts';

export interface Testimony {
  readonly key: string;
  readonly count: number;
  /** Below the root, or absolute. Links cannot be watched: what they lead to changes unseen. */
  readonly paths: readonly string[];
  /** Milliseconds since the epoch at which the first path was looked at: what changed later may have been missed. */
  readonly since: number;
}

/** Writes a witness, if the paths can bear witness: no links, nothing changed since the look began. */
export function writeWitness(file: string, root: string, testimony: Testimony): void {
  const paths = [...new Set(testimony.paths)];
  const rows = new Float64Array(paths.length * COLUMNS);
  for (const [index, path] of paths.entries()) {
    const stat = lstat(absolute(root, path));
    if (stat?.isSymbolicLink() === true) return;
    if (stat !== undefined && Math.max(stat.mtimeMs, stat.ctimeMs) > testimony.since - RACY_WINDOW) return;
    setRow(rows, index * COLUMNS, stat);
  }
  const names = Buffer.from(paths.join('\0'));
  const { key, count } = testimony;
  const header: Header = { witness: WITNESS_VERSION, key, count, paths: paths.length, names: names.length };
  const bytes = Buffer.concat([Buffer.from(`${JSON.stringify(header)}\n`), names, Buffer.from(rows.buffer)]);
  try {
    writeFileAtomic(file, bytes, { durable: false });
  } catch (error) {
    // It only saves work.
    if (!(error instanceof LockstepError)) throw error;
  }
}

/** Every path whose stat says whether the content of this one changed; undefined when they are more than `most`. */
export function restsOn(root: string, path: string, most: number): readonly string[] | undefined {
  const paths = [path];
  const open = lstat(absolute(root, path))?.isDirectory() === true ? [path] : [];
  for (let directory = open.pop(); directory !== undefined; directory = open.pop()) {
    for (const entry of readdirSync(absolute(root, directory), { withFileTypes: true })) {
      const inside = `${directory}/${entry.name}`;
      paths.push(inside);
      if (entry.isDirectory()) open.push(inside);
    }
    if (paths.length > most) return undefined;
  }
  return paths;
}
