import { join } from 'node:path';
import { writeFileAtomic } from '../base/atomic-file.ts';
import type { Digest, ProjectPath, RunId } from '../base/brand.ts';
import { directoryOf } from '../base/project-path.ts';
import type { LockEntry, ReadLockEntry } from '../pipeline/lock-entry.ts';
import { splitLockfile } from '../pipeline/lock-merge.ts';
import { formatEntry, formatLockfile, formatReadEntry, lockfileToJson } from '../pipeline/lockfile.ts';
import type { Stage } from '../pipeline/stage.ts';
import type { Run } from '../tracking/run.ts';
import type { Loaded } from './loaded.ts';
import { lockfileOf, lockKind } from './read.ts';
import { encodeRemembered } from './run-memory.ts';
import type { Tools } from './tools.ts';

/** What one performed stage leaves behind. */
export interface Proof {
  readonly stage: Stage;
  readonly entry: LockEntry;
  /** Absent where the result is not to be remembered in the run cache. */
  readonly remember?: { readonly fingerprint: Digest; readonly run: RunId };
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
  /** Resolves when all that was handed in is written; rejects when something could not be, at the first try. */
  drain(): Promise<void>;
}

/**
 * Milliseconds that a record may wait for company. Each batch waits for the disk a few times, whatever its size; what
 * a `kill -9` takes away is at most the work of this moment.
 */
const PATIENCE = 100;

export interface RecorderOptions {
  /** Called once, as soon as something could not be written; `drain` then says what. */
  readonly onFailure?: () => void;
}

export function createRecorder(tools: Tools, loaded: Loaded, { onFailure }: RecorderOptions = {}): Recorder {
  const locks = createLockWriter(tools, loaded);
  const produced = new Map<Digest, RunId>();
  let runs = new Map<RunId, Run>();
  let proofs: Proof[] = [];
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
    locks.write(batch.proofs);
    if (batch.runs.length > 0) {
      const tracking = await tools.tracking();
      await tracking.record(await withProducers(tools, batch.runs, produced));
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
      for (const artifact of run.artifacts) {
        if (run.status === 'FINISHED') produced.set(artifact.digest, run.id);
      }
      wake();
    },
    prove(proof) {
      proofs.push(proof);
      wake();
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

/** Names, for every dep that a run wrote, that run. */
async function withProducers(
  tools: Tools,
  runs: readonly Run[],
  produced: ReadonlyMap<Digest, RunId>,
): Promise<readonly Run[]> {
  const open = new Set<Digest>();
  for (const run of runs) for (const { digest } of run.data) if (!produced.has(digest)) open.add(digest);
  const older = open.size === 0 ? new Map<Digest, RunId>() : await (await tools.tracking()).producers([...open]);
  return runs.map((run) => ({
    ...run,
    data: run.data.map((one) => ({ ...one, producer: produced.get(one.digest) ?? older.get(one.digest) ?? null })),
  }));
}

/** The text of each stage as it stands where that is as lockstep writes it, else written anew. */
function blocksOf(loaded: Loaded, file: ProjectPath, entries: ReadonlyMap<string, ReadLockEntry>): Map<string, string> {
  const text = loaded.lockTexts.get(file) ?? '';
  const standing = splitLockfile(text)?.blocks;
  if (standing?.size === entries.size && formatLockfile(standing) === text) return new Map(standing);
  return new Map([...entries].map(([name, read]) => [name, formatReadEntry(name, read, directoryOf(file))]));
}

interface LockWriter {
  write(proofs: readonly Proof[]): void;
  /** Leaves the lockfiles that were written to the next command as parsed data. */
  leaveParsed(): void;
}

/** Keeps each stage's block of text, so that a change of one stage does not format all the others again. */
function createLockWriter(tools: Tools, loaded: Loaded): LockWriter {
  const files = new Map<ProjectPath, { entries: Map<string, ReadLockEntry>; blocks: Map<string, string> }>();
  const written = new Map<ProjectPath, string>();
  const unwritten = new Set<ProjectPath>();

  function stateOf(file: ProjectPath) {
    const known = files.get(file);
    if (known !== undefined) return known;
    const entries = new Map(loaded.locks.get(file)?.entries);
    const blocks = blocksOf(loaded, file, entries);
    const state = { entries, blocks };
    files.set(file, state);
    return state;
  }

  return {
    write(proofs) {
      for (const { stage, entry } of proofs) {
        const state = stateOf(stage.file);
        const read: ReadLockEntry = { entry, edited: false };
        const text = formatEntry(stage.name, entry, directoryOf(stage.file));
        state.entries.set(stage.name, read);
        if (state.blocks.get(stage.name) === text && loaded.locks.get(stage.file)?.entries.has(stage.name)) continue;
        state.blocks.set(stage.name, text);
        unwritten.add(stage.file);
      }
      for (const file of unwritten) {
        const text = formatLockfile(stateOf(file).blocks);
        writeFileAtomic(join(tools.root, lockfileOf(file)), text, { durable: true });
        unwritten.delete(file);
        written.set(file, text);
      }
    },
    leaveParsed() {
      for (const [file, text] of written) {
        tools.parseCache.set(lockKind(lockfileOf(file)), text, lockfileToJson({ entries: stateOf(file).entries }));
      }
      written.clear();
    },
  };
}
