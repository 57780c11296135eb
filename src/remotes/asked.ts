import type { Digest } from '../base/brand.ts';
import type { Content } from '../base/content.ts';
import type { ObjectKind } from '../store/layout.ts';
import type { TreeEntry } from '../store/tree.ts';
import type { Item } from './line.ts';

/** Content that is to be here, or there. */
export interface Asked {
  readonly content: Content;
  /** Of the project. */
  readonly path: string;
  /** The stage, or the `.dvc` file, whose out it is; null for what only an earlier result has, and may be gone. */
  readonly neededBy: string | null;
  /** Which files of a directory; all where it is undefined. */
  readonly only?: ((path: string) => boolean) | undefined;
}

/** Objects by name, each once, with all paths and stages that need it. */
export class Items {
  readonly #byKey = new Map<string, Item>();

  add(
    { digest, kind, size }: { digest: Digest; kind: ObjectKind; size: number | null },
    asked: Asked,
    path: string,
  ): Item {
    const key = `${digest}.${kind}`;
    const item = this.#byKey.get(key) ?? { digest, kind, size, paths: new Set(), neededBy: new Set() };
    this.#byKey.set(key, item);
    if (asked.neededBy !== null) {
      item.paths.add(path);
      item.neededBy.add(asked.neededBy);
    }
    return item;
  }

  all(): readonly Item[] {
    return [...this.#byKey.values()];
  }
}

/** Adds the files that a listing names, and gives them. */
export function addFiles(items: Items, asked: Asked, listing: readonly TreeEntry[]): readonly Item[] {
  const added: Item[] = [];
  for (const entry of listing) {
    // What a link leads to is not kept with the directory.
    if (entry.kind !== 'file' && entry.kind !== 'exec') continue;
    if (asked.only !== undefined && !asked.only(entry.path)) continue;
    const { digest, size } = entry;
    added.push(items.add({ digest, kind: 'file', size }, asked, `${asked.path}/${entry.path}`));
  }
  return added;
}
