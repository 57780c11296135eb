import type { Generated } from 'kysely';

/**
 * The tables, named and shaped as MLflow's where both have the thing. A run is known to its rows by a small number
 * instead of its 32 digits: that is what keeps thousands of rows per repro cheap.
 */
export interface Database {
  readonly experiments: ExperimentRow;
  readonly runs: RunRow;
  readonly params: ParamRow;
  readonly metrics: MetricRow;
  readonly latest_metrics: LatestMetricRow;
  readonly tags: TagRow;
  readonly inputs: InputRow;
  readonly artifacts: ArtifactRow;
  readonly environments: EnvironmentRow;
}

export interface ExperimentRow {
  readonly experiment_id: Generated<number>;
  readonly name: string;
  readonly lifecycle_stage: Generated<string>;
  readonly creation_time: number | null;
  readonly last_update_time: number | null;
}

export interface RunRow {
  readonly run: Generated<number>;
  readonly run_id: string;
  readonly experiment_id: number;
  /** No foreign key: a child may be recorded before its parent. */
  readonly parent_run_id: string | null;
  readonly stage: string | null;
  readonly file: string | null;
  readonly status: string;
  readonly start_time: number;
  readonly end_time: number | null;
  readonly lifecycle_stage: Generated<string>;
  /** Null when no code was recorded; then so are the six columns after it. */
  readonly command: string | null;
  readonly git_sha: string | null;
  readonly git_branch: string | null;
  readonly git_remote_url: string | null;
  readonly git_dirty: number | null;
  readonly git_patch: string | null;
  /** A JSON list of paths. */
  readonly git_omitted: string | null;
  readonly environment: string | null;
}

/** Rows that keep their place in the run's list. */
interface ListedRow {
  readonly run: number;
  readonly position: number;
}

export interface ParamRow extends ListedRow {
  readonly key: string;
  /** The literal, so that `1`, `1.0` and `"1"` stay three values. */
  readonly value: string;
}

export interface MetricRow extends ListedRow {
  readonly key: string;
  /** 0 where `is_nan` is 1: SQLite has no NaN. */
  readonly value: number;
  readonly is_nan: number;
  readonly step: number;
  readonly timestamp: number;
}

/** The point of each series with the highest step, then timestamp, then value. */
export type LatestMetricRow = MetricRow;

export interface TagRow {
  readonly run: number;
  readonly key: string;
  readonly value: string;
}

export interface InputRow extends ListedRow {
  readonly path: string;
  readonly digest: string;
  readonly size: number;
  readonly producer: string | null;
}

export interface ArtifactRow extends ListedRow {
  readonly path: string;
  readonly digest: string;
  readonly size: number;
  readonly kind: string;
  readonly stored: number;
}

/** Each environment once, however many runs it served. */
export interface EnvironmentRow {
  /** Digest of the record's text. */
  readonly environment: string;
  /** JSON. */
  readonly record: string;
}
