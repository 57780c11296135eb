import type { Command } from './command.ts';

export type CommandGroup = 'pipeline' | 'runs' | 'models' | 'data' | 'setup';

/** One command. Its file is loaded only when the command is used, so that no command pays for another. */
export interface CommandRow {
  /** One or two words. */
  readonly name: string;
  /** The same text as in the command's file, here so that the overview loads nothing. */
  readonly summary: string;
  readonly group: CommandGroup;
  readonly load: () => Promise<Command>;
}

export const COMMANDS: readonly CommandRow[] = [
  {
    name: 'repro',
    summary: 'Run what changed, restore what is known, keep the rest',
    group: 'pipeline',
    load: () => import('./repro.ts').then((m) => m.command),
  },
  {
    name: 'sweep',
    summary: 'Run the pipeline with many values of its params, each in a copy of the workspace',
    group: 'pipeline',
    load: () => import('./sweep.ts').then((m) => m.command),
  },
  {
    name: 'status',
    summary: 'Show what repro would do and why; change nothing',
    group: 'pipeline',
    load: () => import('./status.ts').then((m) => m.command),
  },
  {
    name: 'diff',
    summary: 'Explain how the lockfiles changed: causes, consequences, metrics, warnings',
    group: 'pipeline',
    load: () => import('./diff.ts').then((m) => m.command),
  },
  {
    name: 'lock merge',
    summary: 'Merge lockfiles stage by stage, as a merge driver of git',
    group: 'setup',
    load: () => import('./lock-merge.ts').then((m) => m.command),
  },
  {
    name: 'lock prune',
    summary: 'Drop the lock entries of stages that are in no pipeline file any more',
    group: 'setup',
    load: () => import('./lock-prune.ts').then((m) => m.command),
  },
  {
    name: 'install',
    summary: 'Make git merge lockfiles per stage and name the stage in diffs',
    group: 'setup',
    load: () => import('./install.ts').then((m) => m.command),
  },
  {
    name: 'import-dvc',
    summary: 'Turn a DVC project into a native one: pipeline.yaml, pipeline.lock, SHA-256',
    group: 'setup',
    load: () => import('./import-dvc.ts').then((m) => m.command),
  },
  {
    name: 'export-dvc',
    summary: 'Turn a native project into a DVC project: dvc.yaml, dvc.lock, MD5',
    group: 'setup',
    load: () => import('./export-dvc.ts').then((m) => m.command),
  },
  {
    name: 'dag',
    summary: 'Draw which stage needs which',
    group: 'pipeline',
    load: () => import('./dag.ts').then((m) => m.command),
  },
  {
    name: 'metrics show',
    summary: 'Show the metrics of the workspace, or of other revisions and runs',
    group: 'runs',
    load: () => import('./metrics-show.ts').then((m) => m.command),
  },
  {
    name: 'metrics diff',
    summary: 'Compare the metrics of two revisions or runs',
    group: 'runs',
    load: () => import('./metrics-diff.ts').then((m) => m.command),
  },
  {
    name: 'params diff',
    summary: 'Compare the params of two revisions or runs',
    group: 'runs',
    load: () => import('./params-diff.ts').then((m) => m.command),
  },
  {
    name: 'plots show',
    summary: 'Draw the plots of the workspace: a page, and text in the terminal',
    group: 'runs',
    load: () => import('./plots-show.ts').then((m) => m.command),
  },
  {
    name: 'plots diff',
    summary: 'Draw the plots of several revisions or runs over each other',
    group: 'runs',
    load: () => import('./plots-diff.ts').then((m) => m.command),
  },
  {
    name: 'plots templates',
    summary: 'List the built-in plot templates, or print one to start from',
    group: 'runs',
    load: () => import('./plots-templates.ts').then((m) => m.command),
  },
  {
    name: 'stage list',
    summary: 'List the stages of the project',
    group: 'pipeline',
    load: () => import('./stage-list.ts').then((m) => m.command),
  },
  {
    name: 'stage add',
    summary: 'Write a stage into the pipeline file of this directory',
    group: 'pipeline',
    load: () => import('./stage-add.ts').then((m) => m.command),
  },
  {
    name: 'freeze',
    summary: 'Take stages as they are: they are not run until unfrozen',
    group: 'pipeline',
    load: () => import('./freeze.ts').then((m) => m.freeze),
  },
  {
    name: 'unfreeze',
    summary: 'Let frozen stages run again',
    group: 'pipeline',
    load: () => import('./freeze.ts').then((m) => m.unfreeze),
  },
  {
    name: 'check-ignore',
    summary: 'Tell which paths a .dvcignore leaves out, and by which line',
    group: 'data',
    load: () => import('./check-ignore.ts').then((m) => m.command),
  },
  {
    name: 'init',
    summary: 'Write a small pipeline that works, to begin with',
    group: 'setup',
    load: () => import('./init.ts').then((m) => m.command),
  },
  {
    name: 'root',
    summary: 'Print the directory of the project',
    group: 'setup',
    load: () => import('./root.ts').then((m) => m.command),
  },
  {
    name: 'config',
    summary: 'Show or set options of the project',
    group: 'setup',
    load: () => import('./config-command.ts').then((m) => m.command),
  },
  {
    name: 'version',
    summary: 'Print the versions of lockstep and of what it runs on',
    group: 'setup',
    load: () => import('./version.ts').then((m) => m.command),
  },
  {
    name: 'checkout',
    summary: 'Bring the outs that the lockfile names back from the cache',
    group: 'data',
    load: () => import('./checkout.ts').then((m) => m.command),
  },
  {
    name: 'push',
    summary: 'Send data that the lockfiles name from the cache to a remote',
    group: 'data',
    load: () => import('./push.ts').then((m) => m.command),
  },
  {
    name: 'pull',
    summary: 'Bring data from a remote into the cache and from there into the workspace',
    group: 'data',
    load: () => import('./pull.ts').then((m) => m.command),
  },
  {
    name: 'fetch',
    summary: 'Bring data from a remote into the cache, not into the workspace',
    group: 'data',
    load: () => import('./fetch.ts').then((m) => m.command),
  },
  {
    name: 'remote add',
    summary: 'Name a place that data is pushed to and pulled from',
    group: 'setup',
    load: () => import('./remote-add.ts').then((m) => m.command),
  },
  {
    name: 'remote list',
    summary: 'List the remotes and their addresses',
    group: 'setup',
    load: () => import('./remote-list.ts').then((m) => m.command),
  },
  {
    name: 'remote modify',
    summary: 'Set an option of a remote, or take it away',
    group: 'setup',
    load: () => import('./remote-modify.ts').then((m) => m.command),
  },
  {
    name: 'remote remove',
    summary: 'Forget a remote; what is on it stays',
    group: 'setup',
    load: () => import('./remote-remove.ts').then((m) => m.command),
  },
  {
    name: 'remote default',
    summary: 'Print the remote that is used where none is named, or choose it',
    group: 'setup',
    load: () => import('./remote-default.ts').then((m) => m.command),
  },
  {
    name: 'commit',
    summary: 'Accept the workspace as it is: lock what is there, without running',
    group: 'data',
    load: () => import('./commit.ts').then((m) => m.command),
  },
  {
    name: 'add',
    summary: 'Track data without a stage, by a .dvc file',
    group: 'data',
    load: () => import('./add.ts').then((m) => m.command),
  },
  {
    name: 'get',
    summary: 'Take a file or directory out of another repository, data or code',
    group: 'data',
    load: () => import('./get.ts').then((m) => m.command),
  },
  {
    name: 'list',
    summary: 'List what is in a repository, with the data that it tracks',
    group: 'data',
    load: () => import('./list.ts').then((m) => m.command),
  },
  {
    name: 'import',
    summary: 'Take data out of another repository, and track where it is from',
    group: 'data',
    load: () => import('./import.ts').then((m) => m.command),
  },
  {
    name: 'import-url',
    summary: 'Take data from an address or a path, and track where it is from',
    group: 'data',
    load: () => import('./import-url.ts').then((m) => m.command),
  },
  {
    name: 'update',
    summary: 'Bring imported data up to date with where it is from',
    group: 'data',
    load: () => import('./update.ts').then((m) => m.command),
  },
  {
    name: 'move',
    summary: 'Move data that a .dvc file tracks, and the file with it',
    group: 'data',
    load: () => import('./move.ts').then((m) => m.command),
  },
  {
    name: 'remove',
    summary: 'Take stages out of the pipeline, or stop tracking data',
    group: 'pipeline',
    load: () => import('./remove.ts').then((m) => m.command),
  },
  {
    name: 'data status',
    summary: 'Show how data differs between the last commit, the lockfiles and the workspace',
    group: 'data',
    load: () => import('./data-status.ts').then((m) => m.command),
  },
  {
    name: 'unprotect',
    summary: 'Replace links into the cache by copies that may be edited',
    group: 'data',
    load: () => import('./unprotect.ts').then((m) => m.command),
  },
  {
    name: 'runs list',
    summary: 'List the recorded runs, newest first',
    group: 'runs',
    load: () => import('./runs-list.ts').then((m) => m.command),
  },
  {
    name: 'runs show',
    summary: 'Show all that is recorded of a run, and whether it can be done again from that',
    group: 'runs',
    load: () => import('./runs-show.ts').then((m) => m.command),
  },
  {
    name: 'runs diff',
    summary: 'Compare two runs: params, metrics, data, code and environment',
    group: 'runs',
    load: () => import('./runs-diff.ts').then((m) => m.command),
  },
  {
    name: 'runs log',
    summary: 'Print what a run wrote to stdout and stderr',
    group: 'runs',
    load: () => import('./runs-log.ts').then((m) => m.command),
  },
  {
    name: 'runs apply',
    summary: 'Bring the params and outs of a run into the workspace',
    group: 'runs',
    load: () => import('./runs-apply.ts').then((m) => m.command),
  },
  {
    name: 'runs mirror',
    summary: 'Send recorded runs that are not there yet to the server that tracking.uri names',
    group: 'runs',
    load: () => import('./runs-mirror.ts').then((m) => m.command),
  },
  {
    name: 'log param',
    summary: 'Log params into the run of the stage that calls this',
    group: 'runs',
    load: () => import('./log-values.ts').then((m) => m.logParam),
  },
  {
    name: 'log metric',
    summary: 'Log metrics into the run of the stage that calls this',
    group: 'runs',
    load: () => import('./log-values.ts').then((m) => m.logMetric),
  },
  {
    name: 'log tag',
    summary: 'Set tags of the run of the stage that calls this',
    group: 'runs',
    load: () => import('./log-values.ts').then((m) => m.logTag),
  },
  {
    name: 'log artifact',
    summary: 'Send a file or directory to the artifacts of the run of the stage that calls this',
    group: 'runs',
    load: () => import('./log-files.ts').then((m) => m.logArtifact),
  },
  {
    name: 'log model',
    summary: 'Log a file or directory as a model of the run of the stage that calls this',
    group: 'runs',
    load: () => import('./log-files.ts').then((m) => m.logModel),
  },
  {
    name: 'server',
    summary: 'Serve runs, artifacts and models to MLflow clients',
    group: 'runs',
    load: () => import('./server.ts').then((m) => m.command),
  },
  {
    name: 'server token',
    summary: 'Make, list and revoke the access tokens of the server',
    group: 'runs',
    load: () => import('./server-token.ts').then((m) => m.command),
  },
  {
    name: 'models register',
    summary: 'Register a model that a run made, as the next version of a name',
    group: 'models',
    load: () => import('./models-register.ts').then((m) => m.command),
  },
  {
    name: 'models list',
    summary: 'List the registered models',
    group: 'models',
    load: () => import('./models-list.ts').then((m) => m.command),
  },
  {
    name: 'models show',
    summary: 'Show the versions of a model, or all that one of them came from',
    group: 'models',
    load: () => import('./models-show.ts').then((m) => m.command),
  },
  {
    name: 'models promote',
    summary: 'Move a version to Staging, Production or Archived',
    group: 'models',
    load: () => import('./models-promote.ts').then((m) => m.command),
  },
  {
    name: 'models alias',
    summary: 'Let a name such as champion stand for a version',
    group: 'models',
    load: () => import('./models-alias.ts').then((m) => m.command),
  },
  {
    name: 'models history',
    summary: 'Show every change of a stage or an alias: who, when, from what to what',
    group: 'models',
    load: () => import('./models-history.ts').then((m) => m.command),
  },
  {
    name: 'models diff',
    summary: 'Compare two versions of a model by what they came from',
    group: 'models',
    load: () => import('./models-diff.ts').then((m) => m.command),
  },
  {
    name: 'models download',
    summary: 'Put the content of a version into a directory',
    group: 'models',
    load: () => import('./models-download.ts').then((m) => m.command),
  },
  {
    name: 'models dockerfile',
    summary: 'Write a Dockerfile, pinned requirements and the model',
    group: 'models',
    load: () => import('./models-dockerfile.ts').then((m) => m.command),
  },
  {
    name: 'completion',
    summary: 'Print what makes a shell complete commands, options and stages',
    group: 'setup',
    load: () => import('./completion.ts').then((m) => m.command),
  },
];
