import { mkdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { ProjectPath } from '../base/brand.ts';
import type { Content } from '../base/content.ts';
import { LockstepError } from '../base/error.ts';
import { ROOT } from '../base/project-path.ts';
import { openStore } from '../store/open-store.ts';
import { decodeListing } from '../store/scheme.ts';
import type { Store } from '../store/store.ts';
import type { TreeEntry } from '../store/tree.ts';
import type { SourceRepository } from './source-repository.ts';

/** The data of a repository, from wherever it has it; it is put down below a directory of ours. */
export interface SourceData {
  /** What is in a directory that is an out; undefined where its listing is nowhere. */
  listing(content: Content): Promise<readonly TreeEntry[] | undefined>;
  /** Puts content at a path below the directory. Throws `missing-data`. */
  place(content: Content, wanted: { readonly at: ProjectPath; readonly what: string }): Promise<void>;
  close(): void;
}

export function openSourceData(
  source: SourceRepository,
  { root, now }: { readonly root: string; readonly now: () => number },
): SourceData {
  const stores = source.caches.map((cacheDir, index): Store => {
    const state = join(root, `.state-${index}`);
    mkdirSync(join(state, 'tmp'), { recursive: true });
    return openStore({
      root,
      cacheDir,
      tmpDir: join(state, 'tmp'),
      trashDir: join(state, 'trash'),
      linkTypes: ['reflink', 'copy'],
      now,
      scheme: source.scheme,
    });
  });
  return {
    async listing({ digest }) {
      for (const store of stores) {
        const bytes = await store.read(digest);
        const listing = bytes === undefined ? undefined : decodeListing(source.scheme, new TextDecoder().decode(bytes));
        if (listing !== undefined) return listing;
      }
      return undefined;
    },
    async place(content, { at, what }) {
      for (const store of stores) {
        if ((await store.verify(content)) !== 'intact') continue;
        if (at !== ROOT) mkdirSync(dirname(join(root, at)), { recursive: true });
        await store.checkout(content, at);
        return;
      }
      throw notHere(source, what);
    },
    close() {
      for (const store of stores) store.close();
    },
  };
}

export function notHere({ url, caches, unreachable }: SourceRepository, what: string): LockstepError {
  const [remote] = unreachable;
  const hint =
    remote !== undefined
      ? `it may be in the remote ${remote}, but lockstep reads only remotes that are local directories; fetch it in that repository and name that by its path`
      : caches.length === 0
        ? 'a clone has no cache, and no remote of it is a local directory: name the repository by its path'
        : `looked in ${caches.join(', ')}`;
  return new LockstepError('missing-data', `the data of ${what} in ${url} is not to be had`, { hint });
}
