import { bytesText, countText } from '../quantity.ts';
import { type Examined, type Fault, needersOf, pathsOf } from './examine.ts';
import type { Source } from './repair.ts';

export interface Checkup {
  readonly examined: Omit<Examined, 'seen'>;
  readonly repaired: ReadonlyMap<Fault, Source>;
  readonly advice: ReadonlyMap<Fault, string>;
  readonly isRepairing: boolean;
  /** What is wrong with the database of runs; null where nothing is. */
  readonly database: string | null;
}

/** Of so many paths all are named; of more, the first. */
const MOST_PATHS = 5;

export function checkupText({ examined, repaired, advice, isRepairing, database }: Checkup): string {
  const { checked, faults, lost, unneeded, damagedRecords } = examined;
  const lines = faults.map((fault) => faultText(fault, repaired.get(fault), advice.get(fault)));
  for (const { key } of damagedRecords) {
    lines.push(
      `unreadable ${key}: an earlier result${isRepairing ? '; removed' : '; lockstep fsck --repair removes it'}`,
    );
  }
  if (database !== null) {
    lines.push(
      `damaged .lockstep/lockstep.db: ${database}`,
      '  put a copy in its place, or move it away: the records of runs are lost then, no results',
    );
  }
  const corrupt = faults.filter(({ fault }) => fault === 'corrupt').length;
  const counts = [`${countText(checked, 'object')} read`];
  counts.push(`${corrupt} corrupt`, `${faults.length - corrupt} missing`);
  if (isRepairing) counts.push(`${repaired.size} repaired`);
  lines.push(counts.join(', '));
  if (lost.objects > 0) {
    lines.push(`${countText(lost.objects, 'object')} of ${countText(lost.runs, 'earlier run')} no longer kept`);
  }
  if (unneeded.count > 0) {
    lines.push(`${countText(unneeded.count, 'object')} (${bytesText(unneeded.bytes)}) not needed here: lockstep gc`);
  }
  return `${lines.join('\n')}\n`;
}

function faultText(fault: Fault, source: Source | undefined, advice: string | undefined): string {
  const what = fault.kind === 'tree' ? ' (a listing)' : '';
  const lines = [`${fault.fault} ${fault.digest}${what}`];
  const paths = pathsOf(fault);
  if (paths.length > 0) lines.push(`  is ${listed(paths)}`, `  needed by ${listed(needersOf(fault))}`);
  if (source !== undefined) lines.push(`  repaired from the ${source}`);
  if (advice !== undefined) lines.push(`  ${advice}`);
  return lines.join('\n');
}

export function checkupJson({ examined, repaired, advice, isRepairing, database }: Checkup): string {
  const { checked, faults, lost, unneeded, damagedRecords } = examined;
  const problems = faults.map((fault) => ({
    problem: fault.fault,
    digest: fault.digest,
    kind: fault.kind,
    paths: pathsOf(fault),
    neededBy: needersOf(fault),
    repaired: repaired.get(fault) ?? null,
    advice: advice.get(fault) ?? null,
  }));
  const records = damagedRecords.map(({ key }) => ({ key, removed: isRepairing }));
  return `${JSON.stringify({ checked, problems, lost, unneeded, records, database })}\n`;
}

function listed(names: readonly string[]): string {
  const shown = names.slice(0, MOST_PATHS).join(', ');
  return names.length > MOST_PATHS ? `${shown} and ${names.length - MOST_PATHS} more` : shown;
}
