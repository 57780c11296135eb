interface Asked {
  readonly method: string;
  readonly path: string;
}

/** One line of JSON for each thing that happens. Neither queries nor bodies nor headers: they may hold secrets. */
export interface ServerLog {
  request(asked: Asked & { readonly status: number; readonly ms: number }): void;
  error(asked: Asked & { readonly id: string }, error: unknown): void;
}

export function makeServerLog(options: {
  readonly write: (line: string) => void;
  readonly now: () => number;
  /** Whether requests that nothing is wrong with are told, too. */
  readonly verbose: boolean;
}): ServerLog {
  const line = (entry: object) =>
    options.write(`${JSON.stringify({ time: new Date(options.now()).toISOString(), ...entry })}\n`);
  return {
    request: (asked) => {
      if (options.verbose) line({ level: 'info', ...asked });
    },
    error: (asked, error) => {
      const { message, stack } = error instanceof Error ? error : new Error(String(error));
      line({ level: 'error', ...asked, message, stack });
    },
  };
}
