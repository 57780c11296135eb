import { lstatSync, rmSync, statSync } from 'node:fs';
import { join, resolve } from 'node:path';
import type { ProjectPath } from '../base/brand.ts';
import { LockstepError } from '../base/error.ts';
import { baseName, ROOT, resolveInProject } from '../base/project-path.ts';
import { defineCommand } from './command.ts';
import type { Context } from './context.ts';
import { EXIT } from './exit-code.ts';
import { fetchTo } from './fetch-source.ts';
import { withSource } from './source-repository.ts';

export const command = defineCommand({
  usage: 'get <repository> <path>',
  summary: 'Take a file or directory out of another repository, data or code',
  details:
    'The repository is a path, or an address that git can clone; its last commit counts, or --rev. Data comes from its cache ' +
    'or from its remotes, as far as these are local directories. No project is needed here, and nothing is tracked.',
  options: {
    out: { type: 'string', short: 'o', value: 'PATH', help: 'where to put it, in place of its own name' },
    rev: { type: 'string', value: 'REV', help: 'a revision of the repository' },
    force: { type: 'boolean', short: 'f', help: 'replace what is there' },
  },
  positionals: { min: 2, max: 2 },
  completes: 'path',
  examples: [
    'lockstep get ../models model.bin',
    'lockstep get https://example.org/data.git images/train --rev v2 -o images',
  ],
  run: async (context, given, [url = '', written = '']) => {
    const path = resolveInProject(ROOT, written);
    if (path === undefined) throw new LockstepError('usage', `${written} is outside of the repository`);
    return await withSource(context, { url, rev: given.rev }, async (source) => {
      const target = destination(context, {
        out: given.out,
        name: path === ROOT ? baseName(url as ProjectPath) : baseName(path),
      });
      if (lstatSync(target, { throwIfNoEntry: false }) !== undefined && given.force !== true) {
        throw new LockstepError('usage', `${target} is there already`, { hint: 'to replace it, add --force' });
      }
      await fetchTo(context, {
        source,
        path,
        target,
        free: async () => rmSync(target, { recursive: true, force: true }),
      });
      return EXIT.ok;
    });
  },
});

function destination({ cwd }: Context, { out, name }: { out: string | undefined; name: string }): string {
  const target = resolve(cwd, out ?? name);
  const isDirectory = out !== undefined && statSync(target, { throwIfNoEntry: false })?.isDirectory() === true;
  return isDirectory ? join(target, name) : target;
}
