import type { CommandRow } from '../command-row.ts';

export const PIPELINE_COMMANDS: readonly CommandRow[] = [
  {
    name: 'repro',
    summary: 'Run what changed, restore what is known, keep the rest',
    group: 'pipeline',
    load: () => import('../repro.ts').then((m) => m.command),
  },
  {
    name: 'sweep',
    summary: 'Run the pipeline with many values of its params, each in a copy of the workspace',
    group: 'pipeline',
    load: () => import('../sweep.ts').then((m) => m.command),
  },
  {
    name: 'status',
    summary: 'Show what repro would do and why; change nothing',
    group: 'pipeline',
    load: () => import('../status.ts').then((m) => m.command),
  },
  {
    name: 'diff',
    summary: 'Explain how the lockfiles changed: causes, consequences, metrics, warnings',
    group: 'pipeline',
    load: () => import('../diff.ts').then((m) => m.command),
  },
  {
    name: 'dag',
    summary: 'Draw which stage needs which',
    group: 'pipeline',
    load: () => import('../dag.ts').then((m) => m.command),
  },
  {
    name: 'stage list',
    summary: 'List the stages of the project',
    group: 'pipeline',
    load: () => import('../stage-list.ts').then((m) => m.command),
  },
  {
    name: 'stage add',
    summary: 'Write a stage into the pipeline file of this directory',
    group: 'pipeline',
    load: () => import('../stage-add.ts').then((m) => m.command),
  },
  {
    name: 'freeze',
    summary: 'Take stages as they are: they are not run until unfrozen',
    group: 'pipeline',
    load: () => import('../freeze.ts').then((m) => m.freeze),
  },
  {
    name: 'unfreeze',
    summary: 'Let frozen stages run again',
    group: 'pipeline',
    load: () => import('../freeze.ts').then((m) => m.unfreeze),
  },
  {
    name: 'remove',
    summary: 'Take stages out of the pipeline, or stop tracking data',
    group: 'pipeline',
    load: () => import('../remove.ts').then((m) => m.command),
  },
];
