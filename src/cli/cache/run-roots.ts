import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { Kysely } from 'kysely';
import type { Digest } from '../../base/brand.ts';
import type { RegisteredFile } from '../../tracking/models/provenance.ts';
import type { Database } from '../../tracking/schema.ts';
import type { Project } from '../project.ts';
import type { Root } from './roots.ts';

/** Which recorded runs keep their outs. */
export interface KeptRuns {
  /** Milliseconds since the epoch; of runs that began before, logs and patches are kept, but no outs. */
  readonly outsSince: number;
}

/** What recorded runs and registered models need. A run that was deleted needs nothing, unless a model came from it. */
export async function runRoots(project: Project, { outsSince }: KeptRuns): Promise<readonly Root[]> {
  if (!existsSync(join(project.root, '.lockstep', 'lockstep.db'))) return [];
  const { db } = (await project.tracking()).database();
  const models = await modelRoots(db);
  const wanted = new Set(models.map(({ run }) => run));
  const rows = await db
    .selectFrom('artifacts')
    .innerJoin('runs', 'runs.run', 'artifacts.run')
    .where('artifacts.stored', '=', 1)
    .select(['digest', 'path', 'artifacts.kind', 'run_id', 'start_time', 'lifecycle_stage'])
    .execute();
  const runs = rows
    .filter(({ run_id, kind, start_time, lifecycle_stage }) => {
      if (wanted.has(run_id)) return true;
      return lifecycle_stage === 'active' && (start_time >= outsSince || !OUTS.has(kind));
    })
    .map(
      ({ digest, path, run_id }): Root => ({
        digest: digest as Digest,
        kind: 'either',
        path,
        by: { kind: 'run', run: run_id },
        isKept: true,
      }),
    );
  return [...models.flatMap(({ roots }) => roots), ...runs];
}

const OUTS: ReadonlySet<string> = new Set(['out', 'metric', 'plot']);

interface ModelRoots {
  /** The run that it came from. */
  readonly run: string | null;
  readonly roots: readonly Root[];
}

/** Of versions that were not deleted. What lies among the server's artifacts is not in the cache. */
async function modelRoots(db: Kysely<Database>): Promise<readonly ModelRoots[]> {
  const versions = await db
    .selectFrom('model_versions')
    .leftJoin('model_version_provenance as provenance', (join) =>
      join
        .onRef('provenance.name', '=', 'model_versions.name')
        .onRef('provenance.version', '=', 'model_versions.version'),
    )
    .where('deleted_time', 'is', null)
    .select(['model_versions.name', 'model_versions.version', 'model_versions.run_id', 'files'])
    .execute();
  return versions.map(({ name, version, run_id, files }) => {
    const registered = JSON.parse(files ?? '[]') as readonly RegisteredFile[];
    const kept = registered.filter((file) => file.in === 'cache');
    const by = { kind: 'model', name, version } as const;
    const roots = kept.map(({ digest, from }): Root => ({ digest, kind: 'either', path: from, by, isKept: true }));
    return { run: run_id, roots };
  });
}
