import type { Digest, ProjectPath, RunId, StageId } from '../base/brand.ts';
import { directoryOf, isOutside, ROOT } from '../base/project-path.ts';
import type { LockEntry } from '../pipeline/lock-entry.ts';
import type { Stage } from '../pipeline/stage.ts';
import type { DataRecord, Run } from '../tracking/run.ts';
import { type Written, writtenKey } from '../tracking/tracking-store.ts';
import { type Loaded, lockedEntry } from './loaded.ts';
import type { Tools } from './tools.ts';

/** Which run wrote a dep. The same bytes at another path are another thing. */
export interface Producers {
  /** What a run left behind. */
  note(run: Run): void;
  /** What a stage's outs are from now on. */
  prove(stage: StageId, entry: LockEntry): void;
  /** The runs, with the producers of their deps. */
  name(runs: readonly Run[]): Promise<readonly Run[]>;
}

export function createProducers(tools: Pick<Tools, 'tracking'>, loaded: Loaded): Producers {
  const owners = ownersIn(loaded);
  const produced = new Map<string, RunId>();
  const proven = new Map<StageId, LockEntry>();

  /** The out that a dep is, or is a part of; undefined for what no stage makes. */
  function sourceOf({ path: dep, digest }: DataRecord): Written | undefined {
    for (let path = dep as ProjectPath; !isOutside(path); path = directoryOf(path)) {
      const stage = owners.get(path);
      if (stage !== undefined) {
        const whole = path === dep ? digest : latestDigest(stage, path);
        return whole === undefined ? undefined : { path, digest: whole };
      }
      if (path === ROOT) return undefined;
    }
    return undefined;
  }

  function latestDigest(stage: Stage, path: ProjectPath): Digest | undefined {
    const entry = proven.get(stage.id) ?? lockedEntry(loaded, stage)?.entry;
    return entry?.outs.get(path)?.content.digest;
  }

  return {
    note({ id, status, artifacts }) {
      if (status !== 'FINISHED') return;
      for (const { path, digest } of artifacts) {
        if (path.startsWith(OUTS)) produced.set(writtenKey({ path: path.slice(OUTS.length), digest }), id);
      }
    },
    prove: (stage, entry) => void proven.set(stage, entry),
    async name(runs) {
      const sources = new Map(runs.flatMap(({ data }) => data).map((one) => [one, sourceOf(one)] as const));
      const open = [...sources.values()].flatMap((one) =>
        one === undefined || produced.has(writtenKey(one)) ? [] : [one],
      );
      const older = open.length === 0 ? new Map<string, RunId>() : await (await tools.tracking()).producers(open);
      const producerOf = (one: DataRecord): RunId | null => {
        const source = sources.get(one);
        if (source === undefined) return null;
        const key = writtenKey(source);
        return produced.get(key) ?? older.get(key) ?? null;
      };
      return runs.map((run) => ({ ...run, data: run.data.map((one) => ({ ...one, producer: producerOf(one) })) }));
    },
  };
}

/** Outs stand below it among the artifacts of a run. */
const OUTS = 'outs/';

function ownersIn({ stages }: Loaded): ReadonlyMap<ProjectPath, Stage> {
  const owners = new Map<ProjectPath, Stage>();
  for (const stage of stages.values()) for (const { path } of stage.outs) owners.set(path, stage);
  return owners;
}
