import type { Content } from '../base/content.ts';
import { LockstepError } from '../base/error.ts';
import { type Asked, addFiles, Items } from './asked.ts';
import { sendInBulk } from './in-bulk.ts';
import { askRemote, type Item, type Line, overLine, type Problem } from './line.ts';

export interface Sent {
  /** Objects that went, and their bytes. */
  readonly objects: number;
  readonly bytes: number;
  /** Objects that were there. */
  readonly there: number;
  readonly problems: readonly Problem[];
  /** Whether all of some content is there now. */
  isThere(content: Content): boolean;
}

export interface SendOptions {
  /** Also what is there, in place of what may be damaged. */
  readonly again: boolean;
}

/** A directory that is to be there: its listing, and the files that it names. */
interface Tree {
  readonly item: Item;
  readonly files: readonly Item[];
}

/** Sends what is not there: first all files, then the listing of each directory whose files all are there. */
export async function sendObjects(line: Line, asked: readonly Asked[], { again }: SendOptions): Promise<Sent> {
  const problems: Problem[] = [];
  const { files, trees } = await gather(line, asked, problems);
  const lists = trees.map(({ item }) => item);
  const known = again ? new Map<Item, number | undefined>() : await whatIsThere(line, [...files, ...lists]);
  const there = new Set<Item>(known.keys());
  const sent = { objects: 0, bytes: 0 };
  const send = async (items: readonly Item[]): Promise<void> => {
    const wanted = await intactOf(line, items, { there, known, problems });
    const sizes = new Map(wanted.map((item) => [item, line.objects.fileOf(item)] as const));
    line.progress.expect(
      wanted.length,
      [...sizes.values()].reduce((sum, { size }) => sum + size, 0),
    );
    const note = (item: Item, { size }: { readonly size: number }): void => {
      there.add(item);
      sent.objects += 1;
      sent.bytes += size;
      line.progress.moved(size);
      line.progress.finished();
    };
    const rest = await sendInBulk(line, sizes, note);
    await overLine(line, rest, {
      work: async ([item, file], signal) => {
        await line.remote.write(line.objects.keyOf(item), { ...file, signal });
        note(item, file);
      },
      failed: ([item], error) => problems.push({ item, kind: 'failed', message: error.message }),
    });
  };
  await send(files);
  await send(trees.filter((tree) => tree.files.every((file) => there.has(file))).map(({ item }) => item));
  const named = new Set([...there].map(nameOf));
  return {
    ...sent,
    there: there.size - sent.objects,
    problems: needed(problems),
    isThere: (content) => named.has(nameOf(content)),
  };
}

/** What nobody needs may be nowhere. */
function needed(problems: readonly Problem[]): readonly Problem[] {
  return problems.filter(({ item, kind }) => kind !== 'not-here' || item.neededBy.size > 0);
}

function nameOf({ digest, kind }: Pick<Item, 'digest' | 'kind'>): string {
  return `${digest}.${kind}`;
}

async function gather(line: Line, asked: readonly Asked[], problems: Problem[]) {
  const listings = new Items();
  const items = new Items();
  const trees = new Map<Item, readonly Item[]>();
  const unlisted = new Set<Item>();
  for (const one of asked) {
    const { content } = one;
    if (content.kind === 'file') {
      items.add({ ...content, kind: 'file' }, one, one.path);
      continue;
    }
    const item = listings.add({ digest: content.digest, kind: 'tree', size: null }, one, one.path);
    const listing = line.objects.listing(content.digest);
    if (typeof listing === 'string') {
      if (!unlisted.has(item)) await noteUnlisted(line, item, problems);
      unlisted.add(item);
      continue;
    }
    const files = addFiles(items, one, listing);
    // The listing promises all files, so it does not go with a part of them.
    if (one.only === undefined) trees.set(item, files);
  }
  return { files: items.all(), trees: [...trees].map(([item, files]): Tree => ({ item, files })) };
}

/** Without its listing nobody knows what a directory consists of; where it is there, its files went before it. */
async function noteUnlisted(line: Line, item: Item, problems: Problem[]): Promise<void> {
  const found = await whatIsThere(line, [item]);
  if (!found.has(item)) problems.push({ item, kind: 'not-here' });
}

/** An object whose size is not that of ours is not whole. */
export async function whatIsThere(line: Line, items: readonly Item[]): Promise<ReadonlyMap<Item, number | undefined>> {
  const keys = new Map(items.map((item) => [line.objects.keyOf(item), item]));
  const legacy = new Map<string, Item>();
  for (const item of items) {
    const key = line.objects.legacyKeyOf(item);
    if (key !== undefined) legacy.set(key, item);
  }
  const found = await askRemote(line, () => line.remote.have([...keys.keys()]));
  const rest = [...legacy].filter(([, item]) => !found.has(line.objects.keyOf(item))).map(([key]) => key);
  const older = rest.length === 0 ? [] : await askRemote(line, () => line.remote.have(rest));
  const known = new Map<Item, number | undefined>();
  for (const [key, size] of [...found, ...older]) {
    const item = keys.get(key) ?? legacy.get(key);
    if (item !== undefined) known.set(item, size);
  }
  return known;
}

interface Standing {
  readonly there: Set<Item>;
  readonly known: ReadonlyMap<Item, number | undefined>;
  readonly problems: Problem[];
}

/** Those that are to be sent and can be. */
async function intactOf(line: Line, items: readonly Item[], { there, known, problems }: Standing): Promise<Item[]> {
  const wanted: Item[] = [];
  for (const item of items) {
    if (line.signal.aborted) throw new LockstepError('interrupted', 'interrupted');
    const size = known.get(item);
    if (there.has(item) && (size === undefined || isOfSize(line, item, size))) continue;
    if ((await line.objects.verify(item)) === 'intact') {
      there.delete(item);
      wanted.push(item);
    } else if (!there.has(item)) problems.push({ item, kind: 'not-here' });
  }
  return wanted;
}

/** Whether the object that is there has the size of ours, if we have it. */
function isOfSize(line: Line, item: Item, size: number): boolean {
  const ours = line.objects.sizeOf(item);
  return ours === undefined || ours === size;
}
