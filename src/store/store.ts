import type { Digest, ProjectPath } from '../base/brand.ts';
import type { Content } from '../base/content.ts';
import type { Exchange } from './exchange.ts';
import type { Stock } from './stock.ts';
import type { TreeEntry } from './tree.ts';
import type { Verdict } from './verdict.ts';

/** The files of one workspace and the objects of its cache. */
export interface Store {
  /**
   * What a path holds by the stat index alone, reading no bytes. `'missing'` when nothing is there (or a dangling
   * link), undefined when bytes would have to be read to know.
   */
  peek(path: ProjectPath): Content | 'missing' | undefined;
  /** What a path holds, reading only bytes that the stat index does not vouch for. Throws `unusable-file`. */
  observe(path: ProjectPath): Promise<Content | 'missing'>;
  /** The files of a directory that was observed just now: path in it → digest. Empty for anything else. */
  filesIn(path: ProjectPath): ReadonlyMap<string, Digest>;
  /** The files that a directory's listing names, in the same way; undefined when the listing is not here. */
  filesOf(listing: Digest): ReadonlyMap<string, Digest> | undefined;
  /** What a path holds by the names of DVC before 3.0, see `observeLegacy`; always reads the bytes. */
  observeLegacy(path: ProjectPath): Promise<Content | 'missing'>;
  /**
   * Hashes a path while copying its bytes into the cache. The objects have their names only after `flush`.
   * Respects the configured link type: with hardlink or symlink the workspace path is replaced by a link at flush.
   */
  save(path: ProjectPath): Promise<Content | 'missing'>;
  /** Keeps some bytes that are at hand (a log, a patch) as an object; named after `flush`. */
  saveBytes(bytes: Uint8Array): Digest;
  /** Gives all that was saved before this call its names, durably. Concurrent calls share one batch. */
  flush(): Promise<void>;
  /** Writes the stat index, atomically. Called once at the end; cheap when nothing changed. */
  close(): void;

  /**
   * Whether all objects of the content are here and to be trusted; corrupt ones are set aside on the way. With `reread`
   * by their bytes, also where stats vouch for them.
   */
  verify(content: Content, options?: { readonly reread?: boolean }): Promise<Verdict>;
  /**
   * Puts content at a path, which must be free. Throws `missing-data` if `verify` would not say `intact`, which is not
   * asked where it just said so (`isVerified`).
   */
  checkout(content: Content, path: ProjectPath, options?: { readonly isVerified?: boolean }): Promise<void>;
  /** Reads one object, verified; undefined when missing or corrupt. For logs, patches and listings. */
  read(digest: Digest): Promise<Uint8Array | undefined>;

  /**
   * Makes a path free. What the cache can bring back, or what bears the given stamp, is deleted; anything else is
   * moved into the trash. Resolves to where it went, or null.
   */
  clear(path: ProjectPath, options?: { readonly leftover?: string }): Promise<ProjectPath | null>;
  /** A text that changes when anything at the path does, made of stats only; null when nothing is there. */
  stamp(path: ProjectPath): string | null;
  /** Adds `/name` to the nearest .gitignore of each path, once; resolves to the files changed. */
  ignore(paths: readonly ProjectPath[]): Promise<readonly ProjectPath[]>;
  /** Takes these lines out again; resolves to the files changed. */
  unignore(paths: readonly ProjectPath[]): Promise<readonly ProjectPath[]>;
  /**
   * From now on, until `leave` or `close`, no object goes out of the cache: whoever removes some waits for us, and we
   * for them. What writes or restores here enters by itself; enter before you look, if what is seen must still be
   * there then.
   */
  enter(): Promise<void>;
  leave(): void;
  /** The objects themselves, to be gone through one by one: the project's data, then what else is kept beside it. */
  stocks(): readonly [Stock, ...Stock[]];
  /** What a directory's listing says, wherever it is kept. */
  listing(digest: Digest): readonly TreeEntry[] | Exclude<Verdict, 'intact'>;
  /** The objects of the project's data, to be sent and received. */
  exchange(): Exchange;
  /** Replaces links into the cache by copies that may be written. */
  unprotect(path: ProjectPath): Promise<void>;
}
