import type { Digest, ProjectPath, StageId } from '../base/brand.ts';
import type { Content } from '../base/content.ts';
import { hexOf } from '../base/hash.ts';
import { unreachable } from '../base/unreachable.ts';
import type { Reason } from '../repro/decision.ts';
import { fitText, oneLine } from './fit-text.ts';
import { bytesText, countText } from './quantity.ts';

/** How stages are called towards the user. */
export type Labels = ReadonlyMap<StageId, string>;

export function labelIn(labels: Labels, id: StageId): string {
  return labels.get(id) ?? id;
}

/** Why a stage is not simply kept, short and exact, on one line. */
export function reasonText(reason: Reason, labels: Labels): string {
  switch (reason.reason) {
    case 'no-lock-entry':
      return 'not in the lockfile yet';
    case 'lock-edited':
      return 'its lock entry was edited by hand';
    case 'command-changed':
      return `command changed: ${commandChange(reason.was, reason.now)}`;
    case 'wdir-changed':
      return `wdir: ${oneLine(reason.was)} → ${oneLine(reason.now)}`;
    case 'env-changed':
      return `env ${reason.name}: ${valueText(reason.was ?? '(unset)')} → ${valueText(reason.now ?? '(unset)')}`;
    case 'dep-changed':
      return `dep ${oneLine(reason.path)} ${contentChange(reason.was, reason.now)}`;
    case 'dep-added':
      return `dep ${oneLine(reason.path)} is new`;
    case 'dep-removed':
      return `dep ${oneLine(reason.path)} was removed`;
    case 'dep-missing':
      return `dep ${oneLine(reason.path)} is missing`;
    case 'param-changed':
      return `param ${paramName(reason.file, reason.key)}: ${valueText(reason.was)} → ${valueText(reason.now)}`;
    case 'param-added':
      return `param ${paramName(reason.file, reason.key)} is new: ${valueText(reason.now)}`;
    case 'param-removed':
      return `param ${paramName(reason.file, reason.key)} was removed (was ${valueText(reason.was)})`;
    case 'out-missing':
      return `out ${oneLine(reason.path)} is missing`;
    case 'out-changed':
      return `out ${oneLine(reason.path)} ${contentChange(reason.was, reason.now)}`;
    case 'outs-redefined':
      return `outs redefined: ${outsChange(reason.added, reason.removed)}`;
    case 'object-corrupt':
      return `cached object of ${oneLine(reason.path)} is corrupt`;
    case 'upstream-would-run':
      return `upstream ${labelIn(labels, reason.stage)} would run`;
    case 'always':
      return 'always runs';
    case 'forced':
      return 'forced';
    default:
      return unreachable(reason);
  }
}

/** The first few reasons as one phrase. */
export function reasonsText(reasons: readonly Reason[], labels: Labels, most = 3): string {
  const shown = reasons.slice(0, reasons.length === most + 1 ? most + 1 : most);
  const rest = reasons.length - shown.length;
  const texts = shown.map((reason) => reasonText(reason, labels));
  return [...texts, ...(rest > 0 ? [`${rest} more reasons`] : [])].join('; ');
}

export function paramName(file: ProjectPath, key: string): string {
  return file === 'params.yaml' ? oneLine(key) : oneLine(`${file}:${key}`);
}

export function shortDigest(digest: Digest): string {
  return `${digest.slice(0, digest.indexOf(':'))}:${hexOf(digest).slice(0, 8)}…`;
}

function valueText(value: string): string {
  return fitText(oneLine(value), 40);
}

/** The first line in which two scripts differ. */
function commandChange(was: string, now: string): string {
  const [before, after] = [was.split('\n'), now.split('\n')];
  let line = 0;
  while (line < before.length && before[line] === after[line]) line += 1;
  const where = before.length > 1 || after.length > 1 ? `line ${line + 1}: ` : '';
  const [a, b] = fromDifference(before[line] ?? '(none)', after[line] ?? '(none)');
  return `${where}${a} → ${b}`;
}

/** Two lines cut so that what differs is seen: a long common beginning becomes `…`. */
function fromDifference(a: string, b: string): [string, string] {
  const room = 48;
  let common = 0;
  while (common < a.length && a[common] === b[common]) common += 1;
  const longest = Math.max(a.length, b.length);
  const start = longest <= room ? 0 : a.lastIndexOf(' ', Math.max(0, common - 12)) + 1;
  const cut = (text: string) => fitText(`${start > 0 ? '…' : ''}${oneLine(text.slice(start))}`, room);
  return [cut(a), cut(b)];
}

function contentChange(was: Content, now: Content): string {
  if (was.kind !== now.kind) return `changed: ${kindText(was)} → ${kindText(now)}`;
  if (was.digest === now.digest)
    return was.kind === 'file' && was.exec ? 'is no longer executable' : 'became executable';
  const digests = digestChange(was.digest, now.digest);
  return `changed (${[digests, ...sizeChange(was, now)].join(', ')})`;
}

/** `sha256:12ab34cd… → 56ef78ab…`: the algorithm only where it is new. */
function digestChange(was: Digest, now: Digest): string {
  const [before, after] = [shortDigest(was), shortDigest(now)];
  const algorithm = before.slice(0, before.indexOf(':') + 1);
  return `${before} → ${after.startsWith(algorithm) ? after.slice(algorithm.length) : after}`;
}

function sizeChange(was: Content, now: Content): string[] {
  const parts: string[] = [];
  if (was.size !== now.size) parts.push(`${bytesText(was.size)} → ${bytesText(now.size)}`);
  if (was.kind === 'tree' && now.kind === 'tree' && was.files !== now.files) {
    parts.push(`${was.files} → ${countText(now.files, 'file')}`);
  }
  return parts;
}

function kindText(content: Content): string {
  return content.kind === 'tree' ? 'a directory' : 'a file';
}

function outsChange(added: readonly ProjectPath[], removed: readonly ProjectPath[]): string {
  const parts = [
    ...(added.length > 0 ? [`now ${added.map(oneLine).join(', ')}`] : []),
    ...(removed.length > 0 ? [`no longer ${removed.map(oneLine).join(', ')}`] : []),
  ];
  return parts.join(', ');
}
