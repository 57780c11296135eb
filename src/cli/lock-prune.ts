import { join } from 'node:path';
import { writeFileAtomic } from '../base/atomic-file.ts';
import { acquireWaiting } from '../base/exclusive.ts';
import { directoryOf } from '../base/project-path.ts';
import type { Lockfile } from '../pipeline/lock-entry.ts';
import { formatLockfile, formatReadEntry } from '../pipeline/lockfile.ts';
import type { Pipeline } from '../pipeline/stage.ts';
import { lockfileOf } from '../repro/read.ts';
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
      const none: Lockfile = { entries: new Map() };
      const dropped = loaded.pipelines.flatMap((one) => prune(project, one, loaded.locks.get(one.file) ?? none));
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
function prune(project: Project, pipeline: Pipeline, lockfile: Lockfile): string[] {
  const stages = new Set(pipeline.stages.map((stage) => stage.name));
  const [kept, gone] = [new Map<string, string>(), [] as string[]];
  for (const [name, read] of lockfile.entries) {
    if (stages.has(name)) kept.set(name, formatReadEntry(name, read, directoryOf(pipeline.file)));
    else gone.push(name);
  }
  const file = lockfileOf(pipeline.file);
  if (gone.length > 0) writeFileAtomic(join(project.root, file), formatLockfile(kept), { durable: true });
  return gone.map((name) => `${file}: dropped ${oneLine(name)}`);
}
