import type { Context } from './context.ts';
import type { ExitCode } from './exit-code.ts';

/** One option of a command, as a row of data: parsing, help and completion all read it. */
export interface OptionSpec {
  readonly type: 'boolean' | 'string';
  readonly short?: string;
  /** May be given several times; the value is then a list. */
  readonly multiple?: boolean;
  /** Takes all words up to the next option: `--targets a b`. */
  readonly greedy?: boolean;
  /** What stands for the value in the help, for example `N` or `REV`. */
  readonly value?: string;
  readonly help: string;
  /** Its value may begin with a dash: `--sort -duration`. */
  readonly dashed?: boolean;
  /** Completed with these words. */
  readonly choices?: readonly string[];
}

export type OptionSpecs = Readonly<Record<string, OptionSpec>>;

type ValueOf<S extends OptionSpec> = S['type'] extends 'boolean'
  ? boolean
  : S['multiple'] extends true
    ? readonly string[]
    : string;

export type OptionValues<O extends OptionSpecs> = { readonly [K in keyof O]?: ValueOf<O[K]> };

export interface CommandSpec<O extends OptionSpecs> {
  /** `repro [targets…]`; the words before the first bracket are the command's name. */
  readonly usage: string;
  readonly summary: string;
  readonly details?: string;
  readonly options: O;
  readonly positionals: { readonly min: number; readonly max: number };
  /** What positionals are completed with. */
  readonly completes?: 'stage' | 'path' | 'run' | 'rev';
  readonly examples?: readonly string[];
  readonly run: (context: Context, options: OptionValues<O>, positionals: readonly string[]) => Promise<ExitCode>;
}

/** A command with the types of its options folded away, so that commands of all kinds fit one table. */
export interface Command extends Omit<CommandSpec<OptionSpecs>, 'run'> {
  readonly run: (
    context: Context,
    options: Readonly<Record<string, unknown>>,
    positionals: readonly string[],
  ) => Promise<ExitCode>;
}

export function defineCommand<const O extends OptionSpecs>(spec: CommandSpec<O>): Command {
  return spec as unknown as Command;
}
