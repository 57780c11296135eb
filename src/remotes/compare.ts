import { type Asked, addFiles, Items } from './asked.ts';
import type { Item, Line } from './line.ts';
import { whatIsThere } from './send.ts';

/** `new` is only here, `deleted` only there, `missing` at neither place. */
export type Standing = 'new' | 'deleted' | 'missing';

/** How the cache and a remote differ, by the paths of what they have; what is at both places is left out. */
export async function compareWithRemote(line: Line, asked: readonly Asked[]): Promise<ReadonlyMap<string, Standing>> {
  const items = new Items();
  for (const one of asked) {
    const { digest, kind, size } = one.content;
    items.add({ digest, kind, size: kind === 'file' ? size : null }, one, one.path);
    const listing = kind === 'tree' ? line.objects.listing(digest) : 'missing';
    if (typeof listing !== 'string') addFiles(items, one, listing);
  }
  const there = await whatIsThere(line, items.all());
  const standings = new Map<string, Standing>();
  for (const item of items.all()) {
    const standing = standingOf((await line.objects.verify(item)) === 'intact', isWholeThere(line, item, there));
    if (standing !== undefined) for (const path of item.paths) standings.set(path, standing);
  }
  return standings;
}

/** Whether a remote has all that is asked for. A listing is sent after its files, so it stands for them. */
export async function areThere(line: Line, asked: readonly Asked[]): Promise<boolean> {
  const items = new Items();
  for (const one of asked) items.add({ ...one.content, kind: one.content.kind }, one, one.path);
  const there = await whatIsThere(line, items.all());
  return items.all().every((item) => isWholeThere(line, item, there));
}

function isWholeThere(line: Line, item: Item, there: ReadonlyMap<Item, number | undefined>): boolean {
  if (!there.has(item)) return false;
  const size = there.get(item);
  const ours = line.objects.sizeOf(item);
  return size === undefined || ours === undefined || ours === size;
}

function standingOf(isHere: boolean, isThere: boolean): Standing | undefined {
  if (isHere) return isThere ? undefined : 'new';
  return isThere ? 'deleted' : 'missing';
}
