import { join } from 'node:path';
import type { Digest, ProjectPath } from '../base/brand.ts';
import type { Held } from '../base/exclusive.ts';
import { algorithmOf, digestOf } from '../base/hash.ts';
import { type CacheUse, shareCache } from './cache-users.ts';
import { checkoutContent, type Linking, type LinkType } from './checkout.ts';
import { clearPath, stampOf } from './clear.ts';
import type { DvcIgnore } from './dvc-ignore.ts';
import { exchangeOf } from './exchange.ts';
import { ignorePaths, unignorePaths } from './ignore.ts';
import type { Layout } from './layout.ts';
import { openObjects } from './objects.ts';
import { observe, peek } from './observe.ts';
import { protectSaved, relearn, type Saved, unprotectPath } from './protect.ts';
import { dvcScheme, nativeScheme, type Scheme } from './scheme.ts';
import { openStatIndex } from './stat-index.ts';
import { stockOf } from './stock.ts';
import type { Store } from './store.ts';
import { openTreeIndexes } from './tree-index.ts';
import { readListing, verifyContent } from './verify.ts';
import { type Target, targetOf, type Workspace } from './workspace.ts';

export interface StoreOptions {
  /** Absolute, as all paths here. */
  readonly root: string;
  readonly cacheDir: string;
  /** For indexes and for what is being made ready; nothing in it is of value. */
  readonly tmpDir: string;
  readonly trashDir: string;
  /** How files get from the cache into the workspace; the first type that works here is used. */
  readonly linkTypes: readonly LinkType[];
  /** Milliseconds since the epoch. */
  readonly now: () => number;
  /** How content is named and kept: as lockstep does, which is the default, or as DVC does in `cacheDir`. */
  readonly scheme?: 'native' | 'dvc';
  /** With `dvc`, lockstep's own cache, for bytes of which DVC knows nothing (saveBytes); by default `.lockstep/cache`. */
  readonly bytesDir?: string;
  /** With `dvc`, whether all users of a group may write to the cache (DVC's `cache.shared`). */
  readonly shared?: 'group';
  /** What is no content though it stands in a directory that is. */
  readonly ignore?: Pick<DvcIgnore, 'ignores'>;
  /** Who it is that uses the cache; absent where it is somebody else's, and only read. */
  readonly use?: CacheUse;
}

export function openStore(options: StoreOptions): Store {
  const { root, tmpDir, trashDir, now } = options;
  const { scheme, native } = schemesOf(options);
  const objectsOptions = { stagingDir: join(tmpDir, 'objects'), now };
  const objects = openObjects(scheme.layout, objectsOptions);
  const own = scheme === native ? objects : openObjects(native.layout, objectsOptions);
  const indexDir = join(tmpDir, 'index');
  const saved: Saved[] = [];
  const savedTargets: Target[] = [];
  const linking: Linking = { types: options.linkTypes };
  const workspace: Workspace = {
    root,
    scheme,
    objects,
    files: openStatIndex(indexDir, scheme.layout.algorithm),
    trees: openTreeIndexes(indexDir, scheme.layout.algorithm),
    now,
    skip: new Set([
      ...['.lockstep', '.git', '.dvc'].map((name) => join(root, name)),
      options.cacheDir,
      native.layout.cacheDir,
      tmpDir,
      trashDir,
    ]),
    ignores: ignoresOf(options),
    onSaved: linksIntoCache(linking) ? (path, hashed) => void saved.push({ path, hashed }) : undefined,
  };
  /** Bytes of lockstep's own are not where a project's data is. */
  const keeperOf = (digest: Digest): Workspace =>
    algorithmOf(digest) === scheme.layout.algorithm ? workspace : { ...workspace, objects: own, scheme: native };
  const presence = openPresence(scheme.layout, options.use);
  const { enter } = presence;
  const flush = async (): Promise<void> => {
    await enter();
    const files = saved.splice(0);
    const targets = savedTargets.splice(0);
    await objects.flush();
    if (own !== objects) await own.flush();
    if (files.length === 0) return;
    const replaced = await protectSaved(workspace, files, linking);
    for (const target of targets) relearn(workspace, target, replaced);
  };
  return {
    ...presence,
    peek: (path) => peek(workspace, targetOf(workspace, path)),
    observe: (path) => observe(workspace, targetOf(workspace, path), { keep: false }),
    filesIn: (path) => {
      const rows = workspace.trees.read(path)?.rows;
      return new Map((rows?.paths ?? []).flatMap((name, row) => digestAt(name, rows?.digestOf(row))));
    },
    filesOf: (listingDigest) => {
      const listing = readListing(keeperOf(listingDigest), { digest: listingDigest });
      if (typeof listing === 'string') return undefined;
      return new Map(listing.flatMap((entry) => ('digest' in entry ? digestAt(entry.path, entry.digest) : [])));
    },
    observeLegacy: async (path) => {
      const { observeLegacy } = await import('./legacy-content.ts');
      return observeLegacy(workspace, targetOf(workspace, path));
    },
    save: async (path) => {
      await enter();
      const target = targetOf(workspace, path);
      const content = await observe(workspace, target, { keep: true });
      if (linksIntoCache(linking)) savedTargets.push(target);
      return content;
    },
    saveBytes: (bytes) => {
      const digest = digestOf(bytes);
      if (!own.isPending(digest, 'file') && own.glance(digest, 'file') !== 'intact') own.put(bytes, digest, 'file');
      return digest;
    },
    flush,
    close: () => {
      objects.close();
      if (own !== objects) own.close();
      workspace.files.save();
      presence.leave();
    },
    verify: (content, options) => verifyContent(keeperOf(content.digest), content, options),
    checkout: async (content, path, { isVerified } = {}) => {
      await enter();
      await checkoutContent(keeperOf(content.digest), content, { path, tmpDir, linking, isVerified });
    },
    read: async (digest) => {
      const keeper = keeperOf(digest).objects;
      const bytes = keeper.read(digest, 'file');
      const found = typeof bytes === 'string' ? keeper.read(digest, 'tree') : bytes;
      return typeof found === 'string' ? undefined : found;
    },
    clear: async (path, { leftover } = {}) => {
      await enter();
      return await clearPath(workspace, path, { tmpDir, trashDir, leftover });
    },
    stamp: (path) => stampOf(workspace, path),
    ignore: async (paths) => ignorePaths(root, paths),
    unignore: async (paths) => unignorePaths(root, paths),
    exchange: () => exchangeOf(objects, scheme, enter),
    stocks: () => [
      stockOf(objects, [join(tmpDir, 'objects'), join(tmpDir, 'making')]),
      ...(own === objects ? [] : [stockOf(own)]),
    ],
    listing: (digest) => readListing(keeperOf(digest), { digest }),
    unprotect: (path) => unprotectPath(workspace, path),
  };
}

/** The part of the cache's lock that this store has, while it has one. */
function openPresence(layout: Layout, use: CacheUse | undefined): Pick<Store, 'enter' | 'leave'> {
  let shared: Promise<Held> | undefined;
  return {
    enter: async () => {
      if (use === undefined) return;
      shared ??= shareCache(layout, use);
      await shared;
    },
    leave() {
      void shared?.then((one) => one.release()).catch(() => undefined);
      shared = undefined;
    },
  };
}

function schemesOf(options: StoreOptions): { readonly scheme: Scheme; readonly native: Scheme } {
  const { root, cacheDir, tmpDir } = options;
  if (options.scheme !== 'dvc') {
    const native = nativeScheme(cacheDir);
    return { scheme: native, native };
  }
  const native = nativeScheme(options.bytesDir ?? join(root, '.lockstep', 'cache'));
  const corruptDir = native.layout.corrupt;
  return { scheme: dvcScheme({ cacheDir, tmpDir, corruptDir, shared: options.shared === 'group' }), native };
}

function ignoresOf({ root, ignore }: StoreOptions): Workspace['ignores'] {
  if (ignore === undefined) return undefined;
  const above = join(root, '/');
  return (path, kind) => path.startsWith(above) && ignore.ignores(path.slice(above.length) as ProjectPath, kind);
}

function digestAt(path: string, digest: Digest | null | undefined): [string, Digest][] {
  return digest === null || digest === undefined ? [] : [[path, digest]];
}

function linksIntoCache(linking: Linking): boolean {
  return linking.types[0] === 'hardlink' || linking.types[0] === 'symlink';
}
