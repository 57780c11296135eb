import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { isErrno, LockstepError } from '../base/error.ts';
import type { Run } from '../tracking/run.ts';
import { defineCommand } from './command.ts';
import { EXIT } from './exit-code.ts';
import { openProject, type Project } from './project.ts';
import { resolveRun } from './run-reference.ts';

export const command = defineCommand({
  usage: 'runs log RUN',
  summary: 'Print what a run wrote to stdout and stderr',
  details: 'RUN is the beginning of an id, latest, latest:STAGE, or current:STAGE.',
  options: {},
  positionals: { min: 1, max: 1 },
  completes: 'run',
  examples: ['lockstep runs log latest:train'],
  run: async (context, _options, [reference = '']) => {
    const project = await openProject(context);
    try {
      const run = await resolveRun(project, reference);
      const log = await readLog(project, run);
      if (log !== undefined) context.stdout.write(new TextDecoder().decode(log));
      else if (!context.quiet) context.stderr.write(`run ${run.id} wrote nothing\n`);
      return EXIT.ok;
    } finally {
      await project.close();
    }
  },
});

async function readLog(project: Project, run: Run): Promise<Uint8Array | undefined> {
  if (run.stage === null) {
    throw new LockstepError('usage', `${run.id} is a whole repro; its stages have the output`, {
      hint: `lockstep runs show ${run.id.slice(0, 8)} lists their runs`,
    });
  }
  const artifact = run.artifacts.find(({ kind }) => kind === 'log');
  if (artifact === undefined) return readIfThere(join(project.tools.tmp, 'logs', `${run.id}.log`));
  const bytes = await project.store().read(artifact.digest);
  if (bytes !== undefined) return bytes;
  throw new LockstepError('missing-data', `the output of run ${run.id} is no longer in the cache (${artifact.digest})`);
}

/** The output so far of a run that has not ended. */
function readIfThere(file: string): Uint8Array | undefined {
  try {
    return readFileSync(file);
  } catch (error) {
    if (isErrno(error, 'ENOENT')) return undefined;
    throw error;
  }
}
