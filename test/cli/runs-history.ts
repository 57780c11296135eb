import type { Digest, Literal, RunId } from '../../src/base/brand.ts';
import { openStore } from '../../src/store/open-store.ts';
import type { Run } from '../../src/tracking/run.ts';
import { openSqliteStore } from '../../src/tracking/sqlite.ts';
import { bareRun } from '../contracts/tracking-store-runs.ts';
import { type ProjectRig, project } from '../support/rig.ts';

/** An id that begins so. */
export const id = (start: string) => start.padEnd(32, '0') as RunId;

/** A project without stages and with these runs on record. */
export async function withRuns(runs: readonly Run[]): Promise<ProjectRig> {
  const rig = await project({ 'pipeline.yaml': 'stages: {}\n' });
  const store = await openSqliteStore(rig.path('.lockstep/lockstep.db'));
  await store.record(runs);
  await store.close();
  return rig;
}

/** Keeps a text as an object of the project's cache. */
export async function keep(rig: ProjectRig, text: string): Promise<Digest> {
  const store = openStore({
    root: rig.root,
    cacheDir: rig.path('.lockstep/cache'),
    tmpDir: rig.path('.lockstep/tmp'),
    trashDir: rig.path('.lockstep/trash'),
    linkTypes: ['copy'],
    now: Date.now,
  });
  const digest = store.saveBytes(new TextEncoder().encode(text));
  await store.flush();
  store.close();
  return digest;
}

export const score = (value: number) => ({ metrics: [{ key: 'acc', value, step: 0, timestamp: 1 }] });

export const history: readonly Run[] = [
  bareRun(1, { id: id('aaaa1'), ...score(0.8), params: [{ key: 'lr', value: '0.1' as Literal }] }),
  bareRun(2, { id: id('aaaa2'), ...score(0.95), params: [{ key: 'lr', value: '0.01' as Literal }] }),
  bareRun(3, { id: id('bbbb1'), stage: 'prepare', status: 'FAILED' }),
  bareRun(4, { id: id('cccc1'), stage: null, file: null, status: 'FAILED' }),
];
