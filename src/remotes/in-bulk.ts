import { LockstepError } from '../base/error.ts';
import { SMALL } from '../store/hash-file.ts';
import { type Item, type Line, stoppage } from './line.ts';
import { RemoteError } from './remote.ts';

// Where a remote's objects are files of this machine, small ones are read and written by synchronous calls and become
// durable together: of 70,000 files a push takes a quarter of the CPU that it takes one by one, a pull a third.

/** Fewer are brought and sent one by one. */
const MANY = 64;
/** So many at once: an interruption waits for them, and costs no more than them. */
const PORTION = 8192;

interface File {
  readonly path: string;
  readonly size: number;
}

/** Sends small objects; gives those that are to be sent one by one. */
export async function sendInBulk(
  line: Line,
  wanted: ReadonlyMap<Item, File>,
  sent: (item: Item, file: File) => void,
): Promise<ReadonlyMap<Item, File>> {
  const { files } = line.remote;
  if (files === undefined || wanted.size < MANY) return wanted;
  const rest = new Map(wanted);
  const small = [...wanted].filter(([, { size }]) => size <= SMALL);
  for (const portion of portionsOf(line, small)) {
    const keyed = portion.map(([item, { path }]) => ({ key: line.objects.keyOf(item), path }));
    try {
      await files.writeMany(keyed, line.signal);
    } catch (error) {
      if (line.signal.aborted) throw new LockstepError('interrupted', 'interrupted');
      if (!(error instanceof RemoteError)) throw error;
      if (error.fault === 'fatal') throw stoppage(line.remote, error);
      // One by one they are tried again, each for itself.
      return rest;
    }
    for (const [item, file] of portion) {
      rest.delete(item);
      sent(item, file);
    }
  }
  return rest;
}

/** Takes in small objects; gives those that are to be brought one by one. */
export async function fetchInBulk(
  line: Line,
  wanted: readonly Item[],
  came: (item: Item, size: number) => void,
): Promise<readonly Item[]> {
  const { files } = line.remote;
  if (files === undefined || wanted.length < MANY) return wanted;
  const rest = wanted.filter(({ size }) => size !== null && size > SMALL);
  const perhapsSmall = wanted.filter(({ size }) => size === null || size <= SMALL);
  for (const portion of portionsOf(line, perhapsSmall)) {
    const sizes = await line.objects.receiveFiles(
      portion.map((item) => ({ object: item, path: files.pathOf(line.objects.keyOf(item)) })),
    );
    await line.objects.flush();
    for (const [at, item] of portion.entries()) {
      const size = sizes[at] ?? null;
      if (size === null) rest.push(item);
      else came(item, size);
    }
  }
  return rest;
}

function* portionsOf<One>({ signal }: Line, all: readonly One[]): Generator<readonly One[], void> {
  for (let from = 0; from < all.length; from += PORTION) {
    if (signal.aborted) throw new LockstepError('interrupted', 'interrupted');
    yield all.slice(from, from + PORTION);
  }
}
