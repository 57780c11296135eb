declare const brand: unique symbol;
type Brand<Name extends string> = string & { readonly [brand]: Name };

/** `sha256:<64 hex>` or `md5:<32 hex>`: the name of some bytes, or of a directory's listing. */
export type Digest = Brand<'Digest'>;

/** `<pipeline file>:<stage name>`, for example `pipeline.yaml:train`: unique in a project. */
export type StageId = Brand<'StageId'>;

/**
 * A normalized POSIX path relative to the project root, without a leading `./`; the root itself is `.`. Only deps of DVC's
 * stages may lie outside, as `../x` or as an absolute path: see `isOutside`.
 */
export type ProjectPath = Brand<'ProjectPath'>;

/** 32 hex digits, unique per execution (MLflow's form of a run id). */
export type RunId = Brand<'RunId'>;

/**
 * The canonical text of a typed parameter value, for example `1`, `1.0`, `true`, `"1"`, `[1, 2.5]`, `{"a": null}`.
 * Two values are the same exactly when their literals are the same text: `0.10` and `0.1` are one, `1` and `1.0` two.
 */
export type Literal = Brand<'Literal'>;
