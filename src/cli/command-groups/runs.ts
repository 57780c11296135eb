import type { CommandRow } from '../command-row.ts';

export const RUNS_COMMANDS: readonly CommandRow[] = [
  {
    name: 'metrics show',
    summary: 'Show the metrics of the workspace, or of other revisions and runs',
    group: 'runs',
    load: () => import('../metrics-show.ts').then((m) => m.command),
  },
  {
    name: 'metrics diff',
    summary: 'Compare the metrics of two revisions or runs',
    group: 'runs',
    load: () => import('../metrics-diff.ts').then((m) => m.command),
  },
  {
    name: 'params diff',
    summary: 'Compare the params of two revisions or runs',
    group: 'runs',
    load: () => import('../params-diff.ts').then((m) => m.command),
  },
  {
    name: 'plots show',
    summary: 'Draw the plots of the workspace: a page, and text in the terminal',
    group: 'runs',
    load: () => import('../plots-show.ts').then((m) => m.command),
  },
  {
    name: 'plots diff',
    summary: 'Draw the plots of several revisions or runs over each other',
    group: 'runs',
    load: () => import('../plots-diff.ts').then((m) => m.command),
  },
  {
    name: 'plots templates',
    summary: 'List the built-in plot templates, or print one to start from',
    group: 'runs',
    load: () => import('../plots-templates.ts').then((m) => m.command),
  },
  {
    name: 'runs list',
    summary: 'List the recorded runs, newest first',
    group: 'runs',
    load: () => import('../runs-list.ts').then((m) => m.command),
  },
  {
    name: 'runs show',
    summary: 'Show all that is recorded of a run, and whether it can be done again from that',
    group: 'runs',
    load: () => import('../runs-show.ts').then((m) => m.command),
  },
  {
    name: 'runs diff',
    summary: 'Compare two runs: params, metrics, data, code and environment',
    group: 'runs',
    load: () => import('../runs-diff.ts').then((m) => m.command),
  },
  {
    name: 'runs log',
    summary: 'Print what a run wrote to stdout and stderr',
    group: 'runs',
    load: () => import('../runs-log.ts').then((m) => m.command),
  },
  {
    name: 'runs apply',
    summary: 'Bring the params and outs of a run into the workspace',
    group: 'runs',
    load: () => import('../runs-apply.ts').then((m) => m.command),
  },
  {
    name: 'runs mirror',
    summary: 'Send recorded runs that are not there yet to the server that tracking.uri names',
    group: 'runs',
    load: () => import('../runs-mirror.ts').then((m) => m.command),
  },
  {
    name: 'log param',
    summary: 'Log params into the run of the stage that calls this',
    group: 'runs',
    load: () => import('../log-values.ts').then((m) => m.logParam),
  },
  {
    name: 'log metric',
    summary: 'Log metrics into the run of the stage that calls this',
    group: 'runs',
    load: () => import('../log-values.ts').then((m) => m.logMetric),
  },
  {
    name: 'log tag',
    summary: 'Set tags of the run of the stage that calls this',
    group: 'runs',
    load: () => import('../log-values.ts').then((m) => m.logTag),
  },
  {
    name: 'log artifact',
    summary: 'Send a file or directory to the artifacts of the run of the stage that calls this',
    group: 'runs',
    load: () => import('../log-files.ts').then((m) => m.logArtifact),
  },
  {
    name: 'log model',
    summary: 'Log a file or directory as a model of the run of the stage that calls this',
    group: 'runs',
    load: () => import('../log-files.ts').then((m) => m.logModel),
  },
  {
    name: 'server',
    summary: 'Serve runs, artifacts and models to MLflow clients',
    group: 'runs',
    load: () => import('../server.ts').then((m) => m.command),
  },
  {
    name: 'server token',
    summary: 'Make, list and revoke the access tokens of the server',
    group: 'runs',
    load: () => import('../server-token.ts').then((m) => m.command),
  },
  {
    name: 'server purge',
    summary: 'Remove deleted runs, logged models and experiments for good, with their artifacts',
    group: 'runs',
    load: () => import('../server-purge.ts').then((m) => m.command),
  },
];
