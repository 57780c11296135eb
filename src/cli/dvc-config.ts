import { homedir } from 'node:os';
import { dirname, isAbsolute, join, resolve } from 'node:path';
import { z } from 'zod';
import type { Diagnostic } from '../base/error.ts';
import { nearest } from '../base/nearest.ts';
import { type ConfigOption, type ConfigSection, type ConfigValue, readDvcConfigFile } from './dvc-config-file.ts';

/** What is set for a DVC project, over all levels of its config. */
export interface DvcConfig {
  readonly core: {
    /** The remote that is used where none is named. */
    readonly remote?: string | undefined;
    readonly autostage: boolean;
    readonly no_scm: boolean;
    readonly hardlink_lock: boolean;
    readonly checksum_jobs?: number | undefined;
    readonly site_cache_dir?: string | undefined;
  };
  readonly cache: {
    /** Absolute; where it is not set, `cache` in the `.dvc` directory. */
    readonly dir?: string | undefined;
    /** In the order they are to be tried. */
    readonly type?: readonly DvcLink[] | undefined;
    readonly shared?: 'group' | undefined;
    readonly verify: boolean;
  };
  readonly remotes: ReadonlyMap<string, DvcRemote>;
  readonly parsing: { readonly bool: 'store_true' | 'boolean_optional'; readonly list: 'nargs' | 'append' };
}

export type DvcLink = 'reflink' | 'hardlink' | 'symlink' | 'copy';

export interface DvcRemote {
  /** A URL, or an absolute path; `remote://<name>/<path>` stands below another remote. */
  readonly url: string;
  /** All else that is set for it, not looked into. */
  readonly options: Readonly<Record<string, ConfigValue>>;
}

export interface DvcConfigLevel {
  /** Absolute: paths in a file are relative to its directory. */
  readonly file: string;
  /** As messages name it. */
  readonly shown: string;
  readonly text: string;
}

export interface Surroundings {
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly platform: NodeJS.Platform;
  readonly home?: string;
}

/** The files of a project's config; what is set in a later one wins. */
export function dvcConfigFiles(
  dvcDirectory: string,
  { env, platform, home = homedir() }: Surroundings,
): readonly string[] {
  const isMac = platform === 'darwin';
  const library = 'Library/Application Support';
  const [ofSystem = ''] = (env.XDG_CONFIG_DIRS || '/etc/xdg').split(':');
  const system = env.DVC_SYSTEM_CONFIG_DIR || join(isMac ? `/${library}` : ofSystem, 'dvc');
  const ofUser = isMac ? join(home, library) : env.XDG_CONFIG_HOME || join(home, '.config');
  const user = env.DVC_GLOBAL_CONFIG_DIR || join(ofUser, 'dvc');
  return [
    join(system, 'config'),
    join(user, 'config'),
    join(dvcDirectory, 'config'),
    join(dvcDirectory, 'config.local'),
  ];
}

export interface ParsedDvcConfig {
  /** With the defaults in place of what has mistakes. */
  readonly config: DvcConfig;
  readonly diagnostics: readonly Diagnostic[];
}

const SECTIONS = ['core', 'cache', 'parsing', 'exp', 'plots', 'hydra', 'studio', 'feature', 'state', 'index'] as const;
const NAMED = /^\s*(remote|machine|db)\s*"(.*)"\s*$/;

const text = z.string('expected one value');
const flag = text
  .toLowerCase()
  .pipe(z.enum(['true', 'false'], 'expected true or false'))
  .transform((word) => word === 'true');
const count = text.regex(/^[1-9][0-9]*$/, 'expected a number of 1 or more').transform(Number);
const link = z.enum(['reflink', 'hardlink', 'symlink', 'copy'], 'expected reflink, hardlink, symlink or copy');
const links = z.union([z.string(), z.array(z.string())]).transform((value) => {
  return (typeof value === 'string' ? value.split(',') : value).map((word) => word.trim());
});

const core = z.strictObject({
  remote: text.toLowerCase().optional(),
  autostage: flag.default(false),
  no_scm: flag.default(false),
  hardlink_lock: flag.default(false),
  checksum_jobs: count.optional(),
  site_cache_dir: text.optional(),
  interactive: flag.optional(),
  analytics: flag.optional(),
  check_update: flag.optional(),
  experiments: flag.optional(),
  machine: text.optional(),
});
const cache = z.strictObject({
  dir: text.optional(),
  type: links.pipe(z.array(link)).optional(),
  shared: text.toLowerCase().pipe(z.literal('group', 'expected group')).optional(),
  verify: flag.default(false),
  slow_link_warning: flag.optional(),
  protected: flag.optional(),
  // Left over from DVC before 3.0, which had caches in clouds.
  ...Object.fromEntries(['local', 's3', 'gs', 'hdfs', 'webhdfs', 'ssh', 'azure'].map((key) => [key, text.optional()])),
});
const parsing = z.strictObject({
  bool: text
    .toLowerCase()
    .pipe(z.enum(['store_true', 'boolean_optional'], 'expected store_true or boolean_optional'))
    .default('store_true'),
  list: text
    .toLowerCase()
    .pipe(z.enum(['nargs', 'append'], 'expected nargs or append'))
    .default('nargs'),
});

/** Options of a remote that hold paths. */
export const REMOTE_PATHS: readonly string[] = [
  'gdrive_user_credentials_file',
  'gdrive_service_account_json_file_path',
  'credentialpath',
  'configpath',
  'keyfile',
  'cert_path',
  'key_path',
];

/** Options of all sections that hold paths, of which a relative one starts at the file's directory. */
const PATHS: Readonly<Record<string, readonly string[]>> = { cache: ['dir'], remote: ['url', ...REMOTE_PATHS] };

interface Placed extends ConfigOption {
  readonly level: DvcConfigLevel;
}
type Sections = Map<string, Map<string, Placed>>;

/** Reads the levels of a project's config, as `dvcConfigFiles` orders them; later ones win, option by option. */
export function parseDvcConfig(levels: readonly DvcConfigLevel[], home = homedir()): ParsedDvcConfig {
  const diagnostics: Diagnostic[] = [];
  const sections: Sections = new Map();
  for (const level of levels) {
    const read = readDvcConfigFile(level.shown, level.text);
    diagnostics.push(...read.diagnostics);
    for (const section of read.sections) {
      const wrong = wrongName(section);
      if (wrong === undefined) addSection(sections, { section, level, home });
      else diagnostics.push({ ...wrong, place: placeOf({ line: section.line, level }) });
    }
  }
  const checkedSection = <S extends z.ZodObject>(name: string, schema: S): z.infer<S> => {
    return checkSection(diagnostics, schema, sections.get(name) ?? new Map());
  };
  const config = {
    core: checkedSection('core', core),
    cache: checkedSection('cache', cache),
    parsing: checkedSection('parsing', parsing),
    remotes: remotesOf(diagnostics, sections),
  };
  return { config, diagnostics };
}

function wrongName({ name }: ConfigSection): Pick<Diagnostic, 'message' | 'hint'> | undefined {
  if (NAMED.test(name) || SECTIONS.some((known) => known === name)) return undefined;
  const meant = nearest(name, SECTIONS);
  return { message: `unknown section [${name}]`, ...(meant !== undefined && { hint: `did you mean [${meant}]?` }) };
}

interface Addition {
  readonly section: ConfigSection;
  readonly level: DvcConfigLevel;
  readonly home: string;
}

function addSection(sections: Sections, { section, level, home }: Addition): void {
  const [, kind = section.name, name] = NAMED.exec(section.name) ?? [];
  const title = name === undefined ? kind : `${kind} "${name}"`;
  const options = sections.get(title) ?? new Map<string, Placed>();
  sections.set(title, options);
  for (const [key, { value, line }] of section.options) {
    const isPath = PATHS[kind]?.includes(key) === true && typeof value === 'string';
    options.set(key, { value: isPath ? absolute(level.file, value, home) : value, line, level });
  }
}

function absolute(file: string, path: string, home: string): string {
  if (/^\w+:\/\//.test(path) || isAbsolute(path)) return path;
  if (path === '~' || path.startsWith('~/')) return join(home, path.slice(1));
  return resolve(dirname(file), path);
}

function checkSection<S extends z.ZodObject>(
  diagnostics: Diagnostic[],
  schema: S,
  options: ReadonlyMap<string, Placed>,
): z.infer<S> {
  const written = Object.fromEntries([...options].map(([key, { value }]) => [key, value]));
  const result = schema.safeParse(written);
  if (result.success) return result.data;
  for (const issue of result.error.issues) {
    const isUnknown = issue.code === 'unrecognized_keys';
    for (const key of isUnknown ? issue.keys : [String(issue.path[0])]) {
      const place = placeOf(options.get(key));
      const meant = isUnknown ? nearest(key, Object.keys(schema.shape)) : undefined;
      const message = isUnknown ? `unknown option '${key}'` : `'${key}': ${issue.message}`;
      diagnostics.push({
        message,
        ...(place !== undefined && { place }),
        ...(meant !== undefined && { hint: `did you mean '${meant}'?` }),
      });
    }
  }
  return schema.parse({});
}

function remotesOf(diagnostics: Diagnostic[], sections: Sections): ReadonlyMap<string, DvcRemote> {
  const remotes = new Map<string, DvcRemote>();
  for (const [title, options] of sections) {
    const [, kind, name = ''] = NAMED.exec(title) ?? [];
    if (kind !== 'remote') continue;
    const url = options.get('url');
    const [first] = options.values();
    if (typeof url?.value === 'string') {
      const rest = [...options].filter(([key]) => key !== 'url').map(([key, { value }]) => [key, value] as const);
      remotes.set(name, { url: url.value, options: Object.fromEntries(rest) });
    } else {
      const message = `the remote '${name}' has no url`;
      const place = placeOf(url ?? first);
      diagnostics.push({ message, ...(place !== undefined && { place }) });
    }
  }
  return remotes;
}

function placeOf(option: Pick<Placed, 'line' | 'level'>): NonNullable<Diagnostic['place']>;
function placeOf(option: Pick<Placed, 'line' | 'level'> | undefined): Diagnostic['place'];
function placeOf(option: Pick<Placed, 'line' | 'level'> | undefined): Diagnostic['place'] {
  if (option === undefined) return undefined;
  const { line, level } = option;
  const written = level.text.split(/\r?\n/)[line - 1] ?? '';
  return { file: level.shown, line, column: written.length - written.trimStart().length + 1, text: written };
}

/** A remote with what it takes over from the one that its URL `remote://<name>/…` names. */
export function remoteOf(config: DvcConfig, name: string): DvcRemote | undefined {
  const seen = new Set<string>();
  const follow = (wanted: string): DvcRemote | undefined => {
    const remote = config.remotes.get(wanted.toLowerCase());
    const [, base, rest = ''] = /^remote:\/\/([^/]+)(.*)$/.exec(remote?.url ?? '') ?? [];
    if (remote === undefined || base === undefined) return remote;
    if (seen.has(base)) return undefined;
    seen.add(base);
    const below = follow(base);
    if (below === undefined) return undefined;
    return { url: below.url.replace(/\/$/, '') + rest, options: { ...below.options, ...remote.options } };
  };
  return follow(name);
}
