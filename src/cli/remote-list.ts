import { withoutSecrets } from '../remotes/secrets.ts';
import { defineCommand } from './command.ts';
import { EXIT } from './exit-code.ts';
import { LEVEL_OPTIONS, remoteFiles, remotesIn, standardIn } from './remotes/edit-remote.ts';

export const command = defineCommand({
  usage: 'remote list',
  summary: 'List the remotes and their addresses',
  options: {
    ...LEVEL_OPTIONS,
    json: { type: 'boolean', help: '{NAME: {"url", "default"}}' },
  },
  positionals: { min: 0, max: 0 },
  run: async (context, given) => {
    const files = remoteFiles(context, given);
    const isOne = [given.local, given.project, given.global, given.system].includes(true);
    const levels = isOne ? [files.chosen] : files.levels;
    const standard = standardIn(files, files.levels);
    const rows = [...remotesIn(files, levels)].map(([name, options]) => ({
      name,
      url: withoutSecrets(options.get('url') ?? ''),
      isDefault: name === standard,
    }));
    if (given.json === true) {
      const entries = rows.map(({ name, url, isDefault }) => [name, { url, default: isDefault }]);
      context.stdout.write(`${JSON.stringify(Object.fromEntries(entries))}\n`);
    } else {
      for (const { name, url, isDefault } of rows) {
        context.stdout.write(`${name}\t${url}${isDefault ? '\t(default)' : ''}\n`);
      }
    }
    return EXIT.ok;
  },
});
