import { plainOf } from '../pipeline/literal.ts';
import type { CommitDiff } from '../provenance/git-diff.ts';
import type { Run } from '../tracking/run.ts';
import type { Output } from './context.ts';
import { oneLine } from './fit-text.ts';
import { jsonNumber, metricText, SHOWN_ID } from './render-runs-list.ts';
import { shortDigest } from './render-runs-show.ts';
import { type Difference, isSame, type RunsComparison } from './runs-comparison.ts';
import { type Styles, stylesOf } from './style.ts';

/** The code of two runs held against each other: what was committed between them, and their uncommitted changes. */
export interface CodeDiff {
  readonly commits: CommitDiff;
  readonly patches: CommitDiff;
}

export interface ComparedRuns {
  readonly a: Run;
  readonly b: Run;
  readonly comparison: RunsComparison;
  readonly code: CodeDiff;
}

/** Only what differs; documented in docs/runs.md. */
export function comparisonJson({ a, b, comparison, code }: ComparedRuns): Readonly<Record<string, unknown>> {
  const { params, metrics, data, artifacts, environment, packages } = comparison;
  return {
    a: headJson(a),
    b: headJson(b),
    params: params.map(({ key, ...pair }) => ({ key, a: plainOrNull(pair.a), b: plainOrNull(pair.b) })),
    metrics: metrics.map(({ key, ...pair }) => ({
      key,
      a: numberOrNull(pair.a),
      b: numberOrNull(pair.b),
      delta: numberOrNull(deltaOf(pair)),
    })),
    data: data.map(withPath),
    artifacts: artifacts.map(withPath),
    code: { changes: comparison.code, commits: textOf(code.commits), patches: textOf(code.patches) },
    environment,
    packages,
  };
}

function headJson({ id, stage, status, startTime, endTime }: Run) {
  return { id, stage, status, startTime, endTime };
}

function withPath({ key, a, b }: Difference<string>) {
  return { path: key, a, b };
}

function plainOrNull(literal: Difference<Parameters<typeof plainOf>[0]>['a']): unknown {
  return literal === null ? null : plainOf(literal);
}

function numberOrNull(value: number | null): number | string | null {
  return value === null ? null : jsonNumber(value);
}

function deltaOf({ a, b }: { readonly a: number | null; readonly b: number | null }): number | null {
  return a === null || b === null ? null : b - a;
}

/** Null where it could not be told. */
function textOf(diff: CommitDiff): string | null {
  return diff.kind === 'text' ? diff.text : null;
}

export function renderComparison({ a, b, comparison, code }: ComparedRuns, output: Output): string {
  const style = stylesOf(output);
  const { params, metrics, data, artifacts, environment, packages } = comparison;
  const digest = (value: string | null) => (value === null ? '(none)' : shortDigest(value));
  const plain = (value: string | null) => (value === null ? '(none)' : oneLine(value));
  const sections = [
    `${style.bold(nameOf(a))}  →  ${style.bold(nameOf(b))}`,
    section(
      style,
      'params',
      params.map(({ key, ...pair }) => [key, `${plain(pair.a)} → ${plain(pair.b)}`]),
    ),
    section(
      style,
      'metrics',
      metrics.map((metric) => [metric.key, metricChange(metric)]),
    ),
    section(
      style,
      'data',
      data.map(({ key, ...pair }) => [key, `${digest(pair.a)} → ${digest(pair.b)}`]),
    ),
    section(
      style,
      'outs',
      artifacts.map(({ key, ...pair }) => [key, `${digest(pair.a)} → ${digest(pair.b)}`]),
    ),
    section(
      style,
      'environment',
      environment.map(({ key, ...pair }) => [key, `${plain(pair.a)} → ${plain(pair.b)}`]),
    ),
    section(
      style,
      'packages',
      packages.map(({ key, ...pair }) => [key, `${plain(pair.a)} → ${plain(pair.b)}`]),
    ),
    section(
      style,
      'code',
      comparison.code.map(({ key, ...pair }) => {
        const text = key === 'uncommitted' ? digest : plain;
        return [key, `${text(pair.a)} → ${text(pair.b)}`];
      }),
    ),
    diffSection(style, 'committed between the two', code.commits),
    diffSection(style, 'uncommitted changes, as one patch against the other', code.patches),
  ];
  if (isSame(comparison)) sections.push('nothing that is recorded differs');
  return `${sections.filter((text) => text !== '').join('\n\n')}\n`;
}

function nameOf(run: Run): string {
  return `${run.id.slice(0, SHOWN_ID)} ${run.stage ?? '(repro)'}`;
}

function metricChange(metric: Difference<number>): string {
  const text = (value: number | null) => (value === null ? '(none)' : metricText(jsonNumber(value)));
  const delta = deltaOf(metric);
  const change = delta === null || Number.isNaN(delta) ? '' : `  (${delta > 0 ? '+' : ''}${text(delta)})`;
  return `${text(metric.a)} → ${text(metric.b)}${change}`;
}

function section(style: Styles, title: string, rows: readonly (readonly [string, string])[]): string {
  if (rows.length === 0) return '';
  const width = Math.max(...rows.map(([name]) => oneLine(name).length));
  return [style.bold(title), ...rows.map(([name, value]) => `  ${oneLine(name).padEnd(width)}  ${value}`)].join('\n');
}

function diffSection(style: Styles, title: string, diff: CommitDiff): string {
  if (diff.kind === 'unknown') return `${style.bold(title)}\n  cannot be shown: ${diff.why}`;
  if (diff.text === '') return '';
  const lines = diff.text
    .trimEnd()
    .split('\n')
    .map((line) => paintLine(style, line));
  return [style.bold(title), ...lines].join('\n');
}

function paintLine(style: Styles, line: string): string {
  if (line.startsWith('+')) return style.green(line);
  return line.startsWith('-') ? style.red(line) : line;
}
