import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { promisify } from 'node:util';

const HERE = import.meta.dirname;
const ROOT = join(HERE, '../../..');

/** The Python that has MLflow: `LOCKSTEP_MLFLOW`, or that of `.venv-mlflow` in the project's root. */
export const MLFLOW_PYTHON: string | undefined = find();

function find(): string | undefined {
  const candidate = process.env.LOCKSTEP_MLFLOW ?? join(ROOT, '.venv-mlflow/bin/python');
  if (existsSync(candidate)) return candidate;
  const hint = 'python3 -m venv .venv-mlflow && .venv-mlflow/bin/pip install -r test/interop/mlflow/requirements.txt';
  console.warn(`skipped: there is no MLflow to talk to (${hint})`);
  return undefined;
}

/** The built program's server, at work in a project. */
export class ServerProgram implements AsyncDisposable {
  readonly address: string;
  readonly #child: ChildProcess;
  #stderr = '';

  private constructor(child: ChildProcess, address: string) {
    this.address = address;
    this.#child = child;
    child.stderr?.setEncoding('utf8').on('data', (text: string) => {
      this.#stderr += text;
    });
  }

  static async start(cwd: string, ...args: readonly string[]): Promise<ServerProgram> {
    const program = join(ROOT, 'bin/lockstep.cjs');
    const child = spawn(process.execPath, [program, 'server', '--port', '0', ...args], {
      cwd,
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    for await (const line of createInterface(child.stdout)) {
      const address = /^lockstep serves (\S+)$/.exec(line)?.[1];
      if (address !== undefined) return new ServerProgram(child, address);
    }
    throw new Error('the server did not start');
  }

  /** As Ctrl-C does; gives the exit code and what was complained about. */
  async stop(): Promise<{ readonly code: number | null; readonly stderr: string }> {
    if (this.#child.exitCode === null) {
      this.#child.kill('SIGINT');
      await once(this.#child, 'close');
    }
    return { code: this.#child.exitCode, stderr: this.#stderr };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#child.exitCode === null && this.#child.signalCode === null) {
      this.#child.kill('SIGKILL');
      await once(this.#child, 'close');
    }
  }
}

/** What a script of this directory prints last, which is JSON. MLflow takes seconds to load: few scripts, many calls. */
export async function askMlflow(
  script: string,
  { address, env = {} }: { readonly address: string; readonly env?: Readonly<Record<string, string>> },
): Promise<unknown> {
  if (MLFLOW_PYTHON === undefined) throw new Error('there is no MLflow to ask');
  const { stdout } = await promisify(execFile)(MLFLOW_PYTHON, [join(HERE, script)], {
    env: {
      ...process.env,
      MLFLOW_TRACKING_URI: address,
      MLFLOW_DISABLE_TELEMETRY: 'true',
      // A refusal that the client repeats for minutes is a failure here.
      MLFLOW_HTTP_REQUEST_MAX_RETRIES: '1',
      GIT_PYTHON_REFRESH: 'quiet',
      ...env,
    },
    maxBuffer: 2 ** 26,
  });
  return JSON.parse(stdout.trim().split('\n').at(-1) ?? '');
}
