import type { Literal, ProjectPath } from '../base/brand.ts';
import type { Content } from '../base/content.ts';
import { digestOf, hexOf } from '../base/hash.ts';
import { comparePaths, relativeTo } from '../base/project-path.ts';
import type { LockEntry, LockedOut, Lockfile, ReadLockEntry } from './lock-entry.ts';
import { blockScalar, escapeHidden, flowScalar, pair, scriptScalar } from './lock-text.ts';

export const LOCKFILE_VERSION = 1;

const HEADER = `# What each stage was last proven to be. Written by lockstep; commit it, do not edit it.\nlockfile: ${LOCKFILE_VERSION}\n`;

/** The text of a lockfile from its stages' blocks, as `formatEntry` gives them. */
export function formatLockfile(blocks: Iterable<readonly [name: string, block: string]>): string {
  const sorted = [...blocks].sort(([a], [b]) => comparePaths(a, b));
  if (sorted.length === 0) return `${HEADER}stages: {}\n`;
  return `${HEADER}stages:\n${sorted.map(([, block]) => block).join('')}`;
}

/** The block of one stage, its name's line first. Paths are written as the stage's command sees them: from its wdir. */
export function formatEntry(name: string, entry: LockEntry, directory: ProjectPath): string {
  const body = formatBody(entry, directory);
  return `${pair('  ', name, '\n').slice(0, -1)}${body}    checksum: ${blockScalar(checksumOf(body))}\n`;
}

/** The block of an entry that was read: writing it again must not make a hand-edited one look proven. */
export function formatReadEntry(name: string, { entry, edited }: ReadLockEntry, directory: ProjectPath): string {
  const block = formatEntry(name, entry, directory);
  return edited ? block.replace(/checksum: .*\n$/, 'checksum: "000000000000"\n') : block;
}

/** Of an entry as it would be written, so that comments and layout do not count as edits. */
export function entryChecksum(entry: LockEntry, directory: ProjectPath): string {
  return checksumOf(formatBody(entry, directory));
}

function checksumOf(body: string): string {
  return hexOf(digestOf(body)).slice(0, 12);
}

function formatBody(entry: LockEntry, directory: ProjectPath): string {
  let text = formatCommand(entry.cmd);
  if (entry.wdir !== directory) text += pair('    ', 'wdir', blockScalar(relativeTo(directory, entry.wdir)));
  const env = Object.entries(entry.env).sort(([a], [b]) => comparePaths(a, b));
  if (env.length > 0) text += '    env:\n';
  for (const [name, value] of env) text += pair('      ', name, blockScalar(value));
  if (entry.params.size > 0) text += '    params:\n';
  for (const [file, values] of byPath(entry.params, entry.wdir)) {
    text += pair('      ', file, values.size === 0 ? '{}' : `\n${formatParams(values)}`.slice(0, -1));
  }
  if (entry.deps.size > 0) text += '    deps:\n';
  for (const [path, content] of byPath(entry.deps, entry.wdir)) text += `      - {${formatContent(path, content)}}\n`;
  if (entry.outs.size > 0) text += '    outs:\n';
  for (const [path, out] of byPath(entry.outs, entry.wdir)) {
    text += `      - {${formatContent(path, out.content)}${out.persist ? ', persist: true' : ''}}\n`;
  }
  return text;
}

function formatCommand(cmd: string | readonly string[]): string {
  if (typeof cmd === 'string') return pair('    ', 'cmd', scriptScalar(cmd, '      '));
  if (cmd.length === 0) return pair('    ', 'cmd', '[]');
  return `    cmd:\n${cmd.map((script) => `      - ${scriptScalar(script, '        ')}\n`).join('')}`;
}

function formatParams(values: ReadonlyMap<string, Literal>): string {
  const sorted = [...values].sort(([a], [b]) => comparePaths(a, b));
  return sorted.map(([key, literal]) => pair('        ', key, paramScalar(literal))).join('');
}

function paramScalar(literal: Literal): string {
  return literal.startsWith('"') ? blockScalar(JSON.parse(literal) as string) : escapeHidden(literal);
}

function formatContent(path: string, content: Content): string {
  const rest = content.kind === 'tree' ? `, files: ${content.files}` : content.exec ? ', exec: true' : '';
  return `path: ${flowScalar(path)}, digest: ${content.digest}, size: ${content.size}${rest}`;
}

/** Sorted by the path that is written. */
function byPath<V>(map: ReadonlyMap<ProjectPath, V>, wdir: ProjectPath): (readonly [string, V])[] {
  const written: (readonly [string, V])[] = [];
  for (const [path, value] of map) written.push([relativeTo(wdir, path), value]);
  return written.sort(([a], [b]) => comparePaths(a, b));
}

/** A read lockfile as JSON, to be kept by the content of the file it was read from. */
export type LockfileJson = readonly (readonly [name: string, entry: EntryJson, edited: boolean])[];

interface EntryJson extends Omit<LockEntry, 'params' | 'deps' | 'outs'> {
  readonly params: readonly (readonly [ProjectPath, readonly (readonly [string, Literal])[]])[];
  readonly deps: readonly (readonly [ProjectPath, Content])[];
  readonly outs: readonly (readonly [ProjectPath, LockedOut])[];
}

export function lockfileToJson(lockfile: Lockfile): LockfileJson {
  return [...lockfile.entries].map(([name, { entry, edited }]) => [name, entryToJson(entry), edited]);
}

/** The reverse; throws a TypeError for JSON that is nothing of the kind. */
export function lockfileFromJson(json: unknown): Lockfile {
  const stages = json as LockfileJson;
  return { entries: new Map(stages.map(([name, entry, edited]) => [name, { entry: entryFromJson(entry), edited }])) };
}

function entryToJson(entry: LockEntry): EntryJson {
  const params = [...entry.params].map(([file, values]) => [file, [...values]] as const);
  return { ...entry, params, deps: [...entry.deps], outs: [...entry.outs] };
}

function entryFromJson(json: EntryJson): LockEntry {
  const params = new Map(json.params.map(([file, values]) => [file, new Map(values)] as const));
  return { ...json, params, deps: new Map(json.deps), outs: new Map(json.outs) };
}
