import type { ProjectPath } from '../base/brand.ts';
import { baseName } from '../base/project-path.ts';
import { defineCommand } from './command.ts';
import { EXIT } from './exit-code.ts';
import { withWorkspace } from './hold-workspace.ts';
import { importData, placeForImport, writtenUrl } from './import-data.ts';

export const command = defineCommand({
  usage: 'import <repository> <path>',
  summary: 'Take data out of another repository, and track where it is from',
  details: 'As get, and a .dvc file beside the data says from which commit it is; lockstep update moves on.',
  options: {
    out: { type: 'string', short: 'o', value: 'PATH', help: 'where to put it, in place of its own name' },
    force: { type: 'boolean', short: 'f', help: 'replace what is there; the trash gets what the cache does not have' },
    rev: { type: 'string', value: 'REV', help: 'a revision of the repository; update stays with it' },
  },
  positionals: { min: 2, max: 2 },
  completes: 'path',
  examples: [
    'lockstep import ../registry images/train -o data/train',
    'lockstep import git@example.org:data model.bin --rev v2',
  ],
  run: async (context, given, [url = '', path = '']) => {
    return await withWorkspace(context, 'import', async (project) => {
      const { out, file } = placeForImport(project, given.out ?? baseName(path as ProjectPath), given.force === true);
      const origin = { url: writtenUrl(project, context, url), rev: given.rev, path };
      await importData(project, context, { file, out, origin });
      if (!context.quiet) context.stderr.write(`imported ${out}, which ${file} tracks\n`);
      return EXIT.ok;
    });
  },
});
