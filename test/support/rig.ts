import { execFileSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { mkdirSync, mkdtempSync, readFileSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import type { Context, Output } from '../../src/cli/context.ts';
import { runCli } from '../../src/cli/run.ts';

/** What one command of lockstep gave, run inside the test's process. */
export interface Result {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

export interface RunOptions {
  readonly cwd?: string;
  readonly env?: Readonly<Record<string, string>>;
  readonly signal?: AbortSignal;
  readonly ask?: Context['ask'];
  /** What comes by stdin. */
  readonly input?: string;
  readonly now?: Context['now'];
}

/** A real project in a directory of its own, gone at the end of the test's scope. */
export class ProjectRig implements AsyncDisposable {
  readonly root: string;

  constructor(root: string) {
    this.root = root;
  }

  path(relative: string): string {
    return join(this.root, relative);
  }

  write(relative: string, text: string | Uint8Array): void {
    mkdirSync(dirname(this.path(relative)), { recursive: true });
    writeFileSync(this.path(relative), text);
  }

  read(relative: string): string {
    return readFileSync(this.path(relative), 'utf8');
  }

  git(...args: string[]): string {
    return execFileSync('git', args, { cwd: this.root, encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] });
  }

  /** Makes the directory a git repository and commits all that is in it. */
  commit(message = 'state'): string {
    this.git('init', '-q', '-b', 'main');
    this.git('config', 'user.email', 'rig@example.org');
    this.git('config', 'user.name', 'Rig');
    this.git('add', '-A');
    this.git('commit', '-q', '--allow-empty', '-m', message);
    return this.git('rev-parse', 'HEAD').trim();
  }

  async lockstep(args: readonly string[], options: RunOptions = {}): Promise<Result> {
    const out = capture();
    const err = capture();
    const context: Context = {
      cwd: options.cwd === undefined ? this.root : this.path(options.cwd),
      env: { PATH: process.env.PATH, HOME: this.root, ...options.env },
      stdout: out,
      stderr: err,
      ask: options.ask,
      input: async () => options.input ?? '',
      signal: options.signal ?? new AbortController().signal,
      now: options.now ?? Date.now,
      randomId: () => randomBytes(16).toString('hex'),
      pid: process.pid,
      quiet: false,
      verbose: false,
    };
    const code = await runCli(args, context);
    return { code, stdout: out.text(), stderr: err.text() };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    execFileSync('chmod', ['-R', 'u+w', this.root]);
    rmSync(this.root, { recursive: true, force: true });
  }
}

function capture(): Output & { text(): string } {
  const parts: string[] = [];
  return {
    write: (text) => void parts.push(text),
    text: () => parts.join(''),
    isTerminal: false,
    columns: 80,
    colors: false,
  };
}

/** `await using p = await project({ 'pipeline.yaml': '…' })`. */
export async function project(files: Readonly<Record<string, string>>): Promise<ProjectRig> {
  const rig = new ProjectRig(realpathSync(mkdtempSync(join(tmpdir(), 'lockstep-test-'))));
  mkdirSync(rig.path('.lockstep'));
  for (const [path, text] of Object.entries(files)) rig.write(path, text);
  return rig;
}
