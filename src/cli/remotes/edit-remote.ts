import { existsSync, realpathSync } from 'node:fs';
import { dirname, isAbsolute, join, relative, resolve } from 'node:path';
import { LockstepError } from '../../base/error.ts';
import { nearest } from '../../base/nearest.ts';
import { type ConfigLevel, configLevels, type LevelName, optionsIn } from '../config-levels.ts';
import type { Context } from '../context.ts';
import { findRoot } from '../project-root.ts';

/** Which file of the configuration, as options of the `remote` commands. */
export const LEVEL_OPTIONS = {
  local: { type: 'boolean', help: 'in the file that git does not see' },
  project: { type: 'boolean', help: 'in the file that is committed, which is the default' },
  global: { type: 'boolean', help: "in the user's file; of DVC's config" },
  system: { type: 'boolean', help: "in the machine's file; of DVC's config" },
} as const;

export type LevelWish = { readonly [K in keyof typeof LEVEL_OPTIONS]?: boolean };

/** The files in which remotes stand: DVC's own in a DVC project. */
export interface RemoteFiles {
  readonly root: string;
  readonly levels: readonly ConfigLevel[];
  /** The one that is to be changed. */
  readonly chosen: ConfigLevel;
  /** The option that names the default remote. */
  readonly standard: 'core.remote' | 'remote';
  /** `remotes` in the one kind of file, `remote` in the other. */
  readonly section: string;
}

export function remoteFiles(context: Context, wish: LevelWish): RemoteFiles {
  const root = findRoot(realpathSync(context.cwd));
  if (root === undefined) throw new LockstepError('no-project', 'there is no project here');
  const all = configLevels(root, context);
  const isDvc = all.some(({ kind }) => kind === 'dvc') && !isNative(all);
  const levels = all.filter(({ kind }) => (kind === 'dvc') === isDvc);
  const given = (['local', 'project', 'global', 'system'] as const).filter((name) => wish[name] === true);
  if (given.length > 1) throw new LockstepError('usage', `--${given.join(' and --')} exclude each other`);
  const name: LevelName = given[0] ?? 'project';
  const chosen = levels.find((level) => level.name === name);
  if (chosen === undefined) {
    throw new LockstepError('usage', `lockstep has no --${name} configuration: a project says what it needs itself`);
  }
  return {
    root,
    levels,
    chosen,
    standard: isDvc ? 'core.remote' : 'remote',
    section: isDvc ? 'remote' : 'remotes',
  };
}

/** A project that was DVC's says so. */
function isNative(levels: readonly ConfigLevel[]): boolean {
  const own = levels.filter(({ kind, file }) => kind === 'lockstep' && existsSync(file));
  return own.some((level) => optionsIn(level).some(({ name, value }) => name === 'scheme' && value === 'native'));
}

/** Name of a remote → its options, as one file or all files have them; what comes later wins. */
export function remotesIn(
  files: RemoteFiles,
  levels: readonly ConfigLevel[],
): ReadonlyMap<string, Map<string, string>> {
  const remotes = new Map<string, Map<string, string>>();
  const prefix = `${files.section}.`;
  for (const level of levels) {
    for (const { name, value } of optionsIn(level)) {
      const dot = name.lastIndexOf('.');
      if (!name.startsWith(prefix) || dot <= prefix.length) continue;
      const remote = name.slice(prefix.length, dot);
      const options = remotes.get(remote) ?? new Map<string, string>();
      remotes.set(remote, options.set(name.slice(dot + 1), String(value)));
    }
  }
  return remotes;
}

export function standardIn({ standard }: RemoteFiles, levels: readonly ConfigLevel[]): string | undefined {
  const found = levels.flatMap(optionsIn).filter(({ name }) => name === standard);
  return found.length === 0 ? undefined : String(found.at(-1)?.value);
}

/** Throws `usage` for a remote that no file has. */
export function mustExist(files: RemoteFiles, name: string): void {
  const names = [...remotesIn(files, files.levels).keys()];
  if (names.includes(name)) return;
  const close = nearest(name, names);
  throw new LockstepError('usage', `there is no remote called '${name}'`, {
    hint: close === undefined ? 'lockstep remote list shows what there is' : `did you mean '${close}'?`,
  });
}

/** An address as it is to stand in the file: a relative path starts there at another place than at the prompt. */
export function writtenAddress(
  { root, chosen }: Pick<RemoteFiles, 'root' | 'chosen'>,
  { cwd }: Pick<Context, 'cwd'>,
  url: string,
): string {
  if (/^\w[\w+.-]*:\/\//.test(url) || isAbsolute(url) || url === '~' || url.startsWith('~/')) return url;
  const absolute = resolve(realpathSync(cwd), url);
  if (chosen.name === 'global' || chosen.name === 'system') return absolute;
  return relative(chosen.kind === 'dvc' ? dirname(chosen.file) : root, absolute) || join('.', '.');
}

const NAME = /^[A-Za-z0-9_][A-Za-z0-9_-]*$/;

/** A name has no dots in it, since names of options have. */
export function checkName(name: string): void {
  if (NAME.test(name)) return;
  throw new LockstepError('usage', `'${name}' is no name for a remote: letters, digits, - and _ are`);
}
