import { LockstepError } from '../base/error.ts';
import { defineCommand } from './command.ts';
import { setOption, unsetOption } from './config-levels.ts';
import { EXIT } from './exit-code.ts';
import { openProject } from './project.ts';
import { LEVEL_OPTIONS, remoteFiles, writtenAddress } from './remotes/edit-remote.ts';

export const command = defineCommand({
  usage: 'cache dir [path]',
  summary: 'Print where the cache is, or have it elsewhere',
  details:
    'Several workspaces may share one cache. What is in the old one stays there: move it yourself, or fetch. Without ' +
    '--local the place is written into the file that is committed.',
  options: {
    ...LEVEL_OPTIONS,
    unset: { type: 'boolean', short: 'u', help: 'have the cache where it is by default' },
  },
  positionals: { min: 0, max: 1 },
  completes: 'path',
  examples: ['lockstep cache dir', 'lockstep cache dir --local /mnt/shared/cache'],
  run: async (context, given, [path]) => {
    if (path !== undefined || given.unset === true) {
      const files = remoteFiles(context, given);
      if (path === undefined) unsetOption(files.chosen, 'cache.dir');
      else if (given.unset === true) throw new LockstepError('usage', '--unset takes no path');
      else setOption(files.chosen, 'cache.dir', writtenAddress(files, context, path));
      return EXIT.ok;
    }
    const project = await openProject(context);
    try {
      context.stdout.write(`${project.cacheDir}\n`);
      return EXIT.ok;
    } finally {
      await project.close();
    }
  },
});
