import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { LockstepError } from '../base/error.ts';
import { defineCommand } from './command.ts';
import type { Context } from './context.ts';
import { EXIT } from './exit-code.ts';
import { CONFIG, DRAW, HISTOGRAM, PARAMS, PIPELINE } from './init-files.ts';
import { findRoot, prepareStateDirectory } from './project-root.ts';

const FILES: Readonly<Record<string, string>> = {
  'pipeline.yaml': PIPELINE,
  'params.yaml': PARAMS,
  'draw.sh': DRAW,
  'histogram.sh': HISTOGRAM,
};

export const command = defineCommand({
  usage: 'init',
  summary: 'Write a small pipeline that works, to begin with',
  details: 'Into the current directory; nothing that exists is changed.',
  options: { bare: { type: 'boolean', help: 'only .lockstep/config.yaml, no pipeline' } },
  positionals: { min: 0, max: 0 },
  async run(context, given) {
    const files = { ...(given.bare === true ? {} : FILES), ...configFor(context.cwd) };
    const taken = [...Object.keys(files), ...(given.bare === true ? [] : ['dvc.yaml'])].filter((name) =>
      existsSync(join(context.cwd, name)),
    );
    if (taken.length > 0) {
      throw new LockstepError('usage', `${taken.join(', ')} ${taken.length === 1 ? 'is' : 'are'} here already`, {
        hint: 'init changes nothing that exists: run it in an empty directory',
      });
    }
    for (const [name, text] of Object.entries(files)) writeNew(context, name, text);
    if ('.lockstep/config.yaml' in files) prepareStateDirectory(join(context.cwd, '.lockstep'));
    if (!context.quiet && given.bare !== true) {
      context.stderr.write('\nnow: lockstep repro   runs the three stages\n     lockstep dag     draws them\n');
    }
    return EXIT.ok;
  },
});

/** Inside of a project, another one would hide what is here from it. */
function configFor(cwd: string): Readonly<Record<string, string>> {
  const root = findRoot(cwd);
  const inside =
    root !== undefined && root !== cwd && ['.lockstep', '.dvc'].some((name) => existsSync(join(root, name)));
  return inside ? {} : { '.lockstep/config.yaml': CONFIG };
}

function writeNew(context: Context, name: string, text: string): void {
  const path = join(context.cwd, name);
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, text, { flag: 'wx' });
  if (!context.quiet) context.stderr.write(`wrote ${name}\n`);
}
