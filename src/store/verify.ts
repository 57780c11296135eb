import type { Content } from '../base/content.ts';
import { Breath } from './breath.ts';
import type { Objects } from './objects.ts';
import type { TreeEntry } from './tree.ts';
import type { Verdict } from './verdict.ts';
import type { Workspace } from './workspace.ts';

type Place = Pick<Workspace, 'objects' | 'scheme'>;

/** Whether all objects of the content are whole. Looks at every one, so that all corrupt ones are set aside at once. */
export async function verifyContent(place: Place, content: Content, { reread = false } = {}): Promise<Verdict> {
  const { objects } = place;
  if (content.kind === 'file') return verifyOne(objects, content.digest, reread);
  const listing = readListing(place, content);
  if (typeof listing === 'string') return listing;
  const breath = new Breath();
  let verdict: Verdict = 'intact';
  for (const entry of listing) {
    if (entry.kind !== 'file' && entry.kind !== 'exec') continue;
    const found = await verifyOne(objects, entry.digest, reread);
    if (found === 'corrupt' || verdict === 'intact') verdict = found;
    if (breath.due) await breath.take();
  }
  return verdict;
}

/** The entries of a directory by its listing object. */
export function readListing(
  { objects, scheme }: Place,
  content: Pick<Content, 'digest'>,
): readonly TreeEntry[] | Exclude<Verdict, 'intact'> {
  const bytes = objects.read(content.digest, 'tree');
  if (bytes === 'missing' || bytes === 'corrupt') return bytes;
  return scheme.decode(Buffer.from(bytes).toString()) ?? 'corrupt';
}

async function verifyOne(objects: Objects, digest: Content['digest'], reread: boolean): Promise<Verdict> {
  if (reread) return await objects.reread(digest, 'file');
  return objects.glance(digest, 'file') ?? (await objects.verify(digest, 'file'));
}
