import { LockstepError } from '../base/error.ts';
import { checkScheme } from '../remotes/registry.ts';
import { defineCommand } from './command.ts';
import { setOption, unsetOption } from './config-levels.ts';
import { EXIT } from './exit-code.ts';
import { LEVEL_OPTIONS, mustExist, remoteFiles, writtenAddress } from './remotes/edit-remote.ts';

export const command = defineCommand({
  usage: 'remote modify name option [value]',
  summary: 'Set an option of a remote, or take it away',
  details: 'Options have the names that DVC has for them. Passwords and keys go into the file that git does not see.',
  options: {
    ...LEVEL_OPTIONS,
    unset: { type: 'boolean', short: 'u', help: 'take the option away' },
  },
  positionals: { min: 2, max: 3 },
  examples: [
    'lockstep remote modify storage endpointurl https://s3.example.org',
    'lockstep remote modify --local storage password …',
  ],
  run: async (context, given, [name = '', option = '', value]) => {
    const files = remoteFiles(context, given);
    mustExist(files, name);
    const path = `${files.section}.${name}.${option}`;
    if (given.unset === true) {
      if (value !== undefined) throw new LockstepError('usage', '--unset takes no value');
      if (unsetOption(files.chosen, path)) return EXIT.ok;
      throw new LockstepError('usage', `${option} is not set in ${files.chosen.shown}`);
    }
    if (value === undefined) throw new LockstepError('usage', `give ${option} a value, or --unset`);
    if (option === 'url') checkScheme(value);
    setOption(files.chosen, path, option === 'url' ? writtenAddress(files, context, value) : value);
    return EXIT.ok;
  },
});
