import type { Command } from './command.ts';

export type CommandGroup = 'pipeline' | 'runs' | 'data' | 'setup';

/** One command. Its file is loaded only when the command is used, so that no command pays for another. */
export interface CommandRow {
  /** One or two words. */
  readonly name: string;
  /** The same text as in the command's file, here so that the overview loads nothing. */
  readonly summary: string;
  readonly group: CommandGroup;
  /** Left out of the overview and of completion. */
  readonly hidden?: boolean;
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
    name: 'status',
    summary: 'Show what repro would do and why; change nothing',
    group: 'pipeline',
    load: () => import('./status.ts').then((m) => m.command),
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
    name: 'commit',
    summary: 'Accept the workspace as it is: lock what is there, without running',
    group: 'data',
    load: () => import('./commit.ts').then((m) => m.command),
  },
  {
    name: 'unprotect',
    summary: 'Replace links into the cache by copies that may be edited',
    group: 'data',
    load: () => import('./unprotect.ts').then((m) => m.command),
  },
];
