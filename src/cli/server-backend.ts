import { resolve } from 'node:path';
import { LockstepError } from '../base/error.ts';
import type { Context } from './context.ts';
import { findRoot, prepareStateDirectory } from './project-root.ts';

export const BACKEND_OPTION = {
  type: 'string',
  value: 'DATABASE',
  help: "a SQLite file or postgres://… (default: the project's .lockstep/lockstep.db)",
} as const;

/** The address of the database that a server of this project has behind it. */
export function backendOf(context: Context, given: string | undefined): string {
  if (given !== undefined && /^postgres(ql)?:\/\//.test(given)) return given;
  const file = given?.replace(/^sqlite:\/\/\/?/, '');
  if (file !== undefined && /^[A-Za-z][\w+.-]+:\/\//.test(file)) {
    throw new LockstepError('usage', '--backend knows SQLite files and postgres:// addresses, not this one');
  }
  if (file !== undefined) return resolve(context.cwd, file);
  const root = findRoot(context.cwd);
  if (root === undefined) {
    throw new LockstepError('no-project', 'no project here, so no database to serve', {
      hint: '--backend FILE or --backend postgres://… names one',
    });
  }
  const state = resolve(root, '.lockstep');
  prepareStateDirectory(state);
  return resolve(state, 'lockstep.db');
}
