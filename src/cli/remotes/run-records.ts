import { join } from 'node:path';
import type { Content } from '../../base/content.ts';
import { fingerprintOf } from '../../pipeline/fingerprint.ts';
import type { Scheme } from '../../pipeline/lock-format.ts';
import type { RunRecord } from '../../remotes/records.ts';
import { decodeRemembered } from '../../repro/run-memory.ts';
import { openRunFiles, type RunFiles, runFileKey } from '../../store/run-files.ts';
import type { Project } from '../project.ts';
import type { AskedEntry } from './asked-data.ts';

/** The run cache that goes with the project's data: lockstep's own, or, beside DVC's data, DVC's. */
export function runFilesOf({ cacheDir, tools }: Project): RunFiles {
  return openRunFiles(cacheDir, tools.scheme);
}

/** All that a project has: DVC's, where it has one, and lockstep's own. */
export function allRunFiles(project: Project): readonly RunFilesOf[] {
  const files = { scheme: project.tools.scheme, files: runFilesOf(project) };
  if (files.scheme === 'native') return [files];
  return [files, { scheme: 'native', files: openRunFiles(join(project.root, '.lockstep', 'cache'), 'native') }];
}

export interface RunFilesOf {
  readonly scheme: Scheme;
  readonly files: RunFiles;
}

/** The records of results: those of what the lockfiles name, or all that there are. */
export async function runRecords(
  project: Project,
  entries: readonly AskedEntry[] | 'all',
): Promise<readonly RunRecord[]> {
  const { scheme } = project.tools;
  const files = runFilesOf(project);
  const keys = entries === 'all' ? files.keys() : await keysOf(files, scheme, entries);
  const records: RunRecord[] = [];
  for (const key of keys) {
    const bytes = files.read(key);
    const record = bytes === undefined ? undefined : await readRecord({ scheme, files }, bytes);
    if (record?.isWhole === true) records.push({ key, outs: record.outs });
  }
  return records;
}

async function keysOf(files: RunFiles, scheme: Scheme, entries: readonly AskedEntry[]): Promise<readonly string[]> {
  if (scheme === 'native') return entries.map(keyOf);
  const { dvcKeyOf } = await import('../../repro/dvc-runs.ts');
  const wanted = new Set(entries.map(({ stage, entry }) => dvcKeyOf(stage, entry)));
  return files.keys().filter((key) => wanted.has(key.split('/')[2]));
}

function keyOf({ entry }: AskedEntry): string {
  const outs = new Map([...entry.outs].map(([path, { persist }]) => [path, persist]));
  return runFileKey(fingerprintOf({ ...entry, outs }));
}

export interface ReadRecord {
  readonly outs: readonly Content[];
  /** Whether that is all that came out: DVC also has records of results that it did not keep. */
  readonly isWhole: boolean;
}

/** What a record of a result says came out; undefined for one that is damaged. */
export async function readRecord({ scheme, files }: RunFilesOf, bytes: Uint8Array): Promise<ReadRecord | undefined> {
  const text = files.decode(bytes);
  if (text === undefined) return undefined;
  if (scheme === 'native') {
    const outs = decodeRemembered(text)?.entry.outs;
    return outs === undefined ? undefined : { outs: [...outs.values()].map(({ content }) => content), isWhole: true };
  }
  const { contentOf } = await import('../../pipeline/dvc/lock-entry.ts');
  const { parseDvcEntry } = await import('../../pipeline/dvc/parse-lockfile.ts');
  const entry = parseDvcEntry('', text);
  if (entry === undefined) return undefined;
  const outs = entry.outs.flatMap((out) => contentOf(out) ?? []);
  return { outs, isWhole: outs.length === entry.outs.length };
}
