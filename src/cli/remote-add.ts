import { LockstepError } from '../base/error.ts';
import { checkScheme } from '../remotes/registry.ts';
import { defineCommand } from './command.ts';
import { setOption } from './config-levels.ts';
import { EXIT } from './exit-code.ts';
import { checkName, LEVEL_OPTIONS, remoteFiles, remotesIn, standardIn, writtenAddress } from './remotes/edit-remote.ts';

export const command = defineCommand({
  usage: 'remote add name address',
  summary: 'Name a place that data is pushed to and pulled from',
  details: 'The address is a directory, or a URL. Nothing is sent, and nobody is asked, before the first push.',
  options: {
    ...LEVEL_OPTIONS,
    default: { type: 'boolean', short: 'd', help: 'use it where no remote is named' },
    force: { type: 'boolean', short: 'f', help: 'in place of one that has this name' },
  },
  positionals: { min: 2, max: 2 },
  examples: ['lockstep remote add -d storage /mnt/data/project', 'lockstep remote add storage s3://bucket/project'],
  run: async (context, given, [name = '', url = '']) => {
    checkName(name);
    checkScheme(url);
    const files = remoteFiles(context, given);
    if (given.force !== true && remotesIn(files, files.levels).get(name)?.has('url') === true) {
      throw new LockstepError('usage', `there is a remote called '${name}'`, {
        hint: '--force changes its address, lockstep remote modify its options',
      });
    }
    setOption(files.chosen, `${files.section}.${name}.url`, writtenAddress(files, context, url));
    if (given.default === true) setOption(files.chosen, files.standard, name);
    const isDefault = standardIn(files, files.levels) === name;
    if (!context.quiet && isDefault) context.stderr.write(`${name} is the default remote\n`);
    return EXIT.ok;
  },
});
