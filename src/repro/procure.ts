import { mkdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { ProjectPath, StageId } from '../base/brand.ts';
import { contains } from '../base/project-path.ts';
import type { Stage } from '../pipeline/stage.ts';
import { lookAtOut } from './consider.ts';
import { type Loaded, lockedEntry } from './loaded.ts';
import type { Session } from './session.ts';
import type { Elsewhere, Supply, Wanted } from './supply.ts';

/** For a plan: the remote is asked, once for all that the lockfiles name, and nothing is brought. */
export function foreseeSupply(
  supply: Supply,
  loaded: Loaded,
  { wanted, isIdle }: { readonly wanted: ReadonlySet<StageId>; readonly isIdle: (id: StageId) => boolean },
): Elsewhere {
  const locked = lockedOuts(loaded);
  let asked: Promise<unknown> | undefined;
  return {
    has: async (some) => {
      // The answers are remembered: one question about a thousand objects is cheaper than a thousand questions.
      asked ??= supply.offers(locked.filter(({ stage }) => wanted.has(stage)));
      await asked;
      const offered = await supply.offers(some);
      return some.every(({ content }) => offered.has(content.digest));
    },
    recall: (question) => supply.recall(question),
    contentOf: (dep) => locked.find(({ path, stage }) => path === dep && isIdle(stage))?.content,
  };
}

/** For stages that are performed: what is needed is brought at that moment. */
export interface Procurement extends Elsewhere {
  /** Puts deps that are not there into the workspace; false where one cannot be had. */
  procureDeps(stage: Stage): Promise<boolean>;
}

export function openProcurement(
  session: Pick<Session, 'tools' | 'loaded' | 'signal'>,
  supply: Supply,
  isIdle: (id: StageId) => boolean,
): Procurement {
  const { store } = session.tools;
  const locked = lockedOuts(session.loaded);
  // Several stages may need the same out at the same time.
  const underWay = new Map<ProjectPath, Promise<void>>();

  async function has(wanted: readonly Wanted[]): Promise<boolean> {
    await supply.bring(wanted, session.signal);
    for (const { content } of wanted) if ((await store.verify(content)) !== 'intact') return false;
    return true;
  }

  async function place(out: Wanted): Promise<void> {
    const { content, path } = out;
    if ((await lookAtOut(store, path)) !== 'missing') return;
    if ((await store.verify(content)) !== 'intact' && !(await has([out]))) return;
    mkdirSync(dirname(join(session.tools.root, path)), { recursive: true });
    await store.checkout(content, path);
  }

  return {
    has,
    recall: (question) => supply.recall(question),
    contentOf: (dep) => locked.find(({ path, stage }) => path === dep && isIdle(stage))?.content,
    procureDeps: async (stage) => {
      for (const dep of stage.deps) {
        if ((await lookAtOut(store, dep)) !== 'missing') continue;
        for (const out of locked) {
          if (!isIdle(out.stage) || !(contains(out.path, dep) || contains(dep, out.path))) continue;
          const placing = underWay.get(out.path) ?? place(out);
          underWay.set(out.path, placing);
          await placing;
        }
        if ((await lookAtOut(store, dep)) === 'missing') return false;
      }
      return true;
    },
  };
}

/** All outs that lockfiles name; git has those that the cache does not keep. */
function lockedOuts(loaded: Loaded): readonly Wanted[] {
  return [...loaded.stages.values()].flatMap((stage) => {
    const entry = lockedEntry(loaded, stage)?.entry;
    return stage.outs.flatMap(({ path, cache, remote }) => {
      const content = cache ? entry?.outs.get(path)?.content : undefined;
      return content === undefined ? [] : [{ content, path, stage: stage.id, remote }];
    });
  });
}
