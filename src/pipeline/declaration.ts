import type { ProjectPath } from '../base/brand.ts';

/** What a pipeline file declares beside its stages; paths are the project's. */
export interface Declarations {
  /** Params files to show and compare, beside those of stages. */
  readonly params?: readonly ProjectPath[];
  /** Metrics files to show and compare, beside those of stages. */
  readonly metrics?: readonly ProjectPath[];
  readonly plots?: readonly PlotDefinition[];
  readonly artifacts?: readonly Artifact[];
  readonly datasets?: readonly Dataset[];
}

export interface PlotDefinition {
  /** A name for people, or the path of the data as written. */
  readonly id: string;
  /** The id as a path: of a data file, an image, or a directory. Undefined when it leads outside the project. */
  readonly path?: ProjectPath;
  readonly x?: readonly PlotField[];
  readonly y?: readonly PlotField[];
  readonly xLabel?: string;
  readonly yLabel?: string;
  readonly title?: string;
  readonly template?: string;
}

/** A column of a data file. */
export interface PlotField {
  /** Undefined: the data at the plot's own path. */
  readonly file?: ProjectPath;
  readonly field: string;
}

export interface Artifact {
  readonly id: string;
  readonly path: ProjectPath;
  readonly type?: string;
  readonly desc?: string;
  readonly labels?: readonly string[];
  readonly meta?: unknown;
}

/** Data from elsewhere. Keys that are not known here are kept as they are. */
export interface Dataset {
  readonly name: string;
  /** `dvc`, `dc` or `url`. */
  readonly type: string;
  readonly url?: string;
  readonly path?: string;
  readonly rev?: string;
  readonly [key: string]: unknown;
}
