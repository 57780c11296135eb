import { closeSync, openSync, readSync } from 'node:fs';
import { join } from 'node:path';
import type { ProjectPath } from '../../base/brand.ts';
import { columnsOf } from '../../provenance/table-columns.ts';
import { type Lineage, lineageOf, type RunsAround } from '../../tracking/models/lineage.ts';
import type { DataRecord, Run } from '../../tracking/run.ts';
import type { Project } from '../project.ts';
import type { Registry } from './registry.ts';

export async function readLineage(registry: Registry, run: Run): Promise<Lineage> {
  return await lineageOf(run, runsAround(registry), (data) => readColumns(registry.project, data));
}

export function runsAround({ runs, tracking }: Registry): RunsAround {
  return {
    find: (id) => runs.find(id),
    async consumersOf(digest) {
      const rows = await tracking.db
        .selectFrom('inputs')
        .innerJoin('runs', 'runs.run', 'inputs.run')
        .where('inputs.digest', '=', digest)
        .where('runs.status', '=', 'FINISHED')
        .where('runs.lifecycle_stage', '=', 'active')
        .orderBy('runs.start_time', 'desc')
        .orderBy('runs.run', 'desc')
        .select('run_id')
        .distinct()
        .select('runs.start_time')
        .select('runs.run')
        .execute();
      const found = await Promise.all(rows.map(({ run_id }) => runs.find(run_id)));
      return found.filter((run) => run !== undefined);
    },
  };
}

/** Enough for the first line of any table that someone made on purpose. */
const HEAD = 2 ** 16;
const LARGEST_READ_WHOLE = 2 ** 26;

/** By the bytes that the run had: those in the workspace if they are still the same, else those in the cache. */
async function readColumns(project: Project, data: DataRecord): Promise<readonly string[] | undefined> {
  if (!/\.(csv|tsv|jsonl|ndjson)$/i.test(data.path)) return undefined;
  const head = (await headInWorkspace(project, data)) ?? (await headInCache(project, data));
  return head === undefined ? undefined : columnsOf(data.path, new TextDecoder().decode(head));
}

async function headInWorkspace(
  { root, tools }: Project,
  { path, digest }: DataRecord,
): Promise<Uint8Array | undefined> {
  if (/^(\/|\.\.(\/|$))/.test(path)) return undefined;
  const content = await tools.store.observe(path as ProjectPath);
  if (content === 'missing' || content.digest !== digest || content.kind !== 'file') return undefined;
  const file = openSync(join(root, path), 'r');
  try {
    const head = new Uint8Array(HEAD);
    return head.subarray(0, readSync(file, head, 0, HEAD, 0));
  } finally {
    closeSync(file);
  }
}

async function headInCache({ tools }: Project, { digest, size }: DataRecord): Promise<Uint8Array | undefined> {
  if (size > LARGEST_READ_WHOLE) return undefined;
  return (await tools.store.read(digest))?.subarray(0, HEAD);
}
