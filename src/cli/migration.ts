import { existsSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { writeFileAtomic } from '../base/atomic-file.ts';
import type { ProjectPath } from '../base/brand.ts';
import { LockstepError } from '../base/error.ts';
import { acquireWaiting } from '../base/exclusive.ts';
import { findUnsafe } from '../provenance/git-guard.ts';
import type { Context } from './context.ts';
import type { Project } from './project.ts';

/** How the files of a project change when it gets other ones. */
export interface Migration {
  readonly command: 'import-dvc' | 'export-dvc';
  readonly writes: readonly FileText[];
  readonly removes: readonly ProjectPath[];
}

export interface FileText {
  readonly path: ProjectPath;
  readonly text: string;
}

const journalSchema = z.object({
  command: z.enum(['import-dvc', 'export-dvc']),
  writes: z.array(z.object({ path: z.string(), text: z.string() })),
  removes: z.array(z.string()),
});

/** Throws `git` for files that would be lost: those replaced of which git has no copy. */
export async function requireSafe(
  { root }: Pick<Project, 'root'>,
  context: Pick<Context, 'env'>,
  { command, writes, removes }: Migration,
): Promise<void> {
  const replaced = [...removes, ...writes.map(({ path }) => path)].filter((path) => {
    return !path.startsWith('.lockstep/') && existsSync(join(root, path));
  });
  const unsafe = await findUnsafe({ cwd: root, env: context.env }, replaced);
  if (unsafe.length === 0) return;
  const verb = unsafe.length === 1 ? 'is' : 'are';
  throw new LockstepError('git', `${unsafe.join(', ')} ${verb} not committed, and would be replaced or removed`, {
    hint: `commit first, so that git can bring back what was; or say so: lockstep ${command} --force`,
  });
}

/**
 * Writes the new files, then removes the old ones. All of it is in a journal before the first of it is done: where both
 * kinds of files stand, no other command knows which to believe, and `resume` does the rest.
 */
export function migrate({ root, tools }: Pick<Project, 'root' | 'tools'>, migration: Migration): void {
  writeFileAtomic(journalOf(tools.tmp), JSON.stringify(migration), { durable: true });
  perform(root, tools.tmp, migration);
}

/** What an interrupted migration left to do, done; undefined where there was none. */
export function resume(root: string): Migration | undefined {
  const tmp = join(root, '.lockstep', 'tmp');
  if (!existsSync(journalOf(tmp))) return undefined;
  const migration = journalSchema.parse(JSON.parse(readFileSync(journalOf(tmp), 'utf8'))) as unknown as Migration;
  perform(root, tmp, migration);
  return migration;
}

function perform(root: string, tmp: string, { writes, removes }: Migration): void {
  for (const { path, text } of writes) writeFileAtomic(join(root, path), text, { durable: true });
  for (const path of removes) rmSync(join(root, path), { force: true });
  rmSync(journalOf(tmp), { force: true });
}

function journalOf(tmp: string): string {
  return join(tmp, 'migration.json');
}

/** Runs something while no repro runs in the workspace. */
export async function alone<T>(project: Project, context: Context, work: () => Promise<T>): Promise<T> {
  const about = { pid: context.pid, command: 'migration', startTime: context.now() };
  const lockFile = join(project.tools.tmp, 'repro.lock');
  const hold = await acquireWaiting(lockFile, about, { signal: context.signal, onWait: () => {} });
  try {
    return await work();
  } finally {
    hold.release();
  }
}
