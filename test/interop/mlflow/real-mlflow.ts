import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';

const HERE = import.meta.dirname;
const ROOT = join(HERE, '../../..');

/** The Python that has the newest MLflow: `LOCKSTEP_MLFLOW`, or that of `.venv-mlflow` in the project's root. */
export const MLFLOW_PYTHON: string | undefined = find('MLFLOW', 'requirements.txt');

/** The Python that has MLflow 2: `LOCKSTEP_MLFLOW2`, or that of `.venv-mlflow2`. */
export const MLFLOW2_PYTHON: string | undefined = find('MLFLOW2', 'requirements-2.txt');

function find(name: string, requirements: string): string | undefined {
  const directory = `.venv-${name.toLowerCase()}`;
  const candidate = process.env[`LOCKSTEP_${name}`] ?? join(ROOT, directory, 'bin/python');
  if (existsSync(candidate)) return candidate;
  const install = `${directory}/bin/pip install -r test/interop/mlflow/${requirements}`;
  console.warn(`skipped: there is no MLflow to talk to (python3 -m venv ${directory} && ${install})`);
  return undefined;
}

/** What a script of this directory prints last, which is JSON. MLflow takes seconds to load: few scripts, many calls. */
export async function askMlflow(
  script: string,
  {
    address,
    env = {},
    python = MLFLOW_PYTHON,
  }: {
    readonly address: string;
    readonly env?: Readonly<Record<string, string>>;
    readonly python?: string | undefined;
  },
): Promise<unknown> {
  if (python === undefined) throw new Error('there is no MLflow to ask');
  const { stdout } = await promisify(execFile)(python, [join(HERE, script)], {
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
