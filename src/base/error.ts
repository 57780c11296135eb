/** A place in a file of the user's; line and column count from 1. */
export interface Place {
  /** As the user knows it: relative to the project root where it is inside. */
  readonly file: string;
  readonly line: number;
  readonly column: number;
  /** The text of that line, without its line end. */
  readonly text: string;
}

/** One mistake in a file. Mistakes are collected and reported together. */
export interface Diagnostic {
  readonly message: string;
  readonly place?: Place;
  /** A second place the message speaks of, for example the first definition of a duplicate. */
  readonly related?: Place;
  readonly hint?: string;
}

/** Stable names of stoppages; each has one exit code (cli/exit-code.ts). */
export type ErrorCode =
  | 'usage'
  | 'bad-pipeline'
  | 'bad-lockfile'
  | 'bad-config'
  | 'bad-params'
  | 'no-project'
  | 'no-such-stage'
  | 'missing-dep'
  | 'missing-data'
  | 'unusable-file'
  | 'stray-ignore'
  | 'corrupt-database'
  | 'disk'
  | 'remote'
  | 'git'
  | 'server'
  | 'busy'
  | 'interrupted';

export interface ErrorDetails {
  readonly hint?: string;
  readonly cause?: unknown;
  readonly diagnostics?: readonly Diagnostic[];
}

/** A stoppage the user can do something about. Anything else that is thrown is a bug in lockstep. */
export class LockstepError extends Error {
  readonly code: ErrorCode;
  readonly hint: string | undefined;
  readonly diagnostics: readonly Diagnostic[];

  constructor(code: ErrorCode, message: string, details: ErrorDetails = {}) {
    super(message, details.cause === undefined ? undefined : { cause: details.cause });
    this.name = 'LockstepError';
    this.code = code;
    this.hint = details.hint;
    this.diagnostics = details.diagnostics ?? [];
  }
}

/** Whether something thrown is a system error with one of these codes, for example `ENOENT`. */
export function isErrno(error: unknown, ...codes: readonly string[]): error is NodeJS.ErrnoException {
  const code = error instanceof Error ? (error as NodeJS.ErrnoException).code : undefined;
  return code !== undefined && codes.includes(code);
}
