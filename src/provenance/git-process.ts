import { execFile } from 'node:child_process';
import { isErrno } from '../base/error.ts';

export interface GitCall {
  readonly cwd: string;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly input?: Uint8Array;
  /** Variables that point git at another index or object directory. */
  readonly scratch?: Readonly<Record<string, string>>;
  /** Bytes of output that are too many. */
  readonly limit?: number;
}

export type GitResult =
  | { readonly kind: 'done'; readonly stdout: Uint8Array }
  | { readonly kind: 'failed'; readonly code: number; readonly stderr: string }
  | { readonly kind: 'too-long' }
  | { readonly kind: 'not-installed' };

/** Bytes of output that no call without a limit of its own comes near. */
const MOST_OUTPUT = 100 * 2 ** 20;

/**
 * One call of git that only reads. No optional locks, so that a repro never makes a `git commit` beside it fail; no
 * fsmonitor, which would leave a daemon behind. Node's own way to run it: a package for processes costs more CPU to load
 * than all calls of a `repro` together.
 */
export function git(args: readonly string[], call: GitCall): Promise<GitResult> {
  return new Promise((settle) => {
    const options = {
      cwd: call.cwd,
      env: { ...gitEnvironment(call.env), ...call.scratch },
      encoding: 'buffer',
      maxBuffer: call.limit ?? MOST_OUTPUT,
    } as const;
    try {
      const child = execFile('git', ['-c', 'core.fsmonitor=false', ...args], options, (error, stdout, stderr) => {
        settle(error === null ? { kind: 'done', stdout } : failure(error, stderr));
      });
      // A git that ends before it has read everything says why by its exit code.
      child.stdin?.on('error', () => undefined);
      child.stdin?.end(call.input);
    } catch (error) {
      // Arguments that the system refuses are refused at once.
      settle({ kind: 'failed', code: -1, stderr: error instanceof Error ? error.message : String(error) });
    }
  });
}

function failure(error: Error & { readonly code?: string | number | null }, stderr: Uint8Array): GitResult {
  if (error.code === 'ERR_CHILD_PROCESS_STDIO_MAXBUFFER') return { kind: 'too-long' };
  if (isErrno(error, 'ENOENT')) return { kind: 'not-installed' };
  const code = typeof error.code === 'number' ? error.code : -1;
  return { kind: 'failed', code, stderr: new TextDecoder().decode(stderr).trim() || error.message };
}

/**
 * Where a hook of git runs lockstep, these variables point at that hook's repository and index, which need not be the
 * project's; and two of them change what a diff looks like.
 */
const IGNORED = new Set([
  'GIT_DIR',
  'GIT_WORK_TREE',
  'GIT_COMMON_DIR',
  'GIT_INDEX_FILE',
  'GIT_PREFIX',
  'GIT_OBJECT_DIRECTORY',
  'GIT_ALTERNATE_OBJECT_DIRECTORIES',
  'GIT_NAMESPACE',
  'GIT_GLOB_PATHSPECS',
  'GIT_NOGLOB_PATHSPECS',
  'GIT_ICASE_PATHSPECS',
  'GIT_DIFF_OPTS',
  'GIT_EXTERNAL_DIFF',
]);

function gitEnvironment(env: GitCall['env']): Record<string, string | undefined> {
  const kept = Object.entries(env).filter(([name]) => !IGNORED.has(name));
  return { ...Object.fromEntries(kept), LC_ALL: 'C', GIT_OPTIONAL_LOCKS: '0', GIT_LITERAL_PATHSPECS: '1' };
}
