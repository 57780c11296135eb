import type { Case, Row } from './case.ts';

export interface Measured {
  readonly measured: Case;
  readonly rows: readonly Row[];
}

const HEADER: Row = {
  what: 'case',
  ours: 'lockstep',
  peer: 'peer',
  ratio: 'ratio',
  allowed: 'allowed',
  verdict: 'verdict' as Row['verdict'],
};

function cells(row: Row): readonly string[] {
  return [row.what, row.ours, row.peer, row.ratio, row.allowed, row.verdict === 'shown' ? '' : row.verdict];
}

/** One line for the terminal while the program runs. */
export function rowLine(row: Row): string {
  const [what = '', ...rest] = cells(row);
  return `  ${what.padEnd(72)} ${rest.filter((cell) => cell !== '').join(' · ')}`;
}

export function totals(all: readonly Measured[]): string {
  const rows = all.flatMap(({ rows }) => rows);
  const count = (verdict: Row['verdict']) => rows.filter((row) => row.verdict === verdict).length;
  return `${count('met')} met, ${count('missed')} missed, ${count('not measured')} not measured`;
}

/** The whole report, for bench/RESULTS.md. */
export function reportText(all: readonly Measured[], facts: readonly (readonly [string, string])[]): string {
  return [
    '# Measured',
    '',
    'Written by `npm run bench`. Every number is the median of several runs, taken in turn with those of its peer on the',
    'same machine; CPU is user and system time of the whole tree of processes, memory that of its largest process.',
    '',
    ...facts.map(([name, value]) => `- ${name}: ${value}`),
    '',
    ...table(all.flatMap(({ rows }) => rows)),
    '',
    `**${totals(all)}.** Rows without an allowed ratio are there to be seen.`,
    '',
    '## What is compared',
    '',
    ...all.map(({ measured }) => `- **${measured.name}**: ${measured.compares}.`),
    '',
  ].join('\n');
}

function table(rows: readonly Row[]): readonly string[] {
  const [header, ...lines] = [HEADER, ...rows].map((row) => `| ${cells(row).join(' | ')} |`);
  return [header ?? '', '| --- | ---: | --- | ---: | ---: | --- |', ...lines];
}
