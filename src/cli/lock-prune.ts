import { join } from 'node:path';
import { acquireWaiting } from '../base/exclusive.ts';
import { lockfileOf } from '../pipeline/lock-format.ts';
import type { Pipeline } from '../pipeline/stage.ts';
import type { Loaded } from '../repro/loaded.ts';
import { openLock } from '../repro/read-locks.ts';
import { defineCommand } from './command.ts';
import { EXIT } from './exit-code.ts';
import { oneLine } from './fit-text.ts';
import { openProject, type Project } from './project.ts';

export const command = defineCommand({
  usage: 'lock prune',
  summary: 'Drop the lock entries of stages that are in no pipeline file any more',
  options: {},
  positionals: { min: 0, max: 0 },
  run: async (context) => {
    const project = await openProject(context);
    const about = { pid: context.pid, command: 'lock prune', startTime: context.now() };
    // A repro that runs now would write the entries back.
    const lockFile = join(project.tools.tmp, 'repro.lock');
    const hold = await acquireWaiting(lockFile, about, { signal: context.signal, onWait: () => {} });
    try {
      const loaded = await project.load();
      const dropped: string[] = [];
      for (const pipeline of loaded.pipelines) dropped.push(...(await prune(project, pipeline, loaded)));
      for (const line of dropped) context.stderr.write(`${line}\n`);
      if (dropped.length === 0) context.stderr.write('every lock entry has its stage; nothing dropped\n');
      return EXIT.ok;
    } finally {
      hold.release();
      await project.close();
    }
  },
});

/** One line for each entry that was dropped. */
async function prune({ tools }: Project, pipeline: Pipeline, loaded: Loaded): Promise<readonly string[]> {
  const standing = loaded.locks.get(pipeline.file);
  const stages = new Set(pipeline.stages.map((stage) => stage.name));
  const gone = [...(standing?.lockfile.entries.keys() ?? [])].filter((name) => !stages.has(name));
  if (standing === undefined || gone.length === 0) return [];
  const lock = await openLock(tools, pipeline.file, loaded);
  for (const name of gone) lock.drop(name);
  lock.save();
  return gone.map((name) => `${lockfileOf(pipeline.file, tools.scheme)}: dropped ${oneLine(name)}`);
}
