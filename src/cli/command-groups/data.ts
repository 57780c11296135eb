import type { CommandRow } from '../command-row.ts';

export const DATA_COMMANDS: readonly CommandRow[] = [
  {
    name: 'check-ignore',
    summary: 'Tell which paths a .dvcignore leaves out, and by which line',
    group: 'data',
    load: () => import('../check-ignore.ts').then((m) => m.command),
  },
  {
    name: 'checkout',
    summary: 'Bring the outs that the lockfile names back from the cache',
    group: 'data',
    load: () => import('../checkout.ts').then((m) => m.command),
  },
  {
    name: 'push',
    summary: 'Send data that the lockfiles name from the cache to a remote',
    group: 'data',
    load: () => import('../push.ts').then((m) => m.command),
  },
  {
    name: 'pull',
    summary: 'Bring data from a remote into the cache and from there into the workspace',
    group: 'data',
    load: () => import('../pull.ts').then((m) => m.command),
  },
  {
    name: 'fetch',
    summary: 'Bring data from a remote into the cache, not into the workspace',
    group: 'data',
    load: () => import('../fetch.ts').then((m) => m.command),
  },
  {
    name: 'commit',
    summary: 'Accept the workspace as it is: lock what is there, without running',
    group: 'data',
    load: () => import('../commit.ts').then((m) => m.command),
  },
  {
    name: 'add',
    summary: 'Track data without a stage, by a .dvc file',
    group: 'data',
    load: () => import('../add.ts').then((m) => m.command),
  },
  {
    name: 'get',
    summary: 'Take a file or directory out of another repository, data or code',
    group: 'data',
    load: () => import('../get.ts').then((m) => m.command),
  },
  {
    name: 'list',
    summary: 'List what is in a repository, with the data that it tracks',
    group: 'data',
    load: () => import('../list.ts').then((m) => m.command),
  },
  {
    name: 'import',
    summary: 'Take data out of another repository, and track where it is from',
    group: 'data',
    load: () => import('../import.ts').then((m) => m.command),
  },
  {
    name: 'import-url',
    summary: 'Take data from an address or a path, and track where it is from',
    group: 'data',
    load: () => import('../import-url.ts').then((m) => m.command),
  },
  {
    name: 'get-url',
    summary: 'Download a file or directory from an address, and track nothing',
    group: 'data',
    load: () => import('../get-url.ts').then((m) => m.command),
  },
  {
    name: 'update',
    summary: 'Bring imported data up to date with where it is from',
    group: 'data',
    load: () => import('../update.ts').then((m) => m.command),
  },
  {
    name: 'move',
    summary: 'Move data that a .dvc file tracks, and the file with it',
    group: 'data',
    load: () => import('../move.ts').then((m) => m.command),
  },
  {
    name: 'data status',
    summary: 'Show how data differs between the last commit, the lockfiles and the workspace',
    group: 'data',
    load: () => import('../data-status.ts').then((m) => m.command),
  },
  {
    name: 'unprotect',
    summary: 'Replace links into the cache by copies that may be edited',
    group: 'data',
    load: () => import('../unprotect.ts').then((m) => m.command),
  },
];
