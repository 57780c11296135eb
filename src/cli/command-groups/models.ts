import type { CommandRow } from '../command-row.ts';

export const MODELS_COMMANDS: readonly CommandRow[] = [
  {
    name: 'models register',
    summary: 'Register a model that a run made, as the next version of a name',
    group: 'models',
    load: () => import('../models-register.ts').then((m) => m.command),
  },
  {
    name: 'models list',
    summary: 'List the registered models',
    group: 'models',
    load: () => import('../models-list.ts').then((m) => m.command),
  },
  {
    name: 'models show',
    summary: 'Show the versions of a model, or all that one of them came from',
    group: 'models',
    load: () => import('../models-show.ts').then((m) => m.command),
  },
  {
    name: 'models promote',
    summary: 'Move a version to Staging, Production or Archived',
    group: 'models',
    load: () => import('../models-promote.ts').then((m) => m.command),
  },
  {
    name: 'models alias',
    summary: 'Let a name such as champion stand for a version',
    group: 'models',
    load: () => import('../models-alias.ts').then((m) => m.command),
  },
  {
    name: 'models history',
    summary: 'Show every change of a stage or an alias: who, when, from what to what',
    group: 'models',
    load: () => import('../models-history.ts').then((m) => m.command),
  },
  {
    name: 'models diff',
    summary: 'Compare two versions of a model by what they came from',
    group: 'models',
    load: () => import('../models-diff.ts').then((m) => m.command),
  },
  {
    name: 'models download',
    summary: 'Put the content of a version into a directory',
    group: 'models',
    load: () => import('../models-download.ts').then((m) => m.command),
  },
  {
    name: 'models dockerfile',
    summary: 'Write a Dockerfile, pinned requirements and the model',
    group: 'models',
    load: () => import('../models-dockerfile.ts').then((m) => m.command),
  },
];
