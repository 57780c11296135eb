import { LockstepError } from '../base/error.ts';
import { type Target, targetOf } from '../client/tracking-api.ts';
import type { Context } from './context.ts';

/** The run that the environment names; throws `usage` outside of one. */
export function logTarget({ env }: Context): Target {
  const target = targetOf(env);
  if (target !== undefined) return target;
  const uri = env.MLFLOW_TRACKING_URI;
  const message =
    uri !== undefined && uri !== '' && !/^https?:\/\//.test(uri)
      ? `MLFLOW_TRACKING_URI is ${uri}, which is no server`
      : 'there is no run to log into';
  throw new LockstepError('usage', message, {
    hint: 'a stage of `lockstep repro` has one; elsewhere MLFLOW_TRACKING_URI and MLFLOW_RUN_ID name it',
  });
}
