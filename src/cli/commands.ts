import { DATA_COMMANDS } from './command-groups/data.ts';
import { MODELS_COMMANDS } from './command-groups/models.ts';
import { PIPELINE_COMMANDS } from './command-groups/pipeline.ts';
import { RUNS_COMMANDS } from './command-groups/runs.ts';
import { SETUP_COMMANDS } from './command-groups/setup.ts';
import type { CommandRow } from './command-row.ts';

export const COMMANDS: readonly CommandRow[] = [
  ...PIPELINE_COMMANDS,
  ...RUNS_COMMANDS,
  ...MODELS_COMMANDS,
  ...DATA_COMMANDS,
  ...SETUP_COMMANDS,
];
