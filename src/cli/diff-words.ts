import type { Content } from '../base/content.ts';
import { unreachable } from '../base/unreachable.ts';
import type { RootChange, StageChange } from '../pipeline/lock-diff.ts';
import type { LockWarning } from '../pipeline/lock-warnings.ts';
import type { DiffReport } from './diff-report.ts';
import { oneLine } from './fit-text.ts';
import { bytesText, countText } from './quantity.ts';
import { labelIn, paramName, reasonText, shortDigest } from './render-reasons.ts';

/** What a change is a change of. */
export function subjectText(change: RootChange): string {
  switch (change.reason) {
    case 'stage-added':
      return 'new stage';
    case 'stage-removed':
      return 'stage removed';
    case 'command-changed':
      return 'command';
    case 'wdir-changed':
      return 'wdir';
    case 'env-changed':
      return `env ${change.name}`;
    case 'dep-changed':
    case 'dep-added':
    case 'dep-removed':
      return `dep ${oneLine(change.path)}`;
    case 'param-changed':
    case 'param-added':
    case 'param-removed':
      return `param ${paramName(change.file, change.key)}`;
    case 'outs-redefined':
      return 'outs redefined';
    default:
      return unreachable(change);
  }
}

/** Why a stage changed, in few words. */
export function becauseText(report: DiffReport, change: StageChange): string {
  const own = change.causes.flatMap((index) => {
    const cause = report.causes[index];
    return cause === undefined ? [] : [subjectText(cause.change)];
  });
  const through = change.through.map(({ path, stage }) => `${oneLine(path)} of ${labelIn(report.labels, stage)}`);
  const all = [...own, ...through];
  return all.length === 0 ? 'no input changed' : all.join(', ');
}

/** The size, of a directory also the number of files. */
export function sizeText(content: Content | null): string {
  if (content === null) return '(none)';
  const size = bytesText(content.size);
  return content.kind === 'tree' ? `${size} in ${countText(content.files, 'file')}` : size;
}

/** Sizes where they differ, digests where they do not. */
export function contentChangeText(was: Content | null, now: Content | null): string {
  if (was === null) return `new, ${sizeText(now)}`;
  if (now === null) return `gone (was ${sizeText(was)})`;
  const [before, after] = [sizeText(was), sizeText(now)];
  if (before !== after) return `${before} → ${after}`;
  if (was.digest === now.digest) return was.kind === 'file' && was.exec ? 'no longer executable' : 'became executable';
  return `${shortDigest(was.digest)} → ${shortDigest(now.digest)} (${after})`;
}

export function warningText(warning: LockWarning, report: Pick<DiffReport, 'labels'>): string {
  if (warning.warning === 'unreadable') {
    const { place, message } = warning.diagnostic;
    const where = place === undefined ? '' : `${place.file}:${place.line}:${place.column}: `;
    return `${where}${message}${warning.side === 'before' ? ' (in the older revision)' : ''}; its stages are not compared`;
  }
  const stage = labelIn(report.labels, warning.stage);
  switch (warning.warning) {
    case 'stale':
      return `${stage}: the lock is stale: ${warning.changes.map((one) => reasonText(one, report.labels)).join('; ')}`;
    case 'not-locked':
      return `${stage}: not in the lockfile yet`;
    case 'gone':
      return `${stage}: locked, but in no pipeline file (lockstep lock prune drops it)`;
    case 'edited':
      return `${stage}: its lock entry was edited by hand`;
    case 'not-deterministic':
      return `${stage}: ${warning.paths.map(oneLine).join(', ')} changed though no input did`;
    case 'mismatch':
      return `${stage}: it was run with another ${oneLine(warning.path)} than ${labelIn(report.labels, warning.maker)} is locked to have written`;
    default:
      return unreachable(warning);
  }
}

/** A metric's number, as exact as anyone compares it. */
export function numberText(value: number | null): string {
  if (value === null) return '';
  return Number.isInteger(value) ? String(value) : String(Number(value.toPrecision(6)));
}

/** `+0.02 (+2.2%)`; empty where one of the two is none. */
export function deltaText(was: number | null, now: number | null): string {
  if (was === null || now === null) return '';
  const delta = now - was;
  if (!Number.isFinite(delta)) return '';
  const sign = delta > 0 ? '+' : '';
  const share = was === 0 ? '' : ` (${sign}${Number(((delta / Math.abs(was)) * 100).toPrecision(2))}%)`;
  return `${sign}${numberText(delta)}${share}`;
}

export function headline(report: DiffReport): string {
  if (report.stages.length === 0) return 'no stage changed';
  const causes = countText(report.causes.length, 'cause');
  return `${causes}, ${countText(report.stages.length, 'stage')} changed`;
}
