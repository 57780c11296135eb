import { existsSync } from 'node:fs';
import { homedir, platform } from 'node:os';
import { isAbsolute, join, relative } from 'node:path';
import type { ProjectPath } from '../base/brand.ts';
import { LockstepError } from '../base/error.ts';
import { readText } from '../base/read-text.ts';
import { DEFAULT_PARSING, type ParsingOptions } from '../pipeline/command-options.ts';
import { type Settings, settingsBeyond, withSettings } from './config-text.ts';
import { type DvcConfig, type DvcConfigLevel, dvcConfigFiles, parseDvcConfig } from './dvc-config.ts';
import type { FileText } from './migration.ts';

export interface ImportedConfig {
  readonly parsing: ParsingOptions | undefined;
  /** Of lockstep's config files, with DVC's settings and without the word that the project is native. */
  readonly files: readonly FileText[];
  /** What was done with which setting. */
  readonly lines: readonly string[];
}

const COMMITTED = '.lockstep/config.yaml' as ProjectPath;
const LOCAL = '.lockstep/config.local.yaml' as ProjectPath;

/** DVC's settings in lockstep's words: those of the project for everybody, those of the machine beside them. */
export function importConfig(root: string, env: Readonly<Record<string, string | undefined>>): ImportedConfig {
  const home = env.HOME ?? homedir();
  const levels = levelsOf(root, env, home);
  const whole = read(levels, home);
  const shared = read(
    levels.filter(({ file }) => file === join(root, '.dvc', 'config')),
    home,
  );
  const written = levels.map(({ text }) => text).join('\n');
  const committed = settingsOf(shared, { root, written });
  const local = settingsBeyond(settingsOf(whole, { root, written }), committed);
  const pairs = [
    [COMMITTED, committed],
    [LOCAL, local],
  ] as const;
  return {
    parsing: isDefault(whole.parsing) ? undefined : whole.parsing,
    files: pairs.flatMap(([path, settings]) => {
      const before = textOf(join(root, path));
      const text = withSettings(before, settings);
      return Object.keys(settings).length === 0 || text === before ? [] : [{ path, text }];
    }),
    lines: [...pairs.flatMap(([path, settings]) => linesOf(path, settings)), ...leftOut(whole)],
  };
}

/** What all levels of DVC's config say together. */
export function readDvcSettings(root: string, env: Readonly<Record<string, string | undefined>>): DvcConfig {
  const home = env.HOME ?? homedir();
  return read(levelsOf(root, env, home), home);
}

function levelsOf(root: string, env: Readonly<Record<string, string | undefined>>, home: string): DvcConfigLevel[] {
  return dvcConfigFiles(join(root, '.dvc'), { env, platform: platform(), home })
    .map((file) => ({ file, shown: relative(root, file), text: textOf(file) }))
    .filter(({ text }) => text !== '');
}

/** The text of the committed config, told that the project is native, or not any more. */
export function schemeConfig(root: string, files: readonly FileText[], scheme: 'native' | null): FileText {
  const text = files.find(({ path }) => path === COMMITTED)?.text ?? textOf(join(root, COMMITTED));
  return { path: COMMITTED, text: withSettings(text, { scheme }) };
}

function read(levels: readonly DvcConfigLevel[], home: string): DvcConfig {
  const { config, diagnostics } = parseDvcConfig(levels, home);
  if (diagnostics.length === 0) return config;
  throw new LockstepError('bad-config', "DVC's configuration cannot be used", { diagnostics });
}

interface Written {
  readonly root: string;
  /** All of the files as they stand, where paths are as somebody wrote them. */
  readonly written: string;
}

function settingsOf({ core, cache, remotes, parsing }: DvcConfig, { root, written }: Written): Settings {
  const shown = (path: string) => (!isAbsolute(path) || written.includes(path) ? path : relative(root, path) || '.');
  const ownDir = cache.dir !== undefined && cache.dir !== join(root, '.dvc', 'cache');
  const dir = ownDir ? { dir: join(shown(cache.dir ?? ''), 'lockstep') } : {};
  const link = cache.type === undefined ? {} : { link: cache.type };
  const named = [...remotes].map(([name, { url, options }]) => [name, { url: shown(url), ...options }] as const);
  return {
    ...((ownDir || cache.type !== undefined) && { cache: { ...dir, ...link } }),
    ...(named.length > 0 && { remotes: Object.fromEntries(named) as Settings }),
    ...(core.remote !== undefined && { remote: core.remote }),
    ...(!isDefault(parsing) && { parsing }),
  };
}

function isDefault(parsing: ParsingOptions): boolean {
  return parsing.bool === DEFAULT_PARSING.bool && parsing.list === DEFAULT_PARSING.list;
}

function linesOf(path: string, settings: Settings): string[] {
  const { remotes, ...rest } = settings;
  const names = [...Object.keys(rest), ...Object.keys(remotes ?? {}).map((name) => `remote '${name}'`)];
  return names.length === 0 ? [] : [`${path}: took over ${names.join(', ')}`];
}

function leftOut({ core, cache }: DvcConfig): string[] {
  const settings = {
    'core.autostage': core.autostage,
    'core.checksum_jobs': core.checksum_jobs !== undefined,
    'cache.shared': cache.shared !== undefined,
    'cache.verify': cache.verify,
  };
  const names = Object.entries(settings).flatMap(([name, isSet]) => (isSet ? [name] : []));
  return names.length === 0 ? [] : [`left out: ${names.join(', ')}: nothing here reads it`];
}

function textOf(file: string): string {
  return existsSync(file) ? readText(file, file) : '';
}
