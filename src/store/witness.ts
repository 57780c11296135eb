import { lstatSync, readFileSync, type Stats } from 'node:fs';
import { isErrno } from '../base/error.ts';

/**
 * A witness remembers the stats of everything that an answer rests on: while each path bears the stat it bore, the
 * answer stands, and nothing has to be read, parsed or decided to give it again. The file is
 *
 *     {"witness":1,"key":…,"count":…,"paths":…,"names":<bytes>}\n · names, divided by NUL · a row of stats per path
 *
 * A torn or foreign file matches nothing, so it needs neither checksum nor sync.
 */
export interface Header {
  readonly witness: typeof WITNESS_VERSION;
  /** What was asked, and of which version. */
  readonly key: string;
  /** The answer. */
  readonly count: number;
  /** Number of rows. */
  readonly paths: number;
  /** Bytes of all names. */
  readonly names: number;
}

export const WITNESS_VERSION = 1;

/** mtime, ctime, inode, size, mode; a path where nothing is has -1 in each. */
export const COLUMNS = 5;

/** The answer to the key, if every path still bears the stat it bore; else undefined. Reads no other file. */
export function askWitness(file: string, root: string, key: string): number | undefined {
  const bytes = readIfThere(file);
  const end = bytes?.indexOf('\n') ?? -1;
  if (bytes === undefined || end < 0) return undefined;
  const header = headerOf(bytes.toString('utf8', 0, end));
  if (header?.key !== key) return undefined;
  const names = end + 1 + header.names;
  const paths = bytes.toString('utf8', end + 1, names).split('\0');
  const size = header.paths * COLUMNS * Float64Array.BYTES_PER_ELEMENT;
  if (paths.length !== header.paths || bytes.length !== names + size) return undefined;
  const then = new Float64Array(bytes.buffer.slice(bytes.byteOffset + names, bytes.byteOffset + bytes.length));
  const now = new Float64Array(COLUMNS);
  for (let index = 0; index < paths.length; index++) {
    setRow(now, 0, lstat(absolute(root, paths[index] ?? '')));
    for (let column = 0; column < COLUMNS; column++) {
      if (now[column] !== then[index * COLUMNS + column]) return undefined;
    }
  }
  return header.count;
}

export function absolute(root: string, path: string): string {
  return path.startsWith('/') ? path : `${root}/${path}`;
}

export function setRow(rows: Float64Array, at: number, stat: Stats | undefined): void {
  rows[at] = stat === undefined ? -1 : stat.mtimeMs;
  rows[at + 1] = stat === undefined ? -1 : stat.ctimeMs;
  rows[at + 2] = stat === undefined ? -1 : stat.ino;
  rows[at + 3] = stat === undefined ? -1 : stat.size;
  rows[at + 4] = stat === undefined ? -1 : stat.mode;
}

export function lstat(path: string): Stats | undefined {
  try {
    return lstatSync(path, { throwIfNoEntry: false });
  } catch (error) {
    if (isErrno(error, 'ENOTDIR', 'ELOOP', 'ENAMETOOLONG', 'EACCES')) return undefined;
    throw error;
  }
}

function readIfThere(file: string): Buffer | undefined {
  try {
    return readFileSync(file);
  } catch (error) {
    if (isErrno(error, 'ENOENT', 'ENOTDIR', 'EACCES', 'EISDIR', 'EIO')) return undefined;
    throw error;
  }
}

function headerOf(line: string): Header | undefined {
  try {
    const header = JSON.parse(line) as Header;
    return header?.witness === WITNESS_VERSION ? header : undefined;
  } catch {
    return undefined;
  }
}
