import { mkdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { contains } from '../base/project-path.ts';
import type { Considered } from './consider.ts';
import { type Loaded, labelOf, lockedEntry } from './loaded.ts';
import type { Supply } from './supply.ts';
import type { Tools } from './tools.ts';

/**
 * Puts outs of other stages that a stage is about to read into the workspace, where nothing is at their place: those
 * stages were left out, or are kept without their outs. True if anything came.
 */
export async function bringInputs(
  { store, root }: Tools,
  loaded: Loaded,
  { supply, considered: { stage, decision } }: { readonly supply: Supply; readonly considered: Considered },
): Promise<boolean> {
  const lacksDeps = decision.do === 'blocked' && decision.reasons.some(({ reason }) => reason === 'dep-missing');
  if (decision.do !== 'run' && !lacksDeps) return false;
  let came = false;
  for (const id of loaded.graph.upstream.get(stage.id) ?? []) {
    const maker = loaded.stages.get(id);
    const outs = maker === undefined ? undefined : lockedEntry(loaded, maker)?.entry.outs;
    for (const { path, remote } of maker?.outs ?? []) {
      const content = outs?.get(path)?.content;
      const isRead = stage.deps.some((dep) => contains(dep, path) || contains(path, dep));
      if (content === undefined || !isRead || (await store.observe(path)) !== 'missing') continue;
      if (!(await supply.provide([{ content, path, stage: labelOf(loaded, id), remote }]))) continue;
      mkdirSync(dirname(join(root, path)), { recursive: true });
      await store.checkout(content, path);
      came = true;
    }
  }
  return came;
}
