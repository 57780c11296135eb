import type { ClientRecord } from '../../tracking/client-record.ts';
import type { ModelVersion } from '../../tracking/models/model-versions.ts';
import type { Provenance, RegisteredFile } from '../../tracking/models/provenance.ts';
import type { Reason } from '../../tracking/models/semantic-version.ts';
import type { Run } from '../../tracking/run.ts';
import type { Output } from '../context.ts';
import { oneLine } from '../fit-text.ts';
import { bytesText } from '../quantity.ts';
import { SHOWN_ID } from '../render-runs-list.ts';
import { runJson, shortDigest } from '../render-runs-show.ts';
import { renderTable } from '../render-table.ts';
import { type Styles, stylesOf } from '../style.ts';

/** A version with what it came from; documented in docs/models.md. */
export interface DescribedVersion {
  readonly version: ModelVersion;
  /** Undefined for versions that clients registered. */
  readonly provenance: Provenance | undefined;
  readonly files: readonly RegisteredFile[];
  /** The run that made it, if it is still on record. */
  readonly run: Run | undefined;
  /** What clients logged into it. */
  readonly logged: ClientRecord;
}

export function reasonLines(reasons: readonly Reason[]): string {
  if (reasons.length === 0) return '  nothing that is recorded differs\n';
  return reasons
    .map(({ bump, what, step, detail }) => `  ${bump.padEnd(5)}  ${oneLine(step)}: ${what} ${oneLine(detail)}\n`)
    .join('');
}

export function versionJson({
  version,
  provenance,
  files,
  run,
  logged,
}: DescribedVersion): Readonly<Record<string, unknown>> {
  return {
    ...headJson(version, provenance),
    source: version.source,
    description: version.description,
    tags: Object.fromEntries(version.tags.map(({ key, value }) => [key, value])),
    bump: provenance?.bump ?? null,
    proposed: provenance?.proposed ?? null,
    reasons: provenance?.reasons ?? [],
    files,
    lineage: provenance?.lineage ?? null,
    run: run === undefined ? null : runJson(run, { children: [], logged }),
  };
}

export function headJson(version: ModelVersion, provenance: Provenance | undefined) {
  return {
    name: version.name,
    version: version.version,
    semanticVersion: provenance?.semanticVersion ?? null,
    stage: version.current_stage,
    aliases: version.aliases,
    runId: version.run_id,
    registered: version.creation_time,
  };
}

export function renderVersions(
  versions: readonly ModelVersion[],
  provenances: readonly Provenance[],
  output: Output,
): string {
  const columns = [
    { title: 'version', align: 'right' as const },
    { title: 'is' },
    { title: 'stage' },
    { title: 'aliases', shrink: true },
    { title: 'run' },
    { title: 'registered' },
  ];
  const rows = versions.map((one) => [
    String(one.version),
    provenances.find(({ version }) => version === one.version)?.semanticVersion ?? '',
    one.current_stage,
    one.aliases.join(', '),
    one.run_id?.slice(0, SHOWN_ID) ?? '',
    new Date(one.creation_time).toISOString(),
  ]);
  return renderTable(columns, rows, { columns: output.columns, title: stylesOf(output).bold });
}

/** What comes before the six categories of the run. */
export function renderVersionHead({ version, provenance, files }: DescribedVersion, output: Output): string {
  const style = stylesOf(output);
  const semantic = provenance === undefined ? '' : `: ${provenance.semanticVersion}`;
  const aliases = version.aliases.length === 0 ? '' : `, called ${version.aliases.join(', ')}`;
  const lines = [
    `${style.bold(`${version.name} version ${version.version}`)}${semantic}`,
    `stage ${version.current_stage}${aliases}`,
    `registered ${new Date(version.creation_time).toISOString()} from ${oneLine(version.source)}`,
    ...(version.description === null ? [] : [oneLine(version.description)]),
  ];
  return [
    `${lines.join('\n')}\n`,
    bumpSection(style, provenance),
    filesSection(style, files),
    lineageSection(style, provenance),
  ]
    .filter((text) => text !== '')
    .join('\n');
}

function bumpSection(style: Styles, provenance: Provenance | undefined): string {
  if (provenance === undefined || provenance.bump === null) return '';
  const { bump, proposed, reasons } = provenance;
  const said = bump === proposed ? bump : `${bump}, though the records say ${proposed}`;
  return `${style.bold(`since the version before: ${said}`)}\n${reasonLines(reasons)}`;
}

const MOST_FILES = 20;

function filesSection(style: Styles, files: readonly RegisteredFile[]): string {
  if (files.length === 0) return '';
  const lines = files
    .slice(0, MOST_FILES)
    .map((file) => `  ${oneLine(file.path || file.from)}  ${shortDigest(file.digest)}  ${bytesText(file.size)}\n`);
  const rest = files.length > MOST_FILES ? `  and ${files.length - MOST_FILES} more; --json has all\n` : '';
  return `${style.bold('content')}\n${lines.join('')}${rest}`;
}

function lineageSection(style: Styles, provenance: Provenance | undefined): string {
  if (provenance === undefined) return '';
  const { before, after } = provenance.lineage;
  const lines = (title: string, steps: typeof before) =>
    steps.length === 0
      ? ''
      : `${style.bold(title)}\n${steps.map(({ name, run }) => `  ${oneLine(name)}  run ${run.slice(0, SHOWN_ID)}\n`).join('')}`;
  return [lines('its data came from', before), lines('it went into', after)].filter((text) => text !== '').join('\n');
}
