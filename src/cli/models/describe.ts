import { NOTHING_LOGGED } from '../../tracking/client-record.ts';
import type { ModelVersion } from '../../tracking/models/model-versions.ts';
import { provenancesOf } from '../../tracking/models/provenance.ts';
import type { Run } from '../../tracking/run.ts';
import { artifactFiles } from './find-model.ts';
import type { Registry } from './registry.ts';
import type { DescribedVersion } from './render-version.ts';

export async function describe(registry: Registry, version: ModelVersion): Promise<DescribedVersion> {
  const { tracking } = registry;
  const provenances = await provenancesOf(tracking.db, version.name);
  const provenance = provenances.find((one) => one.version === version.version);
  const files = provenance?.files ?? (await artifactFiles(tracking.db, version.pinned_path ?? undefined));
  const run = await runOf(registry, version);
  const logged = run === undefined ? NOTHING_LOGGED : await registry.runs.clientRecord(run.id);
  return { version, provenance, files, run, logged };
}

async function runOf({ runs }: Registry, { run_id }: ModelVersion): Promise<Run | undefined> {
  return run_id === null || run_id.length < 4 ? undefined : await runs.find(run_id);
}
