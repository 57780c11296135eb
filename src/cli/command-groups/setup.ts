import type { CommandRow } from '../command-row.ts';

export const SETUP_COMMANDS: readonly CommandRow[] = [
  {
    name: 'lock merge',
    summary: 'Merge lockfiles stage by stage, as a merge driver of git',
    group: 'setup',
    load: () => import('../lock-merge.ts').then((m) => m.command),
  },
  {
    name: 'lock prune',
    summary: 'Drop the lock entries of stages that are in no pipeline file any more',
    group: 'setup',
    load: () => import('../lock-prune.ts').then((m) => m.command),
  },
  {
    name: 'install',
    summary: 'Make git merge lockfiles per stage and name the stage in diffs',
    group: 'setup',
    load: () => import('../install.ts').then((m) => m.command),
  },
  {
    name: 'import-dvc',
    summary: 'Turn a DVC project into a native one: pipeline.yaml, pipeline.lock, SHA-256',
    group: 'setup',
    load: () => import('../import-dvc.ts').then((m) => m.command),
  },
  {
    name: 'export-dvc',
    summary: 'Turn a native project into a DVC project: dvc.yaml, dvc.lock, MD5',
    group: 'setup',
    load: () => import('../export-dvc.ts').then((m) => m.command),
  },
  {
    name: 'init',
    summary: 'Write a small pipeline that works, to begin with',
    group: 'setup',
    load: () => import('../init.ts').then((m) => m.command),
  },
  {
    name: 'root',
    summary: 'Print the directory of the project',
    group: 'setup',
    load: () => import('../root.ts').then((m) => m.command),
  },
  {
    name: 'config',
    summary: 'Show or set options of the project',
    group: 'setup',
    load: () => import('../config-command.ts').then((m) => m.command),
  },
  {
    name: 'version',
    summary: 'Print the versions of lockstep and of what it runs on',
    group: 'setup',
    load: () => import('../version.ts').then((m) => m.command),
  },
  {
    name: 'remote add',
    summary: 'Name a place that data is pushed to and pulled from',
    group: 'setup',
    load: () => import('../remote-add.ts').then((m) => m.command),
  },
  {
    name: 'remote list',
    summary: 'List the remotes and their addresses',
    group: 'setup',
    load: () => import('../remote-list.ts').then((m) => m.command),
  },
  {
    name: 'remote modify',
    summary: 'Set an option of a remote, or take it away',
    group: 'setup',
    load: () => import('../remote-modify.ts').then((m) => m.command),
  },
  {
    name: 'remote remove',
    summary: 'Forget a remote; what is on it stays',
    group: 'setup',
    load: () => import('../remote-remove.ts').then((m) => m.command),
  },
  {
    name: 'remote default',
    summary: 'Print the remote that is used where none is named, or choose it',
    group: 'setup',
    load: () => import('../remote-default.ts').then((m) => m.command),
  },
  {
    name: 'completion',
    summary: 'Print what makes a shell complete commands, options and stages',
    group: 'setup',
    load: () => import('../completion.ts').then((m) => m.command),
  },
];
