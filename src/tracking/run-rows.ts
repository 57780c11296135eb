import type { Selectable } from 'kysely';
import type { Digest, Literal, RunId } from '../base/brand.ts';
import type {
  ArtifactRecord,
  CodeRecord,
  DataRecord,
  EnvironmentRecord,
  MetricPoint,
  ParamRecord,
  Run,
  RunStatus,
} from './run.ts';
import type { ArtifactRow, InputRow, MetricRow, ParamRow } from './schema.ts';

/** One row of `runs` with its environment joined on. */
export interface RunHead {
  readonly run: number;
  readonly run_id: string;
  readonly parent_run_id: string | null;
  readonly stage: string | null;
  readonly file: string | null;
  readonly status: string;
  readonly start_time: number;
  readonly end_time: number | null;
  readonly command: string | null;
  readonly git_sha: string | null;
  readonly git_branch: string | null;
  readonly git_remote_url: string | null;
  readonly git_dirty: number | null;
  readonly git_patch: string | null;
  readonly git_omitted: string | null;
  readonly record: string | null;
}

/** What belongs to one run, in other tables. */
export interface RunParts {
  readonly params: readonly ParamRow[];
  readonly metrics: readonly Selectable<MetricRow>[];
  readonly inputs: readonly InputRow[];
  readonly artifacts: readonly ArtifactRow[];
  readonly tags: readonly { readonly key: string; readonly value: string }[];
}

export function runOf(head: RunHead, parts: RunParts): Run {
  return {
    id: head.run_id as RunId,
    parent: head.parent_run_id as RunId | null,
    stage: head.stage,
    file: head.file,
    status: head.status as RunStatus,
    startTime: head.start_time,
    endTime: head.end_time,
    code: codeOf(head),
    data: parts.inputs.map(dataOf),
    params: parts.params.map((row): ParamRecord => ({ key: row.key, value: row.value as Literal })),
    metrics: parts.metrics.map(pointOf),
    artifacts: parts.artifacts.map(artifactOf),
    environment: head.record === null ? null : (JSON.parse(head.record) as EnvironmentRecord),
    tags: Object.fromEntries(parts.tags.map((row) => [row.key, row.value])),
  };
}

function codeOf(head: RunHead): CodeRecord | null {
  if (head.command === null) return null;
  return {
    gitSha: head.git_sha,
    branch: head.git_branch,
    remoteUrl: head.git_remote_url,
    dirty: head.git_dirty === 1,
    patch: head.git_patch as Digest | null,
    omitted: JSON.parse(head.git_omitted ?? '[]') as string[],
    command: head.command,
  };
}

function dataOf(row: InputRow): DataRecord {
  return { path: row.path, digest: row.digest as Digest, size: row.size, producer: row.producer as RunId | null };
}

function pointOf(row: Selectable<MetricRow>): MetricPoint {
  return {
    key: row.key,
    value: row.is_nan === 1 ? Number.NaN : row.value,
    step: row.step,
    timestamp: row.timestamp,
  };
}

function artifactOf(row: ArtifactRow): ArtifactRecord {
  return {
    path: row.path,
    digest: row.digest as Digest,
    size: row.size,
    kind: row.kind as ArtifactRecord['kind'],
    stored: row.stored === 1,
  };
}
