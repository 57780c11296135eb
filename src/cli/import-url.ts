import { basename } from 'node:path';
import { defineCommand } from './command.ts';
import { EXIT } from './exit-code.ts';
import { withWorkspace } from './hold-workspace.ts';
import { placeForImport } from './import-data.ts';
import { importUrl, writtenAddress } from './import-url-data.ts';

export const command = defineCommand({
  usage: 'import-url <address> [out]',
  summary: 'Take data from an address or a path, and track where it is from',
  details:
    'The address is a path, or one of those that remotes have: https:, s3:, ssh: and others, also of a directory. A .dvc ' +
    'file beside the data says which version it is; lockstep update fetches a newer one.',
  options: {
    force: { type: 'boolean', short: 'f', help: 'replace what is there; the trash gets what the cache does not have' },
  },
  positionals: { min: 1, max: 2 },
  completes: 'path',
  examples: [
    'lockstep import-url https://example.org/penguins.csv data/raw.csv',
    'lockstep import-url /mnt/data/images',
  ],
  run: async (context, given, [url = '', name]) => {
    return await withWorkspace(context, 'import-url', async (project) => {
      const ownName = basename(url.replace(/[?#].*$/, '').replace(/\/+$/, ''));
      const { out, file } = placeForImport(project, name ?? ownName, given.force === true);
      const address = writtenAddress(project, context, { url, file });
      await importUrl(project, context, { file, out, url: address, last: undefined });
      if (!context.quiet) context.stderr.write(`imported ${out}, which ${file} tracks\n`);
      return EXIT.ok;
    });
  },
});
