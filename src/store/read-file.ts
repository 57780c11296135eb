import { type Hashed, type HashOptions, hashLarge, hashSmall } from './hash-file.ts';
import type { Workspace } from './workspace.ts';

/** Reads and hashes a file; with `keep`, its bytes go into the cache. */
export async function readFile(
  workspace: Workspace,
  file: { readonly path: string; readonly name: string },
  keep: boolean,
): Promise<Hashed | 'missing'> {
  const options = optionsFor(workspace, file.name);
  const small = hashSmall(file.path, options);
  if (small === 'missing') return 'missing';
  if (small !== undefined) {
    const { bytes, ...hashed } = small;
    if (keep) await keepSmall(workspace, hashed, bytes);
    if (keep) workspace.onSaved?.(file.path, hashed);
    return hashed;
  }
  if (!keep) return hashLarge(file.path, undefined, options);
  const hashed = await keepLarge(workspace, file);
  if (hashed !== 'missing') workspace.onSaved?.(file.path, hashed);
  return hashed;
}

function optionsFor({ now, scheme }: Workspace, shown: string): HashOptions {
  return { shown, now, algorithm: scheme.layout.algorithm };
}

async function keepSmall(workspace: Workspace, { digest }: Hashed, bytes: Uint8Array): Promise<void> {
  const { objects } = workspace;
  if (objects.glance(digest, 'file') === 'missing') {
    if (!objects.isPending(digest, 'file')) objects.put(bytes, digest, 'file');
    return;
  }
  // The bytes lie in a buffer that verifying an object would overwrite.
  const copy = Uint8Array.from(bytes);
  if (!(await objects.holds(digest, 'file'))) objects.put(copy, digest, 'file');
}

async function keepLarge(
  workspace: Workspace,
  file: { readonly path: string; readonly name: string },
): Promise<Hashed | 'missing'> {
  const large = await workspace.objects.openLarge();
  try {
    const hashed = await hashLarge(file.path, large, optionsFor(workspace, file.name));
    if (hashed === 'missing') await large.discard();
    else await workspace.objects.adopt(large, hashed.digest);
    return hashed;
  } catch (error) {
    await large.discard();
    throw error;
  }
}
