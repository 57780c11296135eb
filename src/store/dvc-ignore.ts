import ignore, { type Ignore } from 'ignore';
import type { ProjectPath } from '../base/brand.ts';
import { directoryOf, joinPath, ROOT } from '../base/project-path.ts';

/** What DVC does not see of a project: neither as data nor within a directory that is data. */
export interface DvcIgnore {
  /** Also true for all that stands below an ignored directory. */
  ignores(path: ProjectPath, kind: 'file' | 'directory'): boolean;
  /** The last line that speaks of a path, be it to ignore it or, with `!`, to take it back. */
  ruleOf(path: ProjectPath, kind: 'file' | 'directory'): IgnoreRule | undefined;
}

export interface IgnoreRule {
  /** Undefined for what DVC leaves out by itself. */
  readonly place?: { readonly file: ProjectPath; readonly line: number };
  /** As it is written. */
  readonly written: string;
}

export interface DvcIgnoreSource {
  /** The text of the `.dvcignore` in a directory; undefined where there is none. */
  read(directory: ProjectPath): string | undefined;
  /** Whether a directory is a project of its own, with a `.dvc` in it: another project's data is not this one's. */
  isProject(directory: ProjectPath): boolean;
}

export const DVC_IGNORE_FILE = '.dvcignore';

/** Of all that DVC leaves out by itself, nothing more: its lists of files of editors and systems are git's alone. */
const ALWAYS = ['.hg/', '.git/', '.git', '.dvc/'];

interface Line extends IgnoreRule {
  /** As git would have to be given it in the root's file. */
  readonly patterns: readonly string[];
}

interface Rules {
  /** From the root down. */
  readonly lines: readonly Line[];
  readonly matcher: Ignore;
}

/** Files are read as directories are asked about, each once. */
export function createDvcIgnore(source: DvcIgnoreSource): DvcIgnore {
  const known = new Map<ProjectPath, Rules>();
  const rulesOf = (directory: ProjectPath): Rules => {
    const before = known.get(directory);
    if (before !== undefined) return before;
    const above =
      directory === ROOT
        ? rules(ALWAYS.map((written) => ({ written, patterns: [written] })))
        : rulesOf(directoryOf(directory));
    const here = joinPath(directory, DVC_IGNORE_FILE);
    const text = above.matcher.ignores(here) ? undefined : source.read(directory);
    const own = text === undefined ? above : rules([...above.lines, ...linesOf(text, directory)]);
    known.set(directory, own);
    return own;
  };
  const matches = (path: ProjectPath, kind: 'file' | 'directory'): boolean => {
    return rulesOf(directoryOf(path)).matcher.ignores(kind === 'directory' ? `${path}/` : path);
  };
  const projects = new Map<ProjectPath, boolean>();
  const isForeign = (path: ProjectPath): boolean => {
    if (path === ROOT) return false;
    const before = projects.get(path);
    if (before !== undefined) return before;
    const foreign = isForeign(directoryOf(path)) || source.isProject(path);
    projects.set(path, foreign);
    return foreign;
  };
  return {
    ignores(path, kind) {
      if (path === ROOT) return false;
      return matches(path, kind) || isForeign(kind === 'directory' ? path : directoryOf(path));
    },
    ruleOf(path, kind) {
      if (path === ROOT) return undefined;
      const asked = kind === 'directory' ? `${path}/` : path;
      return rulesOf(directoryOf(path)).lines.findLast(({ patterns }) => speaksOf(patterns, asked));
    },
  };
}

function rules(lines: readonly Line[]): Rules {
  return { lines, matcher: ignore({ ignorecase: false }).add(lines.flatMap(({ patterns }) => patterns)) };
}

function linesOf(text: string, directory: ProjectPath): readonly Line[] {
  const file = joinPath(directory, DVC_IGNORE_FILE);
  return text.split(/\r?\n/).flatMap((line, index) => {
    const written = line.trim();
    if (written === '' || written.startsWith('#')) return [];
    return [{ written, place: { file, line: index + 1 }, patterns: asDvcReads(inRoot(written, directory)) }];
  });
}

/** Whether one line alone says anything of a path, or of a directory that it is in. */
function speaksOf(patterns: readonly string[], path: string): boolean {
  const ignored = patterns.map((pattern) => pattern.replace(/^!/, ''));
  return ignore({ ignorecase: false }).add(ignored).ignores(path);
}

/**
 * A pattern as git would have to be given it to do what DVC does, where the two differ. For DVC a pattern that ends in
 * two stars is also the directory before them, stars and a slash alone are nothing, and what takes a directory back
 * takes back all in it.
 */
function asDvcReads(pattern: string): readonly string[] {
  const negation = pattern.startsWith('!') ? '!' : '';
  const rule = pattern.slice(negation.length);
  if (/^(?:\/?(?:\*\*\/)+(?:\*\/)?|\*\/)$/.test(rule)) return [];
  const [, before, end] = /^(.+?)(?:\/\*\*)+(\/?)$/.exec(rule) ?? [];
  if (before === undefined) {
    const anywhere = rule.includes('/') ? '' : '**/';
    return negation !== '' && !rule.endsWith('/') ? [pattern, `!${anywhere}${rule}/**`] : [pattern];
  }
  // With the stars goes the slash that made the pattern count from the top on.
  const directory = before.startsWith('/') || before.startsWith('**/') ? `${before}/` : `/${before}/`;
  return end === '/' ? [negation + directory] : [negation + directory, `${negation}${directory}**`];
}

/** A pattern of a directory's file as it would be written in the root's. */
function inRoot(pattern: string, directory: ProjectPath): string {
  if (directory === ROOT) return pattern;
  const negated = pattern.startsWith('!');
  const rule = negated ? pattern.slice(1) : pattern;
  const isAnchored = rule.slice(0, -1).includes('/');
  const below = isAnchored ? rule.replace(/^\//, '') : `**/${rule.replace(/^\\(?=[#!])/, '')}`;
  // A directory may have a name that would be a pattern.
  const prefix = directory.replace(/[\\*?[\]!#]/g, '\\$&');
  return `${negated ? '!' : ''}/${prefix}/${below}`;
}
