import type { ParsingOptions } from '../pipeline/command-options.ts';

/** What a project's `.lockstep/config.yaml` and `config.local.yaml` say. */
export interface Config {
  /** Says of a project with a `.dvc/` directory that it is no DVC project any more. */
  readonly scheme?: 'native';
  readonly cache: {
    /** Relative to the project root, or absolute. */
    readonly dir: string;
    /** Tried in this order. */
    readonly link: readonly ('reflink' | 'copy' | 'hardlink' | 'symlink')[];
  };
  /** How many stages may run at the same time; absent: the number of cores. */
  readonly jobs?: number;
  /** What the machine has for stages that declare `resources`, memory in bytes; absent: what it really has. */
  readonly resources: { readonly cpus?: number; readonly memory?: number; readonly gpus?: readonly string[] };
  /** Name → where copies of objects are kept, with all else that is set for it. */
  readonly remotes?: Readonly<
    Record<string, { readonly url?: string | undefined; readonly [option: string]: unknown }>
  >;
  /** The remote that is used where none is named. */
  readonly remote?: string;
  /** Where copies of the records of runs go: any server that speaks MLflow's REST API. */
  readonly tracking?: {
    readonly uri: string;
    /** Its name at the server; absent: `Default`. */
    readonly experiment?: string | undefined;
  };
  /** How maps in commands become options. */
  readonly parsing?: ParsingOptions;
  /** Seconds between TERM and KILL when a stage is stopped. */
  readonly grace: number;
}

export const DEFAULT_CONFIG: Config = {
  cache: { dir: '.lockstep/cache', link: ['reflink', 'copy'] },
  resources: {},
  grace: 5,
};
