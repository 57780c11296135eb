import { readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { isErrno } from '../base/error.ts';
import { endSurvivors, type Survivor } from '../executors/survivors.ts';
import type { Run } from '../tracking/run.ts';
import type { OnEvent } from './event.ts';
import type { Tools } from './tools.ts';

/**
 * Cleans up after a lockstep that was killed: ends stages that outlived it and records their runs as KILLED. Called
 * by the one that holds the workspace, so whatever is still called RUNNING is not.
 */
export async function recover(
  tools: Tools,
  options: { readonly emit: OnEvent; readonly grace: number },
): Promise<void> {
  const survivors = await endSurvivors(join(tools.tmp, 'running'), {
    grace: options.grace,
    onSurvivor: (survivor) => sayEnding(survivor, options.emit),
  });
  const runs = new Map<string, Run>();
  for (const { record } of survivors) {
    const run = record.run as Run | undefined;
    if (run !== undefined) runs.set(run.id, withLog(tools, run, record.log));
  }
  const tracking = await tools.tracking();
  const running = tools.isGuest ? [] : await tracking.list({ status: 'RUNNING', parents: true, clients: false });
  for (const run of running) {
    runs.set(run.id, { ...run, artifacts: runs.get(run.id)?.artifacts ?? run.artifacts });
  }
  if (runs.size === 0) return;
  await tools.store.flush();
  const endTime = tools.now();
  await tracking.record([...runs.values()].map((run) => ({ ...run, status: 'KILLED' as const, endTime })));
}

function sayEnding(survivor: Survivor, emit: OnEvent): void {
  const stage = typeof survivor.record.stage === 'string' ? survivor.record.stage : 'a stage';
  const message = `${stage} outlived an earlier lockstep that was killed (process group ${survivor.pid}); ending it`;
  emit({ event: 'notice', level: 'warning', message });
}

/** What a killed run had printed is worth as much as what a failed one did. */
function withLog(tools: Tools, run: Run, log: unknown): Run {
  if (typeof log !== 'string') return run;
  try {
    const bytes = readFileSync(log);
    const digest = tools.store.saveBytes(bytes);
    rmSync(log, { force: true });
    const artifact = { path: 'logs/output.log', digest, size: bytes.length, kind: 'log', stored: true } as const;
    return { ...run, artifacts: [...run.artifacts, artifact] };
  } catch (error) {
    if (isErrno(error, 'ENOENT')) return run;
    throw error;
  }
}
