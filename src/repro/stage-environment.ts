import { join } from 'node:path';
import type { RunId } from '../base/brand.ts';
import type { Stage } from '../pipeline/stage.ts';
import { labelOf } from './loaded.ts';
import type { Session } from './session.ts';
import type { StageDoor } from './tools.ts';

/** Where a run's command may append metric points, one JSON object a line. */
export function metricsLog(session: Session, run: RunId): string {
  return join(session.tools.tmp, 'metrics', `${run}.jsonl`);
}

/**
 * A stage that declares where it logs to logs there, and nothing of ours would be understood. What the user's shell
 * happens to have exported is no part of the pipeline and gives way.
 */
function logsElsewhere({ env }: Stage): boolean {
  return env.MLFLOW_TRACKING_URI !== undefined;
}

function trackingVariables(
  stage: Stage,
  { run, door, env }: { readonly run: RunId; readonly door: StageDoor; readonly env: Readonly<Record<string, string>> },
): Readonly<Record<string, string>> {
  return logsElsewhere(stage) ? {} : { ...pastProxies(env), ...door.environment(run) };
}

/** Python's clients would ask a proxy for an address of this machine, too. */
function pastProxies(env: Readonly<Record<string, string>>): Readonly<Record<string, string>> {
  const isProxied = ['http_proxy', 'HTTP_PROXY', 'all_proxy', 'ALL_PROXY'].some((name) => env[name]);
  if (!isProxied) return {};
  const known = env.no_proxy ?? env.NO_PROXY ?? '';
  const all = known === '' ? '127.0.0.1' : known === '*' ? known : `${known},127.0.0.1`;
  return { no_proxy: all, NO_PROXY: all };
}

/** A client sends a name and password in place of a token, and looks for an experiment by its name before its id. */
const MISLEADING = ['MLFLOW_TRACKING_USERNAME', 'MLFLOW_TRACKING_PASSWORD', 'MLFLOW_EXPERIMENT_NAME'];

/** The caller's environment, lockstep's variables, and last what the stage declares. */
export function stageEnvironment(
  session: Session,
  stage: Stage,
  about: { readonly run: RunId; readonly gpus: readonly string[]; readonly door: StageDoor },
): Readonly<Record<string, string>> {
  const env: Record<string, string> = {};
  for (const [name, value] of Object.entries(session.tools.env)) {
    if (value !== undefined && (logsElsewhere(stage) || !MISLEADING.includes(name))) env[name] = value;
  }
  const metrics = metricsLog(session, about.run);
  const label = labelOf(session.loaded, stage.id);
  return {
    ...env,
    ...trackingVariables(stage, { ...about, env }),
    LOCKSTEP_ROOT: session.tools.root,
    LOCKSTEP_STAGE: label,
    LOCKSTEP_RUN_ID: about.run,
    LOCKSTEP_METRICS: metrics,
    DVC_ROOT: session.tools.root,
    DVC_STAGE: label,
    ...(stage.resources.gpus === undefined ? {} : { CUDA_VISIBLE_DEVICES: about.gpus.join(',') }),
    ...stage.env,
  };
}
