/** What a project's `.lockstep/config.yaml` and `config.local.yaml` say. */
export interface Config {
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
  /** Seconds between TERM and KILL when a stage is stopped. */
  readonly grace: number;
}

export const DEFAULT_CONFIG: Config = {
  cache: { dir: '.lockstep/cache', link: ['reflink', 'copy'] },
  resources: {},
  grace: 5,
};
