import type { Cause, StageChange } from '../pipeline/lock-diff.ts';
import type { Output } from './context.ts';
import type { DiffReport } from './diff-report.ts';
import {
  becauseText,
  contentChangeText,
  deltaText,
  headline,
  numberText,
  subjectText,
  warningText,
} from './diff-words.ts';
import { oneLine } from './fit-text.ts';
import { countText } from './quantity.ts';
import { labelIn, reasonText } from './render-reasons.ts';
import { renderTable } from './render-table.ts';
import { type Styles, stylesOf } from './style.ts';

/** The change of the lockfiles for a terminal: causes, what they led to, metrics, warnings. */
export function renderDiff(output: Output, report: DiffReport): string {
  const style = stylesOf(output);
  const sections = [
    `${style.bold(`${report.from.name} → ${report.to.name}`)}: ${headline(report)}\n`,
    section(
      'causes',
      report.causes.map((cause) => causeLine(report, cause, style)),
      style,
    ),
    section(
      'what they led to',
      report.stages.flatMap((change) => stageLines(report, change, style)),
      style,
    ),
    metricsSection(output, report, style),
    section(
      'warnings',
      report.warnings.map((one) => `${style.yellow('!')} ${warningText(one, report)}`),
      style,
    ),
  ];
  return sections.filter((text) => text !== '').join('\n');
}

function section(title: string, lines: readonly string[], style: Styles): string {
  if (lines.length === 0) return '';
  return `${style.bold(title)}\n${lines.map((line) => `  ${line}\n`).join('')}`;
}

function causeLine(report: DiffReport, { change, stages }: Cause, style: Styles): string {
  const names = stages.map((stage) => labelIn(report.labels, stage)).join(', ');
  const text =
    change.reason === 'stage-added' || change.reason === 'stage-removed'
      ? subjectText(change)
      : reasonText(change, report.labels);
  return `${text}  ${style.dim(`(${names})`)}`;
}

/** Outs shown per stage before the rest is only counted. */
const MOST_OUTS = 10;

function stageLines(report: DiffReport, change: StageChange, style: Styles): string[] {
  const name = style.bold(labelIn(report.labels, change.stage));
  if (change.kind === 'removed') return [`${name}  removed`];
  const lines = change.outs
    .slice(0, MOST_OUTS)
    .map((out) => `  ${out.kind} ${oneLine(out.path)}  ${contentChangeText(out.was, out.now)}`);
  const rest = change.outs.length - lines.length;
  if (rest > 0) lines.push(`  and ${countText(rest, 'more out')}`);
  if (change.outs.length === 0) lines.push('  same outs');
  return [`${name}  ${becauseText(report, change)}`, ...lines];
}

function metricsSection(output: Output, report: DiffReport, style: Styles): string {
  const rows = report.metrics.map(({ file, key, was, now }) => [
    `  ${oneLine(file)}`,
    oneLine(key),
    numberText(was),
    numberText(now),
    deltaText(was, now),
  ]);
  const columns = [
    { title: '  file', shrink: true },
    { title: 'metric', shrink: true },
    { title: 'was', align: 'right' as const },
    { title: 'now', align: 'right' as const },
    { title: 'change', align: 'right' as const },
  ];
  const table = renderTable(columns, rows, { columns: output.columns, title: style.dim });
  return table === '' ? '' : `${style.bold('metrics')}\n${table}`;
}
