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
    name: 'version',
    summary: 'Print the versions of lockstep and of what it runs on',
    group: 'setup',
    load: () => import('./version.ts').then((m) => m.command),
  },
];
