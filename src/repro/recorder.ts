import type { Digest, ProjectPath, RunId } from '../base/brand.ts';
import type { LockEntry } from '../pipeline/lock-entry.ts';
import type { NodeOf } from '../pipeline/lock-format.ts';
import type { Stage } from '../pipeline/stage.ts';
import type { DvcRunFiles } from '../store/dvc-run-files.ts';
import type { Run } from '../tracking/run.ts';
import type { Loaded } from './loaded.ts';
import type { ParamsReader } from './params-reader.ts';
import { createProducers } from './producers.ts';
import { type OpenLock, openLock } from './read-locks.ts';
import { encodeRemembered } from './run-memory.ts';
import type { Tools } from './tools.ts';

/** What one performed stage leaves behind. */
export interface Proof {
  readonly stage: Stage;
  readonly entry: LockEntry;
  /** Absent where the result is not to be remembered in the run cache. */
  readonly remember?: { readonly fingerprint: Digest; readonly run: RunId };
  /** Nothing was run, but somebody vouches for it: DVC's run cache gets it all the same, as DVC itself would do it. */
  readonly accepted?: true;
}

/**
 * Writes results down: objects → run cache → lockfile → tracking database, in that order, each step durable before
 * the next. Results that arrive while a batch is being written share the next one, so that a thousand short stages
 * cost a few dozen batches.
 */
export interface Recorder {
  /** A run as it stands; a later state of the same run replaces it. */
  track(run: Run): void;
  prove(proof: Proof): void;
  /** Resolves when the run is in the database, in whatever state. */
  settle(run: RunId): Promise<void>;
  /** Resolves when all that was handed in is written; rejects when something could not be, at the first try. */
  drain(): Promise<void>;
}

/**
 * Milliseconds that a record may wait for company. Each batch waits for the disk a few times, whatever its size; what
 * a `kill -9` takes away is at most the work of this moment.
 */
const PATIENCE = 100;

export interface RecorderOptions {
  readonly paramsReader: Pick<ParamsReader, 'nodeOf'>;
  /** Called once, as soon as something could not be written; `drain` then says what. */
  readonly onFailure?: () => void;
}

export function createRecorder(tools: Tools, loaded: Loaded, { paramsReader, onFailure }: RecorderOptions): Recorder {
  const locks = createLockWriter(tools, loaded, paramsReader.nodeOf);
  const producers = createProducers(tools, loaded);
  let runs = new Map<RunId, Run>();
  let proofs: Proof[] = [];
  const written = new Set<RunId>();
  let timer: NodeJS.Timeout | undefined;
  let writing: Promise<void> | undefined;
  let failure: unknown;

  async function writeAll(): Promise<void> {
    clearTimeout(timer);
    timer = undefined;
    const batch = { runs: [...runs.values()], proofs };
    runs = new Map();
    proofs = [];
    try {
      await writeBatch(batch);
      for (const { id } of batch.runs) written.add(id);
    } catch (error) {
      failure = error;
      runs = new Map([...batch.runs.map((run) => [run.id, run] as const), ...runs]);
      proofs = [...batch.proofs, ...proofs];
      onFailure?.();
    }
    writing = undefined;
    if (runs.size > 0 || proofs.length > 0) wake();
  }

  async function writeBatch(batch: { runs: readonly Run[]; proofs: readonly Proof[] }): Promise<void> {
    await tools.store.flush();
    const memories = batch.proofs.flatMap(({ entry, remember }) =>
      remember === undefined ? [] : [[remember.fingerprint, encodeRemembered(entry, remember.run)] as const],
    );
    if (memories.length > 0) await tools.runCache.writeAll(memories);
    if (tools.dvcRuns !== undefined) await rememberForDvc(tools.dvcRuns, batch.proofs, paramsReader.nodeOf);
    await locks.write(batch.proofs);
    if (batch.runs.length > 0) {
      const tracking = await tools.tracking();
      await tracking.record(await producers.name(batch.runs));
    }
  }

  function wake(): void {
    if (writing !== undefined || failure !== undefined) return;
    timer ??= setTimeout(() => {
      writing = writeAll();
    }, PATIENCE);
  }

  return {
    track(run) {
      runs.set(run.id, run);
      producers.note(run);
      wake();
    },
    prove(proof) {
      proofs.push(proof);
      producers.prove(proof.stage.id, proof.entry);
      wake();
    },
    async settle(run) {
      while (!written.has(run)) {
        if (failure !== undefined) throw failure;
        if (writing === undefined && !runs.has(run)) return;
        writing ??= writeAll();
        await writing;
      }
    },
    async drain() {
      await writing;
      const first = failure;
      // Tried once more: a disk that one large out had filled may have space again.
      failure = undefined;
      await writeAll();
      if (first !== undefined || failure !== undefined) throw first ?? failure;
      locks.leaveParsed();
    },
  };
}

async function rememberForDvc(files: DvcRunFiles, proofs: readonly Proof[], nodeOf: NodeOf): Promise<void> {
  const { rememberDvcRun } = await import('./dvc-runs.ts');
  for (const { stage, entry, remember, accepted } of proofs) {
    if (remember !== undefined || accepted === true) rememberDvcRun(files, stage, { entry, nodeOf });
  }
}

interface LockWriter {
  write(proofs: readonly Proof[]): Promise<void>;
  /** Leaves the lockfiles that were written to the next command as parsed data. */
  leaveParsed(): void;
}

/** Keeps each stage's block of text, so that a change of one stage does not format all the others again. */
function createLockWriter(tools: Tools, loaded: Loaded, nodeOf: NodeOf): LockWriter {
  const opened = new Map<ProjectPath, OpenLock>();
  const unwritten = new Set<OpenLock>();

  async function lockOf(file: ProjectPath): Promise<OpenLock> {
    const known = opened.get(file);
    if (known !== undefined) return known;
    const lock = await openLock(tools, file, loaded);
    opened.set(file, lock);
    return lock;
  }

  return {
    async write(proofs) {
      for (const { stage, entry } of proofs) {
        const lock = await lockOf(stage.file);
        if (lock.set(stage.name, entry, nodeOf)) unwritten.add(lock);
      }
      for (const lock of unwritten) {
        lock.save();
        unwritten.delete(lock);
      }
    },
    leaveParsed() {
      for (const lock of opened.values()) lock.leaveParsed();
    },
  };
}
