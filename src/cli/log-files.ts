import { resolve } from 'node:path';
import { LockstepError } from '../base/error.ts';
import { logArtifact as sendArtifact, logModel as sendModel } from '../client/upload.ts';
import { defineCommand } from './command.ts';
import { EXIT } from './exit-code.ts';
import { logTarget } from './log-target.ts';

export const logArtifact = defineCommand({
  usage: 'log artifact <path>',
  summary: 'Send a file or directory to the artifacts of the run of the stage that calls this',
  options: { to: { type: 'string', value: 'PATH', help: 'the directory among the artifacts that it goes into' } },
  positionals: { min: 1, max: 1 },
  completes: 'path',
  examples: ['lockstep log artifact report.html', 'lockstep log artifact figures --to plots'],
  run: async (context, { to }, [path = '']) => {
    await sendArtifact(logTarget(context), resolve(context.cwd, path), to);
    return EXIT.ok;
  },
});

export const logModel = defineCommand({
  usage: 'log model <path> --name NAME',
  summary: 'Log a file or directory as a model of the run of the stage that calls this',
  details: 'Prints the id of the model. lockstep models register gives it a version.',
  options: { name: { type: 'string', value: 'NAME', help: 'what the model is called in its run' } },
  positionals: { min: 1, max: 1 },
  completes: 'path',
  examples: ['lockstep log model model.bin --name classifier'],
  run: async (context, { name }, [path = '']) => {
    if (name === undefined) throw new LockstepError('usage', '--name says what the model is called');
    const id = await sendModel(logTarget(context), resolve(context.cwd, path), name);
    context.stdout.write(`${id}\n`);
    return EXIT.ok;
  },
});
