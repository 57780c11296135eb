import { LockstepError } from '../base/error.ts';
import { type Asked, addFiles, Items } from './asked.ts';
import { fetchInBulk } from './in-bulk.ts';
import { type Item, type Line, overLine, type Problem } from './line.ts';
import { RemoteError } from './remote.ts';

export interface Fetched {
  /** Objects that came, and their bytes. */
  readonly objects: number;
  readonly bytes: number;
  /** Objects that were here. */
  readonly here: number;
  readonly problems: readonly Problem[];
}

/** After so many objects or bytes, what has come gets its names: an interruption then costs no more than that. */
const BATCH = { objects: 256, bytes: 256 * 1024 * 1024 };
/** Bytes that are not those of the object may have been altered on their way: they are fetched once more. */
const READINGS = 2;

interface Fetching {
  readonly line: Line;
  readonly problems: Problem[];
  objects: number;
  bytes: number;
  here: number;
  unnamed: { objects: number; bytes: number };
}

/** Brings what is asked for into the cache: listings first, since they say which files there are. */
export async function fetchObjects(line: Line, asked: readonly Asked[]): Promise<Fetched> {
  const fetching: Fetching = {
    line,
    problems: [],
    objects: 0,
    bytes: 0,
    here: 0,
    unnamed: { objects: 0, bytes: 0 },
  };
  try {
    const trees = asked.filter(({ content }) => content.kind === 'tree');
    const listings = new Items();
    for (const one of trees) listings.add({ digest: one.content.digest, kind: 'tree', size: null }, one, one.path);
    await bring(fetching, listings.all());
    await line.objects.flush();
    const files = new Items();
    for (const one of asked) {
      if (one.content.kind === 'file') files.add({ ...one.content, kind: 'file' }, one, one.path);
    }
    for (const one of trees) {
      const listing = line.objects.listing(one.content.digest);
      if (typeof listing !== 'string') addFiles(files, one, listing);
    }
    await bring(fetching, files.all());
  } finally {
    // What came whole before a stoppage is kept.
    await line.objects.flush();
  }
  const { objects, bytes, here, problems } = fetching;
  return { objects, bytes, here, problems };
}

async function bring(fetching: Fetching, items: readonly Item[]): Promise<void> {
  const { line } = fetching;
  const wanted: Item[] = [];
  for (const item of items) {
    if (line.signal.aborted) throw new LockstepError('interrupted', 'interrupted');
    if ((await line.objects.verify(item)) === 'intact') fetching.here += 1;
    else wanted.push(item);
  }
  line.progress.expect(
    wanted.length,
    wanted.reduce((sum, { size }) => sum + (size ?? 0), 0),
  );
  const rest = await fetchInBulk(line, wanted, (_, size) => {
    fetching.objects += 1;
    fetching.bytes += size;
    line.progress.moved(size);
    line.progress.finished();
  });
  await overLine(line, rest, {
    work: (item, signal) => bringOne(fetching, item, signal),
    failed: (item, error) => fetching.problems.push(problemOf(item, error)),
  });
}

async function bringOne(fetching: Fetching, item: Item, signal: AbortSignal): Promise<void> {
  const { objects, progress } = fetching.line;
  for (let reading = 1; ; reading += 1) {
    const { isWhole, size } = await readOne(fetching.line, item, signal);
    if (isWhole) {
      progress.finished();
      return await count(fetching, size);
    }
    if (reading < READINGS) continue;
    const expected = item.size === null || item.size === size ? '' : ` (${size} bytes instead of ${item.size})`;
    throw new Damaged(
      `${objects.keyOf(item)} on the remote is damaged: its bytes are others than its name says${expected}`,
    );
  }
}

async function readOne({ remote, objects, progress }: Line, item: Item, signal: AbortSignal) {
  let moved = 0;
  try {
    const keys = [objects.keyOf(item), objects.legacyKeyOf(item)];
    const stream = await readEither({ remote, signal }, keys);
    if (signal.aborted) {
      stream.destroy();
      throw new RemoteError('transient', 'interrupted');
    }
    const abort = () => stream.destroy(new Error('aborted'));
    signal.addEventListener('abort', abort, { once: true });
    try {
      return await objects.receive(
        item,
        counted(stream, (bytes) => {
          moved += bytes;
          progress.moved(bytes);
        }),
      );
    } finally {
      signal.removeEventListener('abort', abort);
      stream.destroy();
    }
  } catch (error) {
    // What has to come again is not on the way any more.
    progress.moved(-moved);
    throw error;
  }
}

async function readEither(
  { remote, signal }: Pick<Line, 'remote' | 'signal'>,
  [key = '', legacy]: readonly (string | undefined)[],
) {
  try {
    return await remote.read(key, signal);
  } catch (error) {
    if (legacy === undefined || !(error instanceof RemoteError) || error.fault !== 'missing') throw error;
    return await remote.read(legacy, signal);
  }
}

async function* counted(
  stream: AsyncIterable<Uint8Array>,
  moved: (bytes: number) => void,
): AsyncGenerator<Uint8Array, void> {
  try {
    for await (const chunk of stream) {
      moved(chunk.length);
      yield chunk;
    }
  } catch (error) {
    if (error instanceof RemoteError) throw error;
    const message = error instanceof Error ? error.message : String(error);
    throw new RemoteError('transient', `it broke off: ${message}`, { cause: error });
  }
}

async function count(fetching: Fetching, size: number): Promise<void> {
  const { unnamed } = fetching;
  fetching.objects += 1;
  fetching.bytes += size;
  unnamed.objects += 1;
  unnamed.bytes += size;
  if (unnamed.objects < BATCH.objects && unnamed.bytes < BATCH.bytes) return;
  fetching.unnamed = { objects: 0, bytes: 0 };
  await fetching.line.objects.flush();
}

/** Another reading would give the same bytes. */
class Damaged extends RemoteError {
  constructor(message: string) {
    super('missing', message);
  }
}

function problemOf(item: Item, error: RemoteError): Problem {
  if (error instanceof Damaged) return { item, kind: 'damaged-there', message: error.message };
  return error.fault === 'missing' ? { item, kind: 'not-there' } : { item, kind: 'failed', message: error.message };
}
