import type { Digest } from '../../base/brand.ts';
import { hexOf } from '../../base/hash.ts';
import { fingerprintOf } from '../../pipeline/fingerprint.ts';
import type { Line } from '../../remotes/line.ts';
import { fetchRecords, fetchRecordsAt, type RunRecord } from '../../remotes/records.ts';
import { recallRun } from '../../repro/run-memory.ts';
import type { RecallQuestion } from '../../repro/supply.ts';
import { openRunFiles, type RunFiles } from '../../store/run-files.ts';
import type { Project } from '../project.ts';
import type { AskedEntry } from './asked-data.ts';

/** The run cache that goes with the project's data: lockstep's own, or, beside DVC's data, DVC's. */
export function runFilesOf({ cacheDir, tools }: Project): RunFiles {
  return openRunFiles(cacheDir, tools.scheme);
}

/** The records of results: those of what the lockfiles name, or all that there are. */
export async function runRecords(
  project: Project,
  entries: readonly AskedEntry[] | 'all',
): Promise<readonly RunRecord[]> {
  if (project.tools.scheme === 'dvc') return await dvcRecords(project, entries);
  const keys = entries === 'all' ? runFilesOf(project).keys() : entries.map(keyOf);
  return keys.flatMap((key) => {
    const outs = recallRun(project.tools.runCache, fingerprintAt(key))?.entry.outs;
    return outs === undefined ? [] : [{ key, outs: [...outs.values()].map(({ content }) => content) }];
  });
}

function keyOf({ entry }: AskedEntry): string {
  const outs = new Map([...entry.outs].map(([path, { persist }]) => [path, persist]));
  return keyAt(fingerprintOf({ ...entry, outs }));
}

function keyAt(fingerprint: Digest): string {
  const hex = hexOf(fingerprint);
  return `runs/${hex.slice(0, 2)}/${hex.slice(2)}.run`;
}

/** Brings what the remote knows of a stage with these inputs: of all records of DVC's, only a listing tells the names. */
export async function recallRecords(project: Project, line: Line, question: RecallQuestion): Promise<void> {
  const files = runFilesOf(project);
  if (project.tools.scheme === 'native') {
    await fetchRecordsAt(line, files, [keyAt(question.fingerprint)]);
    return;
  }
  const { dvcKeyOfInputs } = await import('../../repro/dvc-runs.ts');
  const key = dvcKeyOfInputs(question.stage, question.inputs);
  if (key !== undefined) await fetchRecords(line, files, `runs/${key.slice(0, 2)}/${key}/`);
}

function fingerprintAt(key: string): Digest {
  return `sha256:${key.slice('runs/'.length, -'.run'.length).replace('/', '')}` as Digest;
}

async function dvcRecords(project: Project, entries: readonly AskedEntry[] | 'all'): Promise<readonly RunRecord[]> {
  const { contentOf } = await import('../../pipeline/dvc/lock-entry.ts');
  const { parseDvcEntry } = await import('../../pipeline/dvc/parse-lockfile.ts');
  const { dvcKeyOf } = await import('../../repro/dvc-runs.ts');
  const files = runFilesOf(project);
  const wanted = entries === 'all' ? undefined : new Set(entries.map(({ stage, entry }) => dvcKeyOf(stage, entry)));
  return files.keys().flatMap((key) => {
    if (wanted?.has(key.split('/')[2]) === false) return [];
    const bytes = files.read(key);
    const entry = bytes === undefined ? undefined : parseDvcEntry('', new TextDecoder().decode(bytes));
    const outs = entry?.outs.flatMap((out) => contentOf(out) ?? []);
    return outs === undefined || outs.length < (entry?.outs.length ?? 0) ? [] : [{ key, outs }];
  });
}
