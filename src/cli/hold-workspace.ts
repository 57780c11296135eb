import { join } from 'node:path';
import { acquireWaiting } from '../base/exclusive.ts';
import type { Context } from './context.ts';
import { openProject, type Project } from './project.ts';

/** Opens the project for a command that writes what a repro beside it would write, too: one waits for the other. */
export async function withWorkspace<Result>(
  context: Context,
  command: string,
  work: (project: Project) => Promise<Result>,
): Promise<Result> {
  const project = await openProject(context);
  const about = { pid: context.pid, command, startTime: context.now() };
  const lockFile = join(project.tools.tmp, 'repro.lock');
  const hold = await acquireWaiting(lockFile, about, { signal: context.signal, onWait: () => {} });
  try {
    await project.store().enter();
    return await work(project);
  } finally {
    hold.release();
    await project.close();
  }
}
