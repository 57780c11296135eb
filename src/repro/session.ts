import type { Digest, ProjectPath, RunId } from '../base/brand.ts';
import { relativeTo } from '../base/project-path.ts';
import type { Inputs } from '../pipeline/fingerprint.ts';
import type { Stage } from '../pipeline/stage.ts';
import type { CodeState } from '../provenance/git.ts';
import type { ArtifactRecord, CodeRecord, DataRecord, ParamRecord, Run } from '../tracking/run.ts';
import { scriptText } from './decide.ts';
import type { OnEvent } from './event.ts';
import type { Leftovers } from './leftovers.ts';
import type { Loaded } from './loaded.ts';
import type { ParamsReader } from './params-reader.ts';
import type { Recorder } from './recorder.ts';
import type { StageDoor, Tools } from './tools.ts';

/** One `repro` that performs: what its stages share. */
export interface Session {
  readonly tools: Tools;
  readonly loaded: Loaded;
  readonly paramsReader: ParamsReader;
  readonly recorder: Recorder;
  readonly leftovers: Leftovers;
  readonly emit: OnEvent;
  /** Aborted by the user, or by `halt`. */
  readonly signal: AbortSignal;
  /** Brings the session to its end because something went wrong that is no stage's fault. */
  halt(): void;
  /** The run of this `repro`, parent of the runs of its stages. */
  readonly parent: RunId;
  /** Outs go into the cache. */
  readonly commit: boolean;
  /** Results are remembered for other branches. */
  readonly useRunCache: boolean;
  /** Milliseconds between TERM and KILL. */
  readonly grace: number;
  /** The newest finished run of each stage, by `<file>:<name>`, and how long it took. */
  readonly history: ReadonlyMap<string, { readonly run: RunId; readonly duration: number }>;
  /** Opened when the first stage is about to run. */
  door(): Promise<StageDoor>;
  /** The state of the code now, as of at most a few seconds ago. */
  captureCode(): Promise<CapturedCode>;
}

/** The code's state, its patch kept as an object. */
export interface CapturedCode extends Omit<CodeState, 'patch' | 'warning'> {
  readonly patch: { readonly digest: Digest; readonly size: number } | null;
}

/** Milliseconds after which git is asked again. */
const CODE_FRESH = 2000;

/** Asks git for the code's state, at most once in a while: a thousand short stages share a few answers. */
export function createCodeCapture(
  tools: Tools,
  { untracked, emit }: { readonly untracked: readonly ProjectPath[]; readonly emit: OnEvent },
): () => Promise<CapturedCode> {
  let asked = Number.NEGATIVE_INFINITY;
  let took = 0;
  let answer: Promise<CapturedCode> | undefined;
  return () => {
    const start = tools.now();
    if (answer === undefined || start - asked > Math.max(CODE_FRESH, 20 * took)) {
      asked = start;
      answer = tools.captureCode(untracked).then((state) => {
        took = tools.now() - start;
        const { patch, warning, ...rest } = state;
        if (warning !== undefined) emit({ event: 'notice', level: 'warning', message: warning });
        const kept = patch === null ? null : { digest: tools.store.saveBytes(patch), size: patch.length };
        return { ...rest, patch: kept };
      });
    }
    return answer;
  };
}

/** A run at its start: all that is known before the command gives anything. */
export function startedRun(
  session: Session,
  stage: Stage,
  about: { readonly id: RunId; readonly inputs: Inputs; readonly fingerprint: Digest; readonly reasons: unknown },
): Run {
  const data: DataRecord[] = [...about.inputs.deps].map(([path, content]) => ({
    path,
    digest: content.digest,
    size: content.size,
    producer: null,
  }));
  return {
    id: about.id,
    parent: session.parent,
    stage: stage.name,
    file: stage.file,
    status: 'RUNNING',
    startTime: session.tools.now(),
    endTime: null,
    code: null,
    data,
    params: paramRecords(stage, about.inputs),
    metrics: [],
    artifacts: [],
    environment: null,
    tags: { 'lockstep.fingerprint': about.fingerprint, 'lockstep.reasons': JSON.stringify(about.reasons) },
  };
}

/** Keys of the stage's own params.yaml stand bare, others behind their file. */
function paramRecords(stage: Stage, inputs: Inputs): ParamRecord[] {
  const records: ParamRecord[] = [];
  for (const [file, values] of inputs.params) {
    const prefix = relativeTo(stage.wdir, file) === 'params.yaml' ? '' : `${file}:`;
    for (const [key, value] of values) records.push({ key: `${prefix}${key}`, value });
  }
  return records;
}

export function codeRecord(code: CapturedCode, stage: Stage): CodeRecord {
  const { patch, ...rest } = code;
  return { ...rest, patch: patch?.digest ?? null, command: scriptText(stage.cmd) };
}

export function patchArtifact(code: CapturedCode): readonly ArtifactRecord[] {
  if (code.patch === null) return [];
  return [{ path: 'code/uncommitted.patch', ...code.patch, kind: 'patch', stored: true }];
}
