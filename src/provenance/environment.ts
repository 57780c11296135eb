import { arch, availableParallelism, platform, totalmem } from 'node:os';
import { versions } from 'node:process';
import type { Digest } from '../base/brand.ts';
import { chosenVariables } from './environment-variables.ts';
import { nodeLockfiles } from './node-project.ts';
import type { EnvironmentCache } from './python.ts';
import { findPython } from './python-interpreter.ts';

export type { EnvironmentCache } from './python.ts';

/** What a stage ran in. */
export interface Environment {
  readonly platform: string;
  readonly arch: string;
  readonly cpus: number;
  /** Bytes. */
  readonly memory: number;
  /** For example `{"node": "20.20.2", "python": "3.11.7"}`. */
  readonly runtimes: Readonly<Record<string, string>>;
  /** Package name → version, of the interpreter that the stage used. */
  readonly packages: Readonly<Record<string, string>>;
  /** Lockfiles of a Node project that govern the stage: path → digest. */
  readonly lockfiles: Readonly<Record<string, Digest>>;
  readonly variables: Readonly<Record<string, string>>;
}

export interface EnvironmentRequest {
  readonly scripts: readonly string[];
  /** Absolute: where the stage runs. */
  readonly cwd: string;
  /** The stage's whole environment. */
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Absolute: the project's root. */
  readonly root: string;
  readonly cache: EnvironmentCache;
}

/** Never fails, for a stage must not: what cannot be found out is left out. */
export async function captureEnvironment(request: EnvironmentRequest): Promise<Environment> {
  const facts = await pythonOf(request).catch(unknown);
  const lockfiles = await lockfilesOf(request).catch(unknown);
  return {
    platform: platform(),
    arch: arch(),
    cpus: availableParallelism(),
    memory: totalmem(),
    runtimes: { node: versions.node, ...(facts === undefined ? {} : { python: facts.version }) },
    packages: facts?.packages ?? {},
    lockfiles: lockfiles ?? {},
    variables: chosenVariables(request.env),
  };
}

async function pythonOf(request: EnvironmentRequest) {
  const file = await findPython(request);
  if (file === undefined) return undefined;
  const { pythonFacts } = await import('./python.ts');
  return await pythonFacts(file, request, request.cache);
}

async function lockfilesOf(request: EnvironmentRequest) {
  return nodeLockfiles(request.cwd, request);
}

/** For what a system refuses; a mistake of ours is to be seen. */
function unknown(error: unknown): undefined {
  if (error instanceof Error && 'errno' in error) return undefined;
  throw error;
}

/** What `pip install -r` takes. */
export function requirementsText(environment: Pick<Environment, 'packages'>): string {
  return Object.entries(environment.packages)
    .map(([name, version]) => `${name}==${version}\n`)
    .join('');
}

export function environmentJson(environment: Environment): string {
  return `${JSON.stringify(environment, null, 2)}\n`;
}
