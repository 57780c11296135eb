import type { ProjectPath, StageId } from '../base/brand.ts';
import type { Diagnostic } from '../base/error.ts';
import type { Declarations } from './declaration.ts';

/** One stage, expanded and resolved: what `expand` yields and every other room works on. */
export interface Stage {
  readonly id: StageId;
  readonly name: string;
  /** The pipeline file it stands in. */
  readonly file: ProjectPath;
  readonly wdir: ProjectPath;
  /** Templates replaced: one script, or a list of scripts of which each must succeed. */
  readonly cmd: string | readonly string[];
  readonly env: Readonly<Record<string, string>>;
  /** In the order written, without duplicates. */
  readonly deps: readonly ProjectPath[];
  /** Where a path is not written in the plainest way: DVC's lockfile has them all as they are written. */
  readonly written?: WrittenPaths;
  readonly params: readonly ParamsRequest[];
  /** Plain outs, metrics and plots, in the order written. */
  readonly outs: readonly Out[];
  readonly frozen: boolean;
  readonly alwaysChanged: boolean;
  /** It stands for data that somebody brought, in DVC's `.dvc` files: nothing is run to make its outs. */
  readonly data?: boolean;
  readonly desc?: string;
  readonly meta?: unknown;
  /** Milliseconds; absent: no limit. */
  readonly timeout?: number;
  /** Further tries after the first. */
  readonly retries: number;
  readonly resources: Resources;
  /** Stages that share a name never run at the same time. */
  readonly mutex: readonly string[];
}

/** Paths of a stage in the order and in the words of its file, from the stage's wdir on; a dep that stands twice stands twice. */
export interface WrittenPaths {
  readonly deps: readonly WrittenText[];
  readonly params: readonly WrittenText[];
  readonly outs: readonly WrittenText[];
}

type WrittenText = readonly [path: ProjectPath, text: string];

export interface Resources {
  readonly cpus?: number;
  /** Bytes. */
  readonly memory?: number;
  readonly gpus?: number;
}

/** Keys of one params file; `keys: null` is the whole file. */
export interface ParamsRequest {
  readonly file: ProjectPath;
  /** Dotted paths, `train.lr`, `layers[0]`. */
  readonly keys: readonly string[] | null;
}

export interface Out {
  readonly path: ProjectPath;
  readonly kind: 'out' | 'metric' | 'plot';
  /** Kept in the cache and ignored by git. */
  readonly cache: boolean;
  /** Left in place before a run. */
  readonly persist: boolean;
  readonly push: boolean;
  /** The one remote that it is copied to. */
  readonly remote?: string;
  readonly desc?: string;
  /** The kind of thing it is, for people. */
  readonly type?: string;
  readonly labels?: readonly string[];
  readonly meta?: unknown;
  /** Several where the file is drawn in several ways. */
  readonly plot?: PlotProperties | readonly PlotProperties[];
}

export interface PlotProperties {
  readonly template?: string;
  readonly x?: string;
  readonly y?: string;
  readonly xLabel?: string;
  readonly yLabel?: string;
  readonly title?: string;
  readonly header?: boolean;
}

/** The outs that the cache keeps and git is not to see. */
export function cachedOuts(stage: Stage): readonly ProjectPath[] {
  return stage.outs.filter((out) => out.cache).map((out) => out.path);
}

/** One pipeline file, expanded. */
export interface Pipeline extends Declarations {
  readonly file: ProjectPath;
  readonly stages: readonly Stage[];
  /** Files of values that it was expanded with, be they there or not: `params.yaml` and those of `vars`. */
  readonly sources?: readonly ProjectPath[];
  /** Values of files that stand in commands and the like by way of templates. They are no params of a stage. */
  readonly templateParams?: readonly ParamsRequest[];
  /** What is understood, but was probably not meant. */
  readonly warnings?: readonly Diagnostic[];
}
