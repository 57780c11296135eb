import { statSync } from 'node:fs';
import { join } from 'node:path';
import { LockstepError } from '../base/error.ts';
import type { DvcIgnore } from '../store/dvc-ignore.ts';
import { defineCommand } from './command.ts';
import { resolveTargets } from './compared-states.ts';
import type { Context } from './context.ts';
import { dvcIgnoreOf } from './dvc-project.ts';
import { EXIT } from './exit-code.ts';
import { openProject, type Project } from './project.ts';

export const command = defineCommand({
  usage: 'check-ignore [paths…]',
  summary: 'Tell which paths a .dvcignore leaves out, and by which line',
  details: 'Prints the paths that are left out. Exits 1 when that is none of them.',
  options: {
    details: { type: 'boolean', short: 'd', help: 'with the file, line and pattern that decides, be it one with !' },
    'non-matching': { type: 'boolean', short: 'n', help: 'with --details, also the paths that no pattern matches' },
    stdin: { type: 'boolean', help: 'read the paths from stdin, one a line' },
  },
  positionals: { min: 0, max: Number.POSITIVE_INFINITY },
  completes: 'path',
  examples: ['lockstep check-ignore -d data/raw/tmp.csv'],
  run: async (context, given, paths) => {
    if (given['non-matching'] === true && given.details !== true) {
      throw new LockstepError('usage', '--non-matching goes with --details');
    }
    const asked = await askedPaths(context, paths, given.stdin === true);
    const project = await openProject(context);
    try {
      if (project.tools.scheme !== 'dvc') {
        throw new LockstepError('usage', 'only a DVC project has .dvcignore files: there is no .dvc/ here');
      }
      const ignore = dvcIgnoreOf(project.root);
      let matched = 0;
      for (const path of asked) {
        const rule = ruleFor(project, ignore, path);
        const text = given.details === true ? rule?.shown : rule?.ignored === true ? '' : undefined;
        if (given.details === true ? rule !== undefined : rule?.ignored === true) matched += 1;
        if (text !== undefined) context.stdout.write(text === '' ? `${path}\n` : `${text}\t${path}\n`);
        else if (given['non-matching'] === true) context.stdout.write(`::\t${path}\n`);
      }
      return matched > 0 ? EXIT.ok : EXIT.failed;
    } finally {
      await project.close();
    }
  },
});

async function askedPaths(context: Context, paths: readonly string[], stdin: boolean): Promise<readonly string[]> {
  if (stdin === paths.length > 0) {
    throw new LockstepError('usage', stdin ? 'give either paths or --stdin' : 'a path is missing, or --stdin');
  }
  if (!stdin) return paths;
  return ((await context.input?.()) ?? '').split(/\r?\n/).filter((line) => line !== '');
}

interface Rule {
  readonly ignored: boolean;
  /** As in `.dvcignore:3:*.log`, with the file as a path of the project. */
  readonly shown: string;
}

function ruleFor({ root, here }: Project, ignore: DvcIgnore, written: string): Rule | undefined {
  const [path] = resolveTargets(here, [written]);
  if (path === undefined) return undefined;
  const isDirectory = written.endsWith('/') || statSync(join(root, path), { throwIfNoEntry: false })?.isDirectory();
  const kind = isDirectory === true ? 'directory' : 'file';
  const ignored = ignore.ignores(path, kind);
  const rule = ignore.ruleOf(path, kind);
  if (rule === undefined) return ignored ? { ignored, shown: 'in another project' } : undefined;
  const { place } = rule;
  const where = place === undefined ? '' : `${place.file}:${place.line}`;
  return { ignored, shown: `${where}:${rule.written}` };
}
