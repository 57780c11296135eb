import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { writeFileAtomic } from '../base/atomic-file.ts';
import { isErrno, LockstepError } from '../base/error.ts';
import { mergeLockfiles } from '../pipeline/lock-merge.ts';
import { defineCommand } from './command.ts';
import type { Context } from './context.ts';
import { EXIT } from './exit-code.ts';

export const command = defineCommand({
  usage: 'lock merge <base> <ours> <theirs>',
  summary: 'Merge lockfiles stage by stage, as a merge driver of git',
  details:
    'Writes the result into <ours>. A stage that both sides ran anew stays in conflict, between markers, and the exit code is 1. lockstep install makes git use it.',
  options: {},
  positionals: { min: 3, max: 3 },
  completes: 'path',
  examples: ['lockstep lock merge %O %A %B'],
  run: async (context, _, [base = '', ours = '', theirs = '']) => {
    const { text, conflicts } = mergeLockfiles({
      base: read(context, base),
      ours: read(context, ours),
      theirs: read(context, theirs),
    });
    writeFileAtomic(resolve(context.cwd, ours), text, { durable: true });
    if (conflicts.length === 0) return EXIT.ok;
    const what = conflicts.length === 1 ? 'conflict' : `${conflicts.length} conflicts`;
    context.stderr.write(`${what} left in the lockfile: ${conflicts.join(', ')}\n`);
    context.stderr.write(
      'hint: keep one side of each, then run `lockstep repro`: it runs what that side is not true of\n',
    );
    return EXIT.failed;
  },
});

function read(context: Context, path: string): string {
  try {
    return readFileSync(resolve(context.cwd, path), 'utf8');
  } catch (error) {
    if (!isErrno(error, 'ENOENT', 'EISDIR', 'EACCES', 'ENOTDIR')) throw error;
    throw new LockstepError('usage', `${path} cannot be read: ${error.code}`, { cause: error });
  }
}
