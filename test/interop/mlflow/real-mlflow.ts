import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
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
