import { mkdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { ProjectPath, StageId } from '../base/brand.ts';
import { contains } from '../base/project-path.ts';
import type { Considered } from './consider.ts';
import { type Loaded, labelOf, lockedEntry } from './loaded.ts';
import type { Supply, Wanted } from './supply.ts';
import type { Tools } from './tools.ts';

interface Bringing {
  readonly supply: Supply;
  readonly considered: Considered;
  /** Whether a stage is left out, or kept as it is: then its lock entry says what it gives. */
  readonly isIdle: (id: StageId) => boolean;
  /** Outs that are being put there: several stages may need one at the same time. */
  readonly underWay: Map<ProjectPath, Promise<boolean>>;
}

/**
 * Puts outs of other stages that a stage is about to read into the workspace, where nothing is at their place: those
 * stages were left out, or are kept without their outs. True if anything came.
 */
export async function bringInputs(
  { store, root }: Tools,
  loaded: Loaded,
  { supply, considered: { stage, decision }, isIdle, underWay }: Bringing,
): Promise<boolean> {
  const lacksDeps = decision.do === 'blocked' && decision.reasons.some(({ reason }) => reason === 'dep-missing');
  if (decision.do !== 'run' && !lacksDeps) return false;
  let came = false;
  const place = async (out: Wanted): Promise<boolean> => {
    if (!(await supply.provide([out]))) return false;
    mkdirSync(dirname(join(root, out.path)), { recursive: true });
    await store.checkout(out.content, out.path);
    return true;
  };
  for (const id of loaded.graph.upstream.get(stage.id) ?? []) {
    // What a stage that failed gave once is not what it gives now.
    const maker = isIdle(id) ? loaded.stages.get(id) : undefined;
    const outs = maker === undefined ? undefined : lockedEntry(loaded, maker)?.entry.outs;
    for (const { path, remote } of maker?.outs ?? []) {
      const content = outs?.get(path)?.content;
      const isRead = stage.deps.some((dep) => contains(dep, path) || contains(path, dep));
      if (content === undefined || !isRead || (await store.observe(path)) !== 'missing') continue;
      const placing = underWay.get(path) ?? place({ content, path, stage: labelOf(loaded, id), remote });
      underWay.set(path, placing);
      if (await placing) came = true;
    }
  }
  return came;
}
