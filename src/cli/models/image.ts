import { parseDocument } from 'yaml';
import type { Run } from '../../tracking/run.ts';
import type { DescribedVersion } from './render-version.ts';

/** What is known of a model before an image is made of it. */
export interface ImageFacts {
  readonly described: DescribedVersion;
  /** The files at the top of the model that an MLflow client writes; undefined where there is none. */
  readonly requirements: string | undefined;
  readonly pythonEnv: string | undefined;
  /** Whether MLflow knows how to serve it. */
  readonly isMlflow: boolean;
  /** The image to begin from, if the user names one. */
  readonly base: string | undefined;
}

export interface Image {
  readonly dockerfile: string;
  /** Undefined where nothing of Python is to be installed. */
  readonly requirements: string | undefined;
}

/** Undefined where no record says which interpreter the model needs. */
export function imageOf(facts: ImageFacts): Image | undefined {
  const base = facts.base ?? baseOf(facts);
  if (base === undefined) return undefined;
  const requirements = facts.requirements ?? requirementsOf(facts.described.run);
  const lines = [
    ...head(facts.described),
    `FROM ${base}`,
    ...labels(facts.described),
    'WORKDIR /srv',
    ...(requirements === undefined
      ? []
      : ['COPY requirements.txt .', 'RUN pip install --no-cache-dir -r requirements.txt']),
    'COPY model /srv/model',
    'ENV MODEL_PATH=/srv/model',
    ...end(facts),
  ];
  return { dockerfile: `${lines.join('\n')}\n`, requirements };
}

/** The interpreter's exact version: what the model was logged with, else what its run had. */
function baseOf({ pythonEnv, described: { run } }: ImageFacts): string | undefined {
  const logged = pythonEnv === undefined ? undefined : parseDocument(pythonEnv).get('python');
  const python = typeof logged === 'string' ? logged : run?.environment?.runtimes.python;
  if (python !== undefined) return `python:${python}-slim`;
  const node = run?.environment?.runtimes.node;
  return node === undefined ? undefined : `node:${node}-slim`;
}

function requirementsOf(run: Run | undefined): string | undefined {
  const packages = Object.entries(run?.environment?.packages ?? {});
  return packages.length === 0 ? undefined : packages.map(([name, version]) => `${name}==${version}\n`).join('');
}

function head({ version, provenance }: DescribedVersion): readonly string[] {
  const semantic = provenance === undefined ? '' : ` (${provenance.semanticVersion})`;
  return [`# ${version.name.replaceAll(/\s/g, ' ')} version ${version.version}${semantic}. Written by lockstep.`];
}

function labels({ version, provenance, run, files }: DescribedVersion): readonly string[] {
  const [only, ...others] = files;
  const all: Readonly<Record<string, string | null | undefined>> = {
    'org.opencontainers.image.version': provenance?.semanticVersion ?? String(version.version),
    'org.opencontainers.image.revision': run?.code?.gitSha,
    'org.opencontainers.image.source': run?.code?.remoteUrl,
    'lockstep.model': version.name,
    'lockstep.version': String(version.version),
    'lockstep.run': version.run_id,
    'lockstep.digest': others.length === 0 ? only?.digest : undefined,
  };
  return Object.entries(all)
    .filter(([, value]) => typeof value === 'string')
    .map(([name, value]) => `LABEL ${name}=${quoted(value ?? '')}`);
}

/** Docker replaces variables inside quotes, and has no line breaks there. */
function quoted(value: string): string {
  return `"${value.replaceAll(/[\r\n]+/g, ' ').replaceAll(/[\\"$]/g, '\\$&')}"`;
}

function end({ isMlflow }: ImageFacts): readonly string[] {
  if (!isMlflow) return ['# The model is at $MODEL_PATH; what serves it goes below.'];
  const serve = [
    'mlflow',
    'models',
    'serve',
    '-m',
    '/srv/model',
    '-h',
    '0.0.0.0',
    '-p',
    '8080',
    '--env-manager',
    'local',
  ];
  return ['RUN useradd --create-home serve', 'USER serve', 'EXPOSE 8080', `CMD ${JSON.stringify(serve)}`];
}
