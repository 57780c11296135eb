import type { ColumnType, Generated } from 'kysely';

/**
 * The tables, named and shaped as MLflow's where both have the thing. A run is known to its rows by a small number
 * instead of its 32 digits: that is what keeps thousands of rows per repro cheap.
 */
export interface Database {
  readonly experiments: ExperimentRow;
  readonly runs: RunRow;
  readonly params: ParamRow;
  readonly logged_params: LoggedParamRow;
  readonly metrics: MetricRow;
  readonly latest_metrics: LatestMetricRow;
  readonly tags: TagRow;
  readonly inputs: InputRow;
  readonly artifacts: ArtifactRow;
  readonly environments: EnvironmentRow;
  readonly experiment_tags: ExperimentTagRow;
  readonly datasets: DatasetRow;
  readonly dataset_inputs: DatasetInputRow;
  readonly dataset_input_tags: DatasetInputTagRow;
  readonly model_inputs: ModelInputRow;
  readonly model_outputs: ModelOutputRow;
  readonly logged_model_metrics: LoggedModelMetricRow;
  readonly logged_models: LoggedModelRow;
  readonly logged_model_tags: ModelPairRow;
  readonly logged_model_params: ModelPairRow;
  readonly registered_models: RegisteredModelRow;
  readonly registered_model_tags: NamedPairRow;
  readonly registered_model_aliases: AliasRow;
  readonly model_versions: ModelVersionRow;
  readonly model_version_tags: VersionPairRow;
  readonly model_history: ModelHistoryRow;
  readonly model_version_provenance: ProvenanceRow;
  readonly artifact_files: ArtifactFileRow;
  readonly access_tokens: AccessTokenRow;
}

/** 64 bits: beyond 2^53 only a bigint says which number is meant. Read back as a number all the same. */
type Int64 = ColumnType<number, number | bigint>;

export interface ExperimentRow {
  readonly experiment_id: Generated<number>;
  readonly name: string;
  readonly lifecycle_stage: Generated<string>;
  readonly creation_time: number | null;
  readonly last_update_time: number | null;
  /** Where artifacts of its runs are; null for experiments that are not the server's: below its artifact root. */
  readonly artifact_location: string | null;
}

export interface ExperimentTagRow {
  readonly experiment_id: number;
  readonly key: string;
  readonly value: string;
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
  /** Who made the run. A client's runs are not `repro`'s to end or to clean up. */
  readonly origin: Generated<'repro' | 'client'>;
  /** Null where no client gave one: then a run is called by its stage. */
  readonly name: string | null;
  readonly user_id: string | null;
  readonly deleted_time: number | null;
  readonly artifact_uri: string | null;
}

/**
 * Rows that keep their place in the run's list: any number that grows from one row to the next. What clients log stands
 * from `CLIENT_POSITION` on.
 */
interface ListedRow {
  readonly run: number;
  readonly position: number;
}

export interface ParamRow extends ListedRow {
  readonly key: string;
  /** The literal, so that `1`, `1.0` and `"1"` stay three values. */
  readonly value: string;
}

/** A client's value of a param for which `params` has another one, which the pipeline declares. */
export interface LoggedParamRow {
  readonly run: number;
  readonly key: string;
  readonly value: string;
}

export interface MetricRow extends ListedRow {
  readonly key: string;
  /** 0 where `is_nan` is 1: SQLite has no NaN. */
  readonly value: number;
  readonly is_nan: number;
  readonly step: Int64;
  readonly timestamp: Int64;
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

/** A data set as a client described it; the same experiment, name and digest are the same data set. */
export interface DatasetRow {
  readonly dataset: Generated<number>;
  readonly experiment_id: number;
  readonly name: string;
  readonly digest: string;
  readonly source_type: string;
  readonly source: string;
  readonly schema: string | null;
  readonly profile: string | null;
}

export interface DatasetInputRow extends ListedRow {
  readonly dataset: number;
}

export interface DatasetInputTagRow {
  readonly run: number;
  readonly dataset: number;
  readonly key: string;
  readonly value: string;
}

export interface ModelInputRow extends ListedRow {
  readonly model_id: string;
}

export interface ModelOutputRow extends ListedRow {
  readonly model_id: string;
  readonly step: Int64;
}

/** A metric of a logged model, said by the run that measured it. */
export interface LoggedModelMetricRow {
  readonly model_id: string;
  readonly run_id: string;
  readonly key: string;
  readonly value: number;
  readonly is_nan: number;
  readonly step: Int64;
  readonly timestamp: Int64;
  /** Empty where no data set was named. */
  readonly dataset_name: string;
  readonly dataset_digest: string;
}

/** An artifact that a client sent: the name by which it is asked for, and the content that it names. */
export interface ArtifactFileRow {
  /** Below the artifact root: `<experiment>/<run>/artifacts/model/MLmodel`. */
  readonly path: string;
  readonly digest: string;
  readonly size: number;
  readonly stored_time: number;
}

export interface AccessTokenRow {
  /** The part of the token that may be shown. */
  readonly token_id: string;
  readonly name: string;
  readonly scope: 'read' | 'write' | 'admin';
  /** The secret itself is nowhere. */
  readonly secret_digest: string;
  readonly creation_time: number;
}

/** A model that a run logged, before and after anybody gave it a name in the registry. */
export interface LoggedModelRow {
  readonly model_id: string;
  readonly experiment_id: number;
  readonly name: string;
  readonly artifact_location: string;
  readonly status: string;
  readonly lifecycle_stage: string;
  readonly model_type: string | null;
  readonly source_run_id: string | null;
  readonly creation_time: number;
  readonly last_updated_time: number;
}

export interface ModelPairRow {
  readonly model_id: string;
  readonly key: string;
  readonly value: string;
}

export interface RegisteredModelRow {
  readonly name: string;
  readonly description: string | null;
  readonly creation_time: number;
  readonly last_updated_time: number;
}

export interface NamedPairRow {
  readonly name: string;
  readonly key: string;
  readonly value: string;
}

export interface AliasRow {
  readonly name: string;
  readonly alias: string;
  readonly version: number;
}

export interface ModelVersionRow {
  readonly name: string;
  /** Counted up, and never given twice. */
  readonly version: number;
  readonly current_stage: string;
  /** As the client said it, and where that leads. */
  readonly source: string;
  readonly storage_location: string | null;
  /** Below the server's own artifacts; null where the content is elsewhere. */
  readonly pinned_path: string | null;
  readonly description: string | null;
  readonly run_id: string | null;
  readonly run_link: string | null;
  readonly model_id: string | null;
  readonly creation_time: number;
  readonly last_updated_time: number;
  readonly deleted_time: number | null;
}

export interface VersionPairRow extends NamedPairRow {
  readonly version: number;
}

/** A version got another stage, or an alias another version; nothing of this is ever changed. */
export interface ModelHistoryRow {
  readonly entry: Generated<number>;
  readonly name: string;
  readonly version: number;
  /** `stage`, or `alias:<name>`. */
  readonly what: string;
  readonly was: string | null;
  readonly now: string | null;
  readonly time: number;
  /** The user, or the token's name; null where nobody said who it was. */
  readonly who: string | null;
}

/** What a version came from; only of those that lockstep registered itself. */
export interface ProvenanceRow {
  readonly name: string;
  readonly version: number;
  readonly semantic_version: string;
  /** Null for the first version. */
  readonly bump: string | null;
  readonly proposed: string | null;
  /** JSON, as the two below. */
  readonly reasons: string;
  readonly run_id: string;
  readonly lineage: string;
  readonly files: string;
}
