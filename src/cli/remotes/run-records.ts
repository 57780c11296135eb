import type { Digest } from '../../base/brand.ts';
import { fingerprintOf } from '../../pipeline/fingerprint.ts';
import type { RunRecord } from '../../remotes/records.ts';
import { recallRun } from '../../repro/run-memory.ts';
import { openRunFiles, type RunFiles, runFileKey } from '../../store/run-files.ts';
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
  return runFileKey(fingerprintOf({ ...entry, outs }));
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
