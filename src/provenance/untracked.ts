import { lstat } from 'node:fs/promises';
import { join } from 'node:path';
import { type GitCall, git } from './git-process.ts';

export interface Untracked {
  /** Relative to the root. */
  readonly files: readonly string[];
  /** Files, or whole paths of those asked for, that are too large to be kept with a run. */
  readonly omitted: readonly string[];
}

/** Bytes of one file, and of all files below one path that was asked for. */
const LIMIT = 2 ** 20;

/** Which files at or below these paths git neither knows nor ignores. */
export async function findUntracked(paths: readonly string[], call: GitCall): Promise<Untracked> {
  const listed = await Promise.all(inArguments(paths).map((some) => listUntracked(some, call)));
  const names = [...new Set(listed.flat())];
  const sized = await Promise.all(names.map(async (name) => ({ name, size: await sizeOf(join(call.cwd, name)) })));
  return chooseSmall(paths, sized);
}

async function listUntracked(paths: readonly string[], call: GitCall): Promise<readonly string[]> {
  const result = await git(['ls-files', '-z', '--others', '--exclude-standard', '--', ...paths], call);
  if (result.kind === 'done') return new TextDecoder().decode(result.stdout).split('\0').slice(0, -1);
  // One path that git refuses (behind a symbolic link, say) must not hide the others.
  if (paths.length <= 1) return [];
  const half = Math.ceil(paths.length / 2);
  const halves = [paths.slice(0, half), paths.slice(half)];
  return (await Promise.all(halves.map((some) => listUntracked(some, call)))).flat();
}

/** Lists short enough for one command line each. */
function inArguments(paths: readonly string[]): readonly (readonly string[])[] {
  const lists: string[][] = [];
  let room = 0;
  for (const path of paths) {
    const size = Buffer.byteLength(path) + 1;
    if (room < size) {
      lists.push([]);
      room = ARGUMENT_BYTES;
    }
    lists.at(-1)?.push(path);
    room -= size;
  }
  return lists;
}

/** A tenth of what Linux allows: the environment counts too. */
const ARGUMENT_BYTES = 200_000;

/** Infinite for what cannot be put into a patch: what may not be read, and a repository within, listed as a directory. */
async function sizeOf(file: string): Promise<number> {
  if (file.endsWith('/')) return Number.POSITIVE_INFINITY;
  try {
    return (await lstat(file)).size;
  } catch (error) {
    if (error instanceof Error && 'errno' in error) return Number.POSITIVE_INFINITY;
    throw error;
  }
}

interface SizedFile {
  readonly name: string;
  readonly size: number;
}

function chooseSmall(paths: readonly string[], sized: readonly SizedFile[]): Untracked {
  const asked = new Set(paths);
  const small = sized
    .filter(({ size }) => size <= LIMIT)
    .map((file) => ({ ...file, under: askedFor(file.name, asked) }));
  const sums = new Map<string, number>();
  for (const { size, under } of small) sums.set(under, (sums.get(under) ?? 0) + size);
  const tooMuch = (path: string) => (sums.get(path) ?? 0) > LIMIT;
  return {
    files: small.filter(({ under }) => !tooMuch(under)).map(({ name }) => name),
    omitted: [...sized.filter(({ size }) => size > LIMIT).map(({ name }) => name), ...[...sums.keys()].filter(tooMuch)],
  };
}

/** The nearest of the paths asked for that holds this file. */
function askedFor(name: string, asked: ReadonlySet<string>): string {
  let path = name;
  while (!asked.has(path) && path.includes('/')) path = path.slice(0, path.lastIndexOf('/'));
  return asked.has(path) ? path : '.';
}
