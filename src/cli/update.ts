import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { LockstepError } from '../base/error.ts';
import { directoryOf, resolveInProject } from '../base/project-path.ts';
import { parseDvcFile } from '../pipeline/dvc/dvc-file.ts';
import { isDataFile } from '../pipeline/lock-format.ts';
import { defineCommand } from './command.ts';
import { resolveTargets } from './compared-states.ts';
import { EXIT } from './exit-code.ts';
import { withWorkspace } from './hold-workspace.ts';
import { type Imported, importData } from './import-data.ts';
import { type ImportedUrl, importUrl } from './import-url-data.ts';
import type { Project } from './project.ts';

export const command = defineCommand({
  usage: 'update <files…>',
  summary: 'Bring imported data up to date with where it is from',
  details:
    'Of .dvc files that lockstep import or DVC wrote. What was changed here and is not in the cache goes to the trash.',
  options: { rev: { type: 'string', value: 'REV', help: 'from now on this revision of the repository' } },
  positionals: { min: 1, max: Number.POSITIVE_INFINITY },
  completes: 'path',
  examples: ['lockstep update data/train.dvc', 'lockstep update model.bin.dvc --rev v3'],
  run: async (context, given, targets) => {
    return await withWorkspace(context, 'update', async (project) => {
      const wanted = targets.map((target) => importedBy(project, target));
      const addressed = wanted.find((one) => 'url' in one);
      if (given.rev !== undefined && addressed !== undefined) {
        throw new LockstepError('usage', `${addressed.file} is from no repository, so it has no revisions`);
      }
      for (const one of wanted) {
        const say = (isNew: boolean) => {
          if (!context.quiet) context.stderr.write(`${one.file}: ${isNew ? 'updated' : 'up to date already'}\n`);
        };
        if ('url' in one) {
          say(await importUrl(project, context, one));
          continue;
        }
        const origin = { ...one.origin, ...(given.rev !== undefined && { rev: given.rev }) };
        // With another revision named even the same commit is news: the file is to say so.
        const locked = origin.rev === one.origin.rev ? origin.locked : undefined;
        say(await importData(project, context, { ...one, origin: { ...origin, locked } }));
      }
      return EXIT.ok;
    });
  },
});

function importedBy(project: Project, target: string): Imported | ImportedUrl {
  const [file] = resolveTargets(project.here, [target]);
  if (file === undefined || !isDataFile(file)) {
    throw new LockstepError('usage', `${target} is no .dvc file`, { hint: `did you mean ${target}.dvc?` });
  }
  if (!existsSync(join(project.root, file))) throw new LockstepError('usage', `there is no ${file}`);
  const { dvcFile, diagnostics } = parseDvcFile(file, readFileSync(join(project.root, file), 'utf8'));
  if (dvcFile === undefined) throw new LockstepError('bad-pipeline', `${file} cannot be used`, { diagnostics });
  const [dep, ...others] = dvcFile.deps;
  const [out] = dvcFile.outs;
  const path = out === undefined ? undefined : resolveInProject(directoryOf(file), out.path);
  if (dep?.path === undefined || others.length > 0 || path === undefined) {
    throw new LockstepError('usage', `${file} is no import`, { hint: 'lockstep add records data anew' });
  }
  if (dep.repo === undefined) return { file, out: path, url: dep.path, last: dep };
  const { url, rev, rev_lock: locked } = dep.repo;
  return { file, out: path, origin: { url, rev, path: dep.path, locked } };
}
