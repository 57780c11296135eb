import { existsSync } from 'node:fs';
import { homedir, platform } from 'node:os';
import { basename, join, relative } from 'node:path';
import { type Document, isMap, isSeq, parse, parseDocument, YAMLError } from 'yaml';
import { writeFileAtomic } from '../base/atomic-file.ts';
import { isErrno, LockstepError } from '../base/error.ts';
import { readText } from '../base/read-text.ts';
import { isSecret } from '../remotes/secrets.ts';
import type { Context } from './context.ts';
import { dvcConfigFiles, parseDvcConfig } from './dvc-config.ts';
import { dvcOptionOf, dvcOptionsIn, setDvcOption, unsetDvcOption } from './edit-dvc-config.ts';
import { parseConfig } from './parse-config.ts';
import { prepareStateDirectory } from './project-root.ts';

export type LevelName = 'system' | 'global' | 'project' | 'local';

/** One file of the configuration. What is set in a later one wins. */
export interface ConfigLevel {
  readonly name: LevelName;
  readonly kind: 'lockstep' | 'dvc';
  /** Absolute. */
  readonly file: string;
  /** As messages name it. */
  readonly shown: string;
}

/** The files of a project's configuration: DVC's, where it is a DVC project, and lockstep's own. */
export function configLevels(root: string, { env }: Pick<Context, 'env'>): readonly ConfigLevel[] {
  const own = (['project', 'local'] as const).map((name) => {
    const file = join(root, '.lockstep', name === 'local' ? 'config.local.yaml' : 'config.yaml');
    return { name, kind: 'lockstep' as const, file, shown: relative(root, file) };
  });
  if (!existsSync(join(root, '.dvc'))) return own;
  const files = dvcConfigFiles(join(root, '.dvc'), { env, platform: platform(), home: env.HOME ?? homedir() });
  const names = ['system', 'global', 'project', 'local'] as const;
  const dvc = files.map((file, index) => {
    const shown = file.startsWith(`${root}/`) ? relative(root, file) : file;
    return { name: names[index] ?? 'local', kind: 'dvc' as const, file, shown };
  });
  return [...dvc, ...own];
}

/** In a DVC project only these are lockstep's: where the cache is, DVC's own files say. */
const OWN = /^(?:jobs|grace|(?:resources|tracking)\..+)$/;

/** The files that an option of this name may stand in. */
export function levelsFor(levels: readonly ConfigLevel[], name: string): readonly ConfigLevel[] {
  const isDvc = levels.some(({ kind }) => kind === 'dvc');
  return isDvc ? levels.filter(({ kind }) => (kind === 'lockstep') === OWN.test(name)) : levels;
}

export interface SetOption {
  readonly name: string;
  readonly value: unknown;
  readonly level: ConfigLevel;
}

export function optionsIn(level: ConfigLevel): readonly SetOption[] {
  const text = textOf(level);
  const options = level.kind === 'dvc' ? dvcOptionsIn(level.shown, text) : flat(parseDocument(text).toJS(), '');
  return options.map(([name, value]) => ({ name, value, level }));
}

function flat(value: unknown, prefix: string): readonly (readonly [string, unknown])[] {
  if (value === null || typeof value !== 'object' || Array.isArray(value))
    return prefix === '' ? [] : [[prefix, value]];
  return Object.entries(value).flatMap(([key, member]) => flat(member, prefix === '' ? key : `${prefix}.${key}`));
}

/** Throws `bad-config` for what cannot be set, and leaves the file as it was. */
export function setOption(level: ConfigLevel, name: string, value: string): void {
  refuseSecret(level, name, value);
  const text = textOf(level);
  if (level.kind === 'dvc') {
    const option = dvcOptionOf(name);
    if (option === undefined) throw notAName(name);
    write(level, setDvcOption(text, option, value));
    return;
  }
  const document = documentOf(text);
  const wanted = parsedValue(value);
  // Into a plain value that is there already only the new one is put, so that the comment behind it stays.
  document.setIn(name.split('.'), isCollection(wanted) ? document.createNode(wanted) : wanted);
  write(level, document.toString({ lineWidth: 0 }));
}

function refuseSecret(level: ConfigLevel, name: string, value: string): void {
  const option = /^remotes?\..+\.([^.]+)$/.exec(name)?.[1];
  if (level.name !== 'project' || option === undefined || !isSecret(option, value)) return;
  throw new LockstepError('bad-config', `${name} is a secret, and ${level.shown} is committed: it was not written`, {
    hint: 'with --local it goes into a file that git does not see',
  });
}

/** Whether it was there. */
export function unsetOption(level: ConfigLevel, name: string): boolean {
  const text = textOf(level);
  if (level.kind === 'dvc') {
    const option = dvcOptionOf(name);
    const next = option === undefined ? undefined : unsetDvcOption(text, option);
    if (next !== undefined) write(level, next);
    return next !== undefined;
  }
  const document = documentOf(text);
  const path = name.split('.');
  if (!document.hasIn(path)) return false;
  document.deleteIn(path);
  const around = document.getIn(path.slice(0, -1));
  if (path.length > 1 && isMap(around) && around.items.length === 0) document.deleteIn(path.slice(0, -1));
  const isEmpty = isMap(document.contents) && document.contents.items.length === 0;
  write(level, isEmpty && document.commentBefore === null ? '' : document.toString({ lineWidth: 0 }));
  return true;
}

function isCollection(value: unknown): boolean {
  return value !== null && typeof value === 'object';
}

function documentOf(text: string): Document {
  const document: Document = parseDocument(text);
  if (document.errors.length > 0 || isSeq(document.contents)) {
    throw new LockstepError('bad-config', 'the configuration cannot be changed: it is no YAML map');
  }
  if (!isMap(document.contents)) document.contents = document.createNode({});
  return document;
}

/** Numbers, lists and the like as YAML has them; a list may do without brackets. */
function parsedValue(written: string): unknown {
  if (/^[\w-]+(?:\s*,\s*[\w-]+)+$/.test(written)) return written.split(',').map((word) => word.trim());
  try {
    return parse(written);
  } catch (error) {
    if (error instanceof YAMLError) return written;
    throw error;
  }
}

function notAName(name: string): LockstepError {
  return new LockstepError('usage', `'${name}' is no name of an option`, {
    hint: 'names have dots in them: core.remote, cache.type, remote.NAME.url',
  });
}

function write(level: ConfigLevel, text: string): void {
  const { diagnostics } =
    level.kind === 'dvc'
      ? parseDvcConfig([{ file: level.file, shown: level.shown, text }])
      : parseConfig([{ file: basename(level.file), text }]);
  if (diagnostics.length > 0) throw new LockstepError('bad-config', 'the option cannot be set', { diagnostics });
  if (level.kind === 'lockstep') prepareStateDirectory(join(level.file, '..'));
  writeFileAtomic(level.file, text, { durable: true });
}

function textOf({ file, shown }: ConfigLevel): string {
  try {
    return readText(file, shown);
  } catch (error) {
    if (isErrno(error, 'ENOENT', 'ENOTDIR', 'EACCES')) return '';
    throw error;
  }
}
