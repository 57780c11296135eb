import type { Digest, Literal, RunId } from '../base/brand.ts';

/** MLflow's run statuses (SCHEDULED is never used). */
export type RunStatus = 'RUNNING' | 'FINISHED' | 'FAILED' | 'KILLED';

/** One execution of one stage, or, with `stage: null`, one `repro` as the parent of the executions in it. */
export interface Run {
  readonly id: RunId;
  readonly parent: RunId | null;
  readonly stage: string | null;
  /** The pipeline file of the stage. */
  readonly file: string | null;
  readonly status: RunStatus;
  /** Milliseconds since the epoch, UTC. */
  readonly startTime: number;
  readonly endTime: number | null;
  readonly code: CodeRecord | null;
  readonly data: readonly DataRecord[];
  readonly params: readonly ParamRecord[];
  /** All points of all series, in the order logged. */
  readonly metrics: readonly MetricPoint[];
  readonly artifacts: readonly ArtifactRecord[];
  readonly environment: EnvironmentRecord | null;
  /** Free-form facts: `lockstep.fingerprint`, `lockstep.outcome`, `lockstep.differs`, `lockstep.exit`, … */
  readonly tags: Readonly<Record<string, string>>;
}

export interface CodeRecord {
  /** Null outside git or before the first commit. */
  readonly gitSha: string | null;
  readonly branch: string | null;
  /** Without credentials. */
  readonly remoteUrl: string | null;
  readonly dirty: boolean;
  /** The uncommitted changes, kept as the artifact `code/uncommitted.patch`. */
  readonly patch: Digest | null;
  /** Untracked deps that were too large for the patch, by path. */
  readonly omitted: readonly string[];
  /** The resolved command as it ran. */
  readonly command: string;
}

export interface DataRecord {
  readonly path: string;
  readonly digest: Digest;
  /** Bytes. */
  readonly size: number;
  /** The run that wrote it; null for a source file or when unknown. */
  readonly producer: RunId | null;
}

export interface ParamRecord {
  /** Dotted; prefixed `<file>:` when it is not from the default params file. */
  readonly key: string;
  readonly value: Literal;
}

export interface MetricPoint {
  readonly key: string;
  readonly value: number;
  readonly step: number;
  /** Milliseconds since the epoch. */
  readonly timestamp: number;
}

export interface ArtifactRecord {
  /** Where it stands among the run's artifacts: `outs/model.bin`, `logs/output.log`, `code/uncommitted.patch`. */
  readonly path: string;
  /** Null when nothing was kept (an out that is not cached keeps its digest but no object). */
  readonly digest: Digest;
  /** Bytes. */
  readonly size: number;
  readonly kind: 'out' | 'metric' | 'plot' | 'log' | 'patch' | 'environment';
  /** Whether an object with that digest is in the cache. */
  readonly stored: boolean;
}

export interface EnvironmentRecord {
  readonly platform: string;
  readonly arch: string;
  readonly cpus: number;
  /** Bytes. */
  readonly memory: number;
  /** For example `{"node": "20.20.2", "python": "3.11.7"}`. */
  readonly runtimes: Readonly<Record<string, string>>;
  /** Package name → version, of the interpreter that the stage used. */
  readonly packages: Readonly<Record<string, string>>;
  /** Lockfiles of a Node project that govern the stage: path → digest. */
  readonly lockfiles: Readonly<Record<string, Digest>>;
  /** Chosen environment variables, secrets left out. */
  readonly variables: Readonly<Record<string, string>>;
}
