/** Names under which a pipeline file is found; at most one of them in a directory. */
export const PIPELINE_NAMES = ['pipeline.yaml', 'dvc.yaml'] as const;
