import { dirname, join } from 'node:path';
import { digestOf } from '../base/hash.ts';
import { checkoutContent, type Linking, type LinkType } from './checkout.ts';
import { clearPath, stampOf } from './clear.ts';
import { ignorePaths } from './ignore.ts';
import { dvcLayoutOf, layoutOf } from './layout.ts';
import { openObjects } from './objects.ts';
import { observe, peek } from './observe.ts';
import { protectSaved, relearn, type Saved, unprotectPath } from './protect.ts';
import type { SchemeName } from './scheme.ts';
import { openStatIndex } from './stat-index.ts';
import type { Store } from './store.ts';
import { openTreeIndexes } from './tree-index.ts';
import { verifyContent } from './verify.ts';
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
  readonly scheme?: SchemeName;
  /** What is left out of directories; absolute paths. */
  readonly ignores?: Workspace['ignores'];
}

export function openStore(options: StoreOptions): Store {
  const { root, tmpDir, trashDir, now, scheme = 'native' } = options;
  const state = dirname(tmpDir);
  const layout = scheme === 'native' ? layoutOf(options.cacheDir) : dvcLayoutOf(options.cacheDir, state);
  const objects = openObjects(layout, { stagingDir: join(tmpDir, 'objects'), now });
  // A DVC cache has no place for logs and patches.
  const byteObjects = scheme === 'native' ? objects : openObjects(layoutOf(join(state, 'cache')), { now });
  const indexDir = join(tmpDir, 'index');
  const saved: Saved[] = [];
  const savedTargets: Target[] = [];
  const linking: Linking = { types: options.linkTypes };
  const workspace: Workspace = {
    root,
    objects,
    files: openStatIndex(indexDir, scheme),
    trees: openTreeIndexes(indexDir, scheme),
    ignores: options.ignores,
    now,
    skip: new Set([
      ...['.lockstep', '.git', '.dvc'].map((name) => join(root, name)),
      options.cacheDir,
      tmpDir,
      trashDir,
    ]),
    onSaved: linksIntoCache(linking) ? (path, hashed) => void saved.push({ path, hashed }) : undefined,
  };
  const flush = async (): Promise<void> => {
    const files = saved.splice(0);
    const targets = savedTargets.splice(0);
    await objects.flush();
    if (byteObjects !== objects) await byteObjects.flush();
    if (files.length === 0) return;
    const replaced = await protectSaved(workspace, files, linking);
    for (const target of targets) relearn(workspace, target, replaced);
  };
  return {
    peek: (path) => peek(workspace, targetOf(workspace, path)),
    observe: (path) => observe(workspace, targetOf(workspace, path), { keep: false }),
    observeLegacy: async (path) => {
      const { observeLegacy } = await import('./legacy-content.ts');
      return await observeLegacy(workspace, targetOf(workspace, path));
    },
    save: async (path) => {
      const target = targetOf(workspace, path);
      const content = await observe(workspace, target, { keep: true });
      if (linksIntoCache(linking)) savedTargets.push(target);
      return content;
    },
    saveBytes: (bytes) => {
      const digest = digestOf(bytes);
      if (!byteObjects.isPending(digest, 'file') && byteObjects.glance(digest, 'file') !== 'intact') {
        byteObjects.put(bytes, digest, 'file');
      }
      return digest;
    },
    flush,
    close: () => {
      objects.close();
      if (byteObjects !== objects) byteObjects.close();
      workspace.files.save();
    },
    verify: (content) => verifyContent(objects, content),
    checkout: (content, path) => checkoutContent(workspace, content, { path, tmpDir, linking }),
    read: async (digest) => {
      const from = digest.startsWith('sha256:') ? byteObjects : objects;
      const bytes = from.read(digest, 'file');
      const found = typeof bytes === 'string' ? from.read(digest, 'tree') : bytes;
      return typeof found === 'string' ? undefined : found;
    },
    clear: (path, { leftover } = {}) => clearPath(workspace, path, { tmpDir, trashDir, leftover }),
    stamp: (path) => stampOf(workspace, path),
    ignore: async (paths) => ignorePaths(root, paths),
    unprotect: (path) => unprotectPath(workspace, path),
  };
}

function linksIntoCache(linking: Linking): boolean {
  return linking.types[0] === 'hardlink' || linking.types[0] === 'symlink';
}
