import { LockstepError } from '../base/error.ts';
import { defineCommand } from './command.ts';
import { setOption, unsetOption } from './config-levels.ts';
import { EXIT } from './exit-code.ts';
import { LEVEL_OPTIONS, mustExist, remoteFiles, standardIn } from './remotes/edit-remote.ts';

export const command = defineCommand({
  usage: 'remote default [name]',
  summary: 'Print the remote that is used where none is named, or choose it',
  options: {
    ...LEVEL_OPTIONS,
    unset: { type: 'boolean', short: 'u', help: 'have none' },
  },
  positionals: { min: 0, max: 1 },
  run: async (context, given, [name]) => {
    const files = remoteFiles(context, given);
    if (given.unset === true) {
      if (name !== undefined) throw new LockstepError('usage', '--unset takes no name');
      unsetOption(files.chosen, files.standard);
      return EXIT.ok;
    }
    if (name !== undefined) {
      mustExist(files, name);
      setOption(files.chosen, files.standard, name);
      return EXIT.ok;
    }
    const standard = standardIn(files, files.levels);
    if (standard === undefined) {
      if (!context.quiet) context.stderr.write('there is no default remote\n');
      return EXIT.failed;
    }
    context.stdout.write(`${standard}\n`);
    return EXIT.ok;
  },
});
