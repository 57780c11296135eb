import type { OptionSpecs } from './command.ts';

/** Accepted before and after the name of every command. */
export const GLOBAL_OPTIONS = {
  cd: { type: 'string', short: 'C', multiple: true, value: 'DIR', help: 'work as if started in DIR' },
  quiet: { type: 'boolean', short: 'q', help: 'print only results and errors' },
  verbose: { type: 'boolean', short: 'v', help: 'say more about what is done' },
  help: { type: 'boolean', short: 'h', help: 'show help and exit' },
  version: { type: 'boolean', help: 'show the version and exit' },
} as const satisfies OptionSpecs;
