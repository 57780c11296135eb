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
