/** All that a command may know of the process; made in main.ts, faked in tests. */
export interface Context {
  /** Absolute. */
  readonly cwd: string;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly stdout: Output;
  readonly stderr: Output;
  /** Reads one line from the user; undefined when stdin is not a terminal. */
  readonly ask: ((question: string) => Promise<string>) | undefined;
  /** All of stdin, for commands that are told to read it. */
  readonly input?: () => Promise<string>;
  /** Starts another lockstep with these arguments, which goes on when this one has ended. */
  readonly background?: (args: readonly string[]) => void;
  /** Aborted by the first SIGINT or SIGTERM. */
  readonly signal: AbortSignal;
  /** Milliseconds since the epoch. */
  readonly now: () => number;
  /** 32 random hex digits. */
  readonly randomId: () => string;
  readonly pid: number;
  /** The command that was given, for whoever has to wait for it. */
  readonly command?: string;
  readonly quiet: boolean;
  readonly verbose: boolean;
}

export interface Output {
  write(text: string): void;
  readonly isTerminal: boolean;
  /** Columns of the terminal; 80 where it is none. */
  readonly columns: number;
  /** Whether colours are wanted: a terminal, and neither NO_COLOR nor TERM=dumb. */
  readonly colors: boolean;
  /** The stream itself, for a view that redraws its lines; only where it is a terminal. */
  readonly terminal?: NodeJS.WriteStream;
}
