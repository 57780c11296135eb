import { unreachable } from '../base/unreachable.ts';
import type { RootChange } from '../pipeline/lock-diff.ts';
import type { DiffReport } from './diff-report.ts';
import {
  becauseText,
  contentChangeText,
  deltaText,
  headline,
  numberText,
  sizeText,
  subjectText,
  warningText,
} from './diff-words.ts';
import { oneLine } from './fit-text.ts';
import { countText } from './quantity.ts';
import { labelIn, shortDigest } from './render-reasons.ts';

/** GitHub takes comments of 65,536 characters. */
const LONGEST_COMMENT = 60_000;
/** Rows of a list, tried until the comment is short enough. */
const ROW_LIMITS = [200, 60, 20, 10];
/** Lists of more rows are folded. */
const FOLD_FROM = 12;

/** The change of the lockfiles as one comment for a pull request. */
export function renderDiffMarkdown(report: DiffReport): string {
  let text = '';
  for (const limit of ROW_LIMITS) {
    text = comment(report, limit);
    if (text.length <= LONGEST_COMMENT) break;
  }
  return text;
}

function comment(report: DiffReport, limit: number): string {
  const { labels } = report;
  const parts = [
    `### lockstep: ${headline(report)}\n\n${code(report.from.name)} → ${code(report.to.name)}\n`,
    list('warning', report.warnings, { limit, row: (warning) => `- ⚠️ ${prose(warningText(warning, report))}\n` }),
    list('cause', report.causes, {
      limit,
      titles: ['cause', 'was', 'now', 'stages'],
      row: ({ change, stages }) =>
        row([
          prose(subjectText(change)),
          ...valuesOf(change).map(code),
          names(stages.map((stage) => labelIn(labels, stage))),
        ]),
    }),
    list('stage', report.stages, {
      limit,
      titles: ['stage', 'because of', 'outs'],
      row: (change) =>
        row([code(labelIn(labels, change.stage)), prose(becauseText(report, change)), outsCell(change.outs)]),
    }),
    list('metric', report.metrics, {
      limit,
      titles: ['metric', 'was', 'now', 'change'],
      row: ({ file, key, was, now }) =>
        row([`${code(key)} in ${code(file)}`, numberText(was), numberText(now), deltaText(was, now)]),
    }),
  ];
  return parts.filter((part) => part !== '').join('\n');
}

/** What a change was and is, as two cells. */
function valuesOf(change: RootChange): [string, string] {
  switch (change.reason) {
    case 'command-changed':
    case 'wdir-changed':
    case 'param-changed':
      return [change.was, change.now];
    case 'env-changed':
      return [change.was ?? '', change.now ?? ''];
    case 'param-added':
      return ['', change.now];
    case 'param-removed':
      return [change.was, ''];
    case 'dep-changed':
      return [
        `${shortDigest(change.was.digest)} ${sizeText(change.was)}`,
        `${shortDigest(change.now.digest)} ${sizeText(change.now)}`,
      ];
    case 'dep-added':
      return ['', 'added'];
    case 'dep-removed':
      return ['', 'removed'];
    case 'outs-redefined':
      return [change.removed.join(', '), change.added.join(', ')];
    case 'stage-added':
    case 'stage-removed':
      return ['', ''];
    default:
      return unreachable(change);
  }
}

function outsCell(outs: DiffReport['stages'][number]['outs']): string {
  const shown = outs.slice(0, 4).map((out) => `${code(out.path)} ${prose(contentChangeText(out.was, out.now))}`);
  if (outs.length > shown.length) shown.push(`and ${countText(outs.length - shown.length, 'more out')}`);
  return shown.length === 0 ? 'same outs' : shown.join('<br>');
}

function names(all: readonly string[]): string {
  const shown = all.slice(0, 6).map(code);
  return [...shown, ...(all.length > shown.length ? [`${all.length - shown.length} more`] : [])].join(', ');
}

interface Listing<T> {
  readonly limit: number;
  /** Of a table. */
  readonly titles?: readonly string[];
  readonly row: (item: T) => string;
}

function list<T>(noun: string, items: readonly T[], { limit, titles, row: write }: Listing<T>): string {
  if (items.length === 0) return '';
  const head = titles === undefined ? '' : row(titles) + row(titles.map(() => '---'));
  const more = items.length - limit;
  const rest = more > 0 ? `\nand ${more} more: \`lockstep diff\` shows them all\n` : '';
  const body = head + items.slice(0, limit).map(write).join('') + rest;
  if (items.length < FOLD_FROM) return body;
  return `<details><summary>${countText(items.length, noun)}</summary>\n\n${body}\n</details>\n`;
}

function row(cells: readonly string[]): string {
  return `| ${cells.join(' | ')} |\n`;
}

const LONGEST_CELL = 100;

/** Text that nobody reads as markup; in a table a bar must be escaped even within a code span. */
function code(text: string): string {
  if (text === '') return '';
  const line = cut(text, LONGEST_CELL).replaceAll('|', '\\|');
  const fence = '`'.repeat(Math.max(0, ...[...line.matchAll(/`+/g)].map(([run]) => run.length)) + 1);
  const space = /^`|`$/.test(line) ? ' ' : '';
  return `${fence}${space}${line}${space}${fence}`;
}

function prose(text: string): string {
  const line = cut(text, 3 * LONGEST_CELL);
  // A name like @someone would call somebody, #1 would link an issue.
  return line.replace(/[\\`*_{}[\]<>|~&]/g, '\\$&').replace(/[@#](?=\w)/g, '$&\u200b');
}

/** One line of at most so many characters. */
function cut(text: string, longest: number): string {
  const characters = [...oneLine(text.slice(0, 2 * longest))];
  return characters.length <= longest && text.length <= 2 * longest
    ? characters.join('')
    : `${characters.slice(0, longest - 1).join('')}…`;
}
