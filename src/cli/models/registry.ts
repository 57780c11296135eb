import { userInfo } from 'node:os';
import { join } from 'node:path';
import { LockstepError } from '../../base/error.ts';
import { openTracking } from '../../tracking/open-tracking.ts';
import { RequestError } from '../../tracking/request-error.ts';
import type { TrackingDatabase } from '../../tracking/tracking-database.ts';
import type { TrackingStore } from '../../tracking/tracking-store.ts';
import type { Context } from '../context.ts';
import type { ExitCode } from '../exit-code.ts';
import { openProject, type Project } from '../project.ts';

/** The registry of a project: models and versions are in the same database as its runs. */
export interface Registry {
  readonly project: Project;
  readonly runs: TrackingStore;
  readonly tracking: TrackingDatabase;
}

/** What artifact addresses of the project's own server begin with. */
export const ARTIFACT_ROOT = 'mlflow-artifacts:';

export async function withRegistry(
  context: Context,
  work: (registry: Registry) => Promise<ExitCode>,
): Promise<ExitCode> {
  const project = await openProject(context);
  try {
    const runs = await project.tracking();
    const tracking = await openTracking(join(project.root, '.lockstep', 'lockstep.db'));
    try {
      return await work({ project, runs, tracking });
    } finally {
      await tracking.close();
    }
  } catch (error) {
    // The server says the same to clients.
    if (error instanceof RequestError) throw new LockstepError('usage', error.message, { cause: error });
    throw error;
  } finally {
    await project.close();
  }
}

/** Who is at work, for the history. */
export function whoIs({ env }: Context): string | undefined {
  return env.USER ?? env.LOGNAME ?? env.USERNAME ?? accountName();
}

/** Services and containers have a user, too, but seldom a variable that says so. */
function accountName(): string | undefined {
  try {
    return userInfo().username;
  } catch {
    return undefined;
  }
}
