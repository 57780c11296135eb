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

/**
 * One call of git that only reads. No optional locks, so that a repro never makes a `git commit` beside it fail; no
 * fsmonitor, which would leave a daemon behind.
 */
export async function git(args: readonly string[], call: GitCall): Promise<GitResult> {
  const { execa } = await import('execa');
  const result = await execa('git', ['-c', 'core.fsmonitor=false', ...args], {
    cwd: call.cwd,
    env: { ...gitEnvironment(call.env), ...call.scratch },
    extendEnv: false,
    encoding: 'buffer',
    reject: false,
    stripFinalNewline: false,
    ...(call.limit === undefined ? {} : { maxBuffer: call.limit }),
    ...(call.input === undefined ? { stdin: 'ignore' } : { input: call.input }),
  });
  if (result.isMaxBuffer) return { kind: 'too-long' };
  if (result.exitCode === 0) return { kind: 'done', stdout: result.stdout };
  if (result.exitCode === undefined && result.code === 'ENOENT') return { kind: 'not-installed' };
  const stderr = new TextDecoder().decode(result.stderr).trim();
  return { kind: 'failed', code: result.exitCode ?? -1, stderr: stderr || (result.shortMessage ?? '') };
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
