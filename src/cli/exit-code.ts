import type { ErrorCode } from '../base/error.ts';

export const EXIT = {
  ok: 0,
  /** A stage failed, or `--exit-code` and there is something to do. */
  failed: 1,
  /** The request is wrong: flags, pipeline file, config, missing data. */
  usage: 2,
  /** A bug in lockstep. */
  bug: 70,
  interrupted: 130,
} as const;

export type ExitCode = (typeof EXIT)[keyof typeof EXIT];

/** One row per kind of stoppage. */
export const EXIT_OF_ERROR: Readonly<Record<ErrorCode, ExitCode>> = {
  usage: EXIT.usage,
  'bad-pipeline': EXIT.usage,
  'bad-lockfile': EXIT.usage,
  'bad-config': EXIT.usage,
  'bad-params': EXIT.usage,
  'no-project': EXIT.usage,
  'no-such-stage': EXIT.usage,
  'missing-dep': EXIT.usage,
  'missing-data': EXIT.failed,
  'unusable-file': EXIT.usage,
  'stray-ignore': EXIT.usage,
  'corrupt-database': EXIT.usage,
  disk: EXIT.failed,
  remote: EXIT.failed,
  git: EXIT.usage,
  server: EXIT.failed,
  busy: EXIT.failed,
  interrupted: EXIT.interrupted,
};
