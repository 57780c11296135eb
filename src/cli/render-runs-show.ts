import { plainOf } from '../pipeline/literal.ts';
import type { ClientRecord } from '../tracking/client-record.ts';
import { gapsOf } from '../tracking/completeness.ts';
import { latestMetrics } from '../tracking/latest-metrics.ts';
import type { CodeRecord, EnvironmentRecord, MetricPoint, Run } from '../tracking/run.ts';
import type { Output } from './context.ts';
import { oneLine } from './fit-text.ts';
import { bytesText, countText, durationText } from './quantity.ts';
import { jsonNumber, metricsJson, metricText, paramsJson, SHOWN_ID } from './render-runs-list.ts';
import { type Styles, stylesOf } from './style.ts';

/** What is told of a run beside its own record. */
export interface Around {
  readonly children: readonly Run[];
  readonly logged: ClientRecord;
}

/** One run with its six categories; documented in docs/runs.md. */
export function runJson(run: Run, { children, logged }: Around): Readonly<Record<string, unknown>> {
  const gaps = run.stage === null ? [] : gapsOf(run);
  return {
    id: run.id,
    parent: run.parent,
    stage: run.stage,
    file: run.file,
    status: run.status,
    startTime: run.startTime,
    endTime: run.endTime,
    reproducible: run.stage === null ? null : gaps.length === 0,
    missing: gaps,
    code: run.code,
    data: run.data,
    params: paramsJson(run),
    metrics: metricsJson(run),
    artifacts: [
      ...run.artifacts,
      ...logged.artifacts.map((artifact) => ({ ...artifact, kind: 'logged', stored: true })),
    ],
    models: logged.models,
    datasets: logged.datasets,
    paramDifferences: logged.paramDifferences.map(({ key, declared, logged: value }) => ({
      key,
      declared: plainOf(declared),
      logged: plainOf(value),
    })),
    environment: run.environment,
    series: seriesJson(run.metrics),
    tags: run.tags,
    ...(run.stage === null ? { children: children.map(({ id, stage, status }) => ({ id, stage, status })) } : {}),
  };
}

/** Only series: a metric with one point is all said by its latest value. */
function seriesJson(points: readonly MetricPoint[]): Readonly<Record<string, readonly unknown[]>> {
  const series = new Map<string, unknown[]>();
  for (const { key, value, step, timestamp } of points) {
    const known = series.get(key) ?? [];
    series.set(key, known);
    known.push({ step, value: jsonNumber(value), timestamp });
  }
  return Object.fromEntries([...series].filter(([, some]) => some.length > 1));
}

/** Rows of a long list that are shown; `--json` has all. */
const MOST_ROWS = 20;

export function renderRun(run: Run, { children, logged }: Around, output: Output): string {
  const style = stylesOf(output);
  const sections = [
    headSection(run, style),
    section(
      style,
      'stages',
      children.map((child) => [child.id.slice(0, SHOWN_ID), `${child.stage} ${child.status}`]),
    ),
    section(style, 'code', codeRows(run.code)),
    section(
      style,
      'data',
      run.data.map(({ path, digest, size, producer }) => [
        path,
        `${shortDigest(digest)}  ${bytesText(size)}${producer === null ? '' : `  from run ${producer.slice(0, SHOWN_ID)}`}`,
      ]),
    ),
    section(
      style,
      'params',
      run.params.map(({ key, value }) => [key, value]),
    ),
    section(
      style,
      'params that the script logged with another value',
      logged.paramDifferences.map(({ key, declared, logged: value }) => [key, `declared ${declared}, logged ${value}`]),
    ),
    section(style, 'metrics', metricRows(run.metrics)),
    section(style, 'artifacts', artifactRows(run, logged)),
    section(
      style,
      'models',
      logged.models.map(({ id, name }) => [name, id]),
    ),
    section(style, 'environment', environmentRows(run.environment)),
    verdict(run, style),
  ];
  return `${sections.filter((text) => text !== '').join('\n\n')}\n`;
}

type Row = readonly [name: string, value: string];

function headSection(run: Run, style: Styles): string {
  const began = new Date(run.startTime).toISOString();
  const took = run.endTime === null ? '' : `, took ${durationText(run.endTime - run.startTime)}`;
  const name = run.stage === null ? 'a whole repro' : calledOf(run.stage, run.file);
  const lines = [`run ${style.bold(run.id)}: ${name}`, `${run.status}, began ${began}${took}`];
  const failure = run.tags['lockstep.failure'];
  if (failure !== undefined) lines.push(style.red(`failed: ${oneLine(failure)}`));
  if (run.parent !== null) lines.push(`part of repro ${run.parent}`);
  return lines.join('\n');
}

/** A run that a client logged has a name, but no pipeline file. */
function calledOf(stage: string, file: string | null): string {
  return file === null ? stage : `stage ${stage} of ${file}`;
}

function section(style: Styles, title: string, rows: readonly Row[]): string {
  if (rows.length === 0) return '';
  const shown = rows.slice(0, MOST_ROWS);
  const width = Math.max(...shown.map(([name]) => name.length));
  const lines = shown.map(([name, value]) => `  ${oneLine(name).padEnd(width)}  ${oneLine(value)}`.trimEnd());
  const rest = rows.length - shown.length;
  return [style.bold(title), ...lines, ...(rest > 0 ? [`  and ${rest} more; --json has all`] : [])].join('\n');
}

function codeRows(code: CodeRecord | null): readonly Row[] {
  if (code === null) return [];
  const rows = code.command
    .trimEnd()
    .split('\n')
    .map((line, index): Row => [index === 0 ? 'command' : '', line]);
  if (code.gitSha !== null) rows.push(['commit', `${code.gitSha}${code.branch === null ? '' : ` on ${code.branch}`}`]);
  if (code.remoteUrl !== null) rows.push(['remote', code.remoteUrl]);
  if (code.dirty)
    rows.push(['uncommitted', code.patch === null ? 'changes, not kept' : 'changes, kept as code/uncommitted.patch']);
  if (code.omitted.length > 0) rows.push(['not kept', code.omitted.join(', ')]);
  return rows;
}

function artifactRows(run: Run, logged: ClientRecord): readonly Row[] {
  const recorded = run.artifacts.map(({ path, digest, size, stored }): Row => {
    return [path, `${shortDigest(digest)}  ${bytesText(size)}${stored ? '' : '  not in the cache'}`];
  });
  const sent = logged.artifacts.map(({ path, digest, size }): Row => {
    return [path, `${shortDigest(digest)}  ${bytesText(size)}  logged`];
  });
  return [...recorded, ...sent];
}

function metricRows(points: readonly MetricPoint[]): readonly Row[] {
  const counts = new Map<string, number>();
  for (const { key } of points) counts.set(key, (counts.get(key) ?? 0) + 1);
  return latestMetrics(points).map(({ key, value, step }) => {
    const count = counts.get(key) ?? 1;
    return [
      key,
      `${metricText(jsonNumber(value))}${count === 1 ? '' : `  at step ${step} of ${countText(count, 'point')}`}`,
    ];
  });
}

function environmentRows(environment: EnvironmentRecord | null): readonly Row[] {
  if (environment === null) return [];
  const { platform, arch, cpus, memory, runtimes, packages, lockfiles, variables } = environment;
  const pairs = (record: Readonly<Record<string, string>>) => Object.entries(record).map((pair) => pair.join(' '));
  const rows: Row[] = [
    ['machine', `${platform} ${arch}, ${countText(cpus, 'CPU')}, ${bytesText(memory)}`],
    ['runtimes', pairs(runtimes).join(', ')],
  ];
  const installed = Object.keys(packages).length;
  if (installed > 0) rows.push(['packages', `${installed}, listed in environment/requirements.txt`]);
  for (const [path, digest] of Object.entries(lockfiles)) rows.push([path, shortDigest(digest)]);
  for (const [name, value] of Object.entries(variables)) rows.push([name, value]);
  return rows;
}

function verdict(run: Run, style: Styles): string {
  if (run.stage === null) return '';
  const gaps = gapsOf(run);
  const again = run.tags['lockstep.again'];
  const proof =
    again === 'reproduced'
      ? '\nthis run gave the same outs as the one before it with the same inputs'
      : again === 'differs'
        ? '\nbut its outs differ from those of the run before it with the same inputs: it is not deterministic'
        : '';
  if (gaps.length === 0) return `${style.green('reproducible')}: the record is complete${proof}`;
  const lines = gaps.map(({ category, why }) => `  ${category}: ${oneLine(why)}`);
  return `${style.yellow('not reproducible')}, the record lacks\n${lines.join('\n')}${proof}`;
}

/** Enough to recognize bytes by. */
export function shortDigest(digest: string): string {
  const colon = digest.indexOf(':');
  return digest.slice(0, colon + 1 + 12);
}
