import type { ProjectPath } from '../base/brand.ts';
import { LockstepError } from '../base/error.ts';
import { contains, relativeTo, resolveInProject } from '../base/project-path.ts';
import type { Context } from './context.ts';
import type { Project } from './project.ts';
import { openState, type ProjectState, WORKSPACE } from './project-state.ts';
import type { ValueFiles } from './state-values.ts';
import { PRECISION } from './value-text.ts';

/** Options that `metrics diff` and `params diff` share. */
export const COMPARING_OPTIONS = {
  targets: { type: 'string', multiple: true, greedy: true, value: 'PATH…', help: 'only these files' },
  recursive: { type: 'boolean', short: 'R', help: 'a target that is a directory stands for all files below it' },
  all: { type: 'boolean', help: 'also what is the same' },
  json: { type: 'boolean', help: '{PATH: {KEY: {"old", "new", "diff"}}}' },
  md: { type: 'boolean', help: 'as a Markdown table' },
  'no-path': { type: 'boolean', help: 'without the column of paths' },
  precision: { type: 'string', value: 'N', help: `round to N digits behind the point (${PRECISION})` },
} as const;

/** The two sides that a command compares: HEAD and the workspace, unless it is told others. */
export async function openBoth(
  project: Project,
  context: Context,
  [from = 'HEAD', to = WORKSPACE]: readonly string[],
): Promise<readonly [ProjectState, ProjectState]> {
  const place = { cwd: project.root, env: context.env };
  const before = await openState(project, place, from);
  const after = await openState(project, place, to);
  for (const state of [before, after]) warnOfState(context, state);
  return [before, after];
}

export function warnOfState(context: Context, { name, diagnostics }: ProjectState): void {
  for (const { message, place } of diagnostics) {
    const where = place === undefined ? '' : `${place.file}:${place.line}:${place.column}: `;
    context.stderr.write(`warning: ${name}: ${where}${message}\n`);
  }
}

/** Says which files could not be read, and which of those that were asked for are not there. */
export function warnOfFiles(context: Context, name: string, files: ValueFiles): void {
  for (const [path, file] of files) {
    if (file.kind === 'broken') context.stderr.write(`warning: ${name}: ${path}: ${file.message}\n`);
  }
}

export function checkFormat(given: { readonly json?: boolean; readonly md?: boolean }): void {
  if (given.json !== true || given.md !== true) return;
  throw new LockstepError('usage', '--json and --md exclude each other');
}

export function parsePrecision(text: string | undefined): number {
  if (text === undefined) return PRECISION;
  if (/^\d{1,2}$/.test(text)) return Number(text);
  throw new LockstepError('usage', `--precision takes a number of digits, not '${text}'`);
}

/** The paths that a user named, as paths of the project. Throws `usage` for one that is outside. */
export function resolveTargets(here: ProjectPath, targets: readonly string[]): readonly ProjectPath[] {
  return targets.map((target) => {
    const path = resolveInProject(here, target);
    if (path !== undefined) return path;
    throw new LockstepError('usage', `${target} is outside of the project`);
  });
}

/** Of the known files those that targets name; a target that is nobody's file is taken as a file of the user's. */
export function filesNamed(known: readonly ProjectPath[], targets: readonly ProjectPath[]): readonly ProjectPath[] {
  if (targets.length === 0) return known;
  const found = targets.flatMap((target) => {
    const below = known.filter((path) => contains(target, path));
    return below.length > 0 ? below : [target];
  });
  return [...new Set(found)];
}

/** On stderr, so that a table that is piped stays a table: an empty answer is an answer. */
export function sayNothingDiffers(context: Context, noun: string, names: readonly [string, string]): void {
  if (!context.quiet) context.stderr.write(`no ${noun} differs between ${names.join(' and ')}\n`);
}

/** A path as the user would write it here. */
export function shownPath(here: ProjectPath, path: ProjectPath): string {
  return relativeTo(here, path);
}
