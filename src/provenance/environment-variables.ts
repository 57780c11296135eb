/** Variables that change what a program computes or where it runs, none of which is ever a secret by its meaning. */
const CHOSEN = [
  'CUDA_VISIBLE_DEVICES',
  'NVIDIA_VISIBLE_DEVICES',
  'CUBLAS_WORKSPACE_CONFIG',
  'TF_DETERMINISTIC_OPS',
  'OMP_NUM_THREADS',
  'MKL_NUM_THREADS',
  'OPENBLAS_NUM_THREADS',
  'NUMEXPR_NUM_THREADS',
  'PYTHONHASHSEED',
  'PYTHONPATH',
  'VIRTUAL_ENV',
  'CONDA_DEFAULT_ENV',
  'CONDA_PREFIX',
  'NODE_ENV',
  'LANG',
  'LC_ALL',
  'LC_NUMERIC',
  'TZ',
  'SLURM_JOB_ID',
  'SLURM_JOB_PARTITION',
  'SLURM_CPUS_PER_TASK',
];

/** A value that looks like a secret is left out even under a harmless name. */
const SECRET =
  /:\/\/[^/\s]*@|(?:token|secret|passw|api[-_]?key)[^/]*=|^(?:gh[pousr]_|github_pat_|sk-|xox[abp]-|AKIA|eyJ)/i;

export function chosenVariables(env: Readonly<Record<string, string | undefined>>): Readonly<Record<string, string>> {
  return Object.fromEntries(
    CHOSEN.flatMap((name) => {
      const value = env[name];
      return value === undefined || SECRET.test(value) ? [] : [[name, value] as const];
    }),
  );
}
