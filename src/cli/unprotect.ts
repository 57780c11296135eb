import { lstatSync } from 'node:fs';
import { join } from 'node:path';
import { LockstepError } from '../base/error.ts';
import { resolveInProject } from '../base/project-path.ts';
import { defineCommand } from './command.ts';
import { EXIT } from './exit-code.ts';
import { openProject } from './project.ts';

export const command = defineCommand({
  usage: 'unprotect <paths…>',
  summary: 'Replace links into the cache by copies that may be edited',
  options: {},
  positionals: { min: 1, max: Number.POSITIVE_INFINITY },
  completes: 'path',
  examples: ['lockstep unprotect data/model.bin'],
  run: async (context, _given, paths) => {
    const project = await openProject(context);
    try {
      for (const written of paths) {
        const path = resolveInProject(project.here, written);
        if (path === undefined) throw new LockstepError('usage', `${written} is outside the project`);
        if (lstatSync(join(project.root, path), { throwIfNoEntry: false }) === undefined) {
          throw new LockstepError('usage', `${written} does not exist`);
        }
        await project.store().unprotect(path);
      }
      return EXIT.ok;
    } finally {
      await project.close();
    }
  },
});
