import { defineCommand } from './command.ts';
import { unsetOption } from './config-levels.ts';
import { EXIT } from './exit-code.ts';
import { LEVEL_OPTIONS, mustExist, remoteFiles, remotesIn, standardIn } from './remotes/edit-remote.ts';

export const command = defineCommand({
  usage: 'remote remove name',
  summary: 'Forget a remote; what is on it stays',
  options: LEVEL_OPTIONS,
  positionals: { min: 1, max: 1 },
  run: async (context, given, [name = '']) => {
    const files = remoteFiles(context, given);
    mustExist(files, name);
    const isOne = [given.local, given.project, given.global, given.system].includes(true);
    const levels = isOne
      ? [files.chosen]
      : files.levels.filter(({ name: level }) => level === 'project' || level === 'local');
    for (const level of levels) {
      for (const option of remotesIn(files, [level]).get(name)?.keys() ?? []) {
        unsetOption(level, `${files.section}.${name}.${option}`);
      }
      if (standardIn(files, [level]) === name) unsetOption(level, files.standard);
    }
    return EXIT.ok;
  },
});
